using System.CommandLine;
using System.Globalization;
using Duet.Cli.Hosting;
using Duet.Cli.Output;
using Duet.Data.Store;
using Duet.Learning.Pretext;
using Duet.Learning.Training;

namespace Duet.Cli.Verbs;

/// <summary><c>duet pretrain RECIPE --store DIR --run DIR [--set k=v] [--resume]</c>.</summary>
internal static class PretrainVerb
{
    public static Command Create()
    {
        var (recipe, set) = (RecipeArguments.Recipe(), RecipeArguments.Set());
        var store = new Option<string>("--store") { Description = "The store to learn from; 'duet ingest' makes one.", Required = true, HelpName = "DIR" };
        var run = new Option<string>("--run") { Description = "The run's folder: checkpoints, encoders and metrics.", Required = true, HelpName = "DIR" };
        var from = new Option<string?>("--from") { Description = "The run that gives labels or first weights, where the recipe says 'given'.", HelpName = "RUN" };
        var resume = new Option<bool>("--resume") { Description = "Go on with the run that the folder holds, with the same recipe and store." };
        var verb = new Verb("pretrain", "Teaches a video and an audio encoder from a store's own sound.")
        {
            Examples =
            [
                new("duet pretrain avts_small_cpu --store stores/mine --run runs/mine", "a recipe that ships"),
                new("duet pretrain avts_small_cpu --store stores/mine --run runs/mine --resume", "go on after an interruption"),
                new("duet pretrain mine.yaml --store stores/mine --run runs/slow --set training.learning_rate.base=0.003", "a file, with one value overridden"),
            ],
        };
        verb.Arguments.Add(recipe);
        verb.Options.Add(store);
        verb.Options.Add(run);
        verb.Options.Add(set);
        verb.Options.Add(from);
        verb.Options.Add(resume);
        verb.Run(context =>
        {
            var resolved = RecipeArguments.Load(context.Parse, recipe, set);
            var folder = new RunFolder(context.Parse.GetValue(run)!);
            using var videos = VideoStore.Open(context.Parse.GetValue(store)!);
            TrainingOutcome outcome;
            using (var listener = new Listener(context))
            {
                // Not awaited, and so on this thread: libtorch's dispose scopes belong to a thread. Signals come on another one.
                var given = context.Parse.GetValue(from) is { } other ? RunFolder.Open(other) : null;
                outcome = Pretraining.Run(resolved, videos, folder, context.Parse.GetValue(resume), listener, context.CancellationToken, given);
            }

            Report(context, resolved.Name, folder, outcome, string.Join(' ', GoOn(context, recipe, set, store, run, from)));
            return Task.FromResult(outcome.Finished ? ExitCodes.Done : ExitCodes.Interrupted);
        });
        return verb;
    }

    /// <summary>The interval's line: <c>step 120 of 4000, loss 0.4212, positive 0.31, negative 0.87, rate 0.01, 12.3 clips/s, 4 % waiting for data, 5 min left</c>.</summary>
    internal static string Describe(StepProgress step)
    {
        var parts = new List<string>
        {
            string.Create(CultureInfo.InvariantCulture, $"step {step.Step} of {step.Steps}, epoch {step.Epoch + 1} of {step.Epochs} ({step.Stage})"),
            string.Create(CultureInfo.InvariantCulture, $"loss {step.Means["loss"]:0.0000}"),
        };
        foreach (var (name, label) in new[] { ("positive_distance", "positive"), ("negative_distance", "negative") })
        {
            if (step.Means.TryGetValue(name, out var value))
            {
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"{label} {value:0.000}"));
            }
        }

        foreach (var (name, value) in step.Means.Where(m => m.Key.StartsWith("accuracy_", StringComparison.Ordinal)))
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{name.Replace('_', ' ')} {value:0.000}"));
        }

        parts.Add(string.Create(CultureInfo.InvariantCulture, $"learning rate {step.LearningRate:G4}"));
        parts.Add(string.Create(CultureInfo.InvariantCulture, $"{step.ClipsPerSecond:0.0} clips/s"));
        parts.Add(string.Create(CultureInfo.InvariantCulture, $"{100 * step.DataWaitShare:0} % waiting for data"));
        parts.Add($"{Durations.Text(step.TimeLeft)} left");
        return string.Join(", ", parts);
    }

    private static IEnumerable<string> GoOn(CommandContext context, Argument<string> recipe, Option<string[]> set, Option<string> store, Option<string> run, Option<string?> from)
    {
        string[] words = ["duet", "pretrain", context.Parse.GetValue(recipe)!, "--store", context.Parse.GetValue(store)!, "--run", context.Parse.GetValue(run)!];
        return words.Concat((context.Parse.GetValue(set) ?? []).SelectMany(s => new[] { "--set", s }))
            .Concat(context.Parse.GetValue(from) is { } other ? ["--from", other] : []).Append("--resume").Select(Quote);
    }

    internal static string Quote(string word) => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "_-./=:,+@%".Contains(c, StringComparison.Ordinal))
        ? word
        : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static void Report(CommandContext context, string recipe, RunFolder folder, TrainingOutcome outcome, string goOn)
    {
        if (context.Json)
        {
            context.WriteJson(new
            {
                Format = "duet.result/1",
                Kind = "pretrain",
                Run = folder.Path,
                Recipe = recipe,
                outcome.Finished,
                outcome.Step,
                outcome.Steps,
                outcome.Seconds,
                outcome.Checkpoint,
            });
        }

        if (outcome.Finished)
        {
            context.Line($"finished: {outcome.Step} steps in {Durations.Text(TimeSpan.FromSeconds(outcome.Seconds))}; the run is in {folder.Path}, its encoders in {Path.GetDirectoryName(folder.VideoEncoderFile)}");
        }
        else
        {
            context.Line($"stopped after step {outcome.Step} of {outcome.Steps}; everything is saved. Go on with:");
            context.Line($"  {goOn}");
        }
    }

    /// <summary>A lasting line per interval and note; on a terminal also a live one per step. Passes over the clips between steps have a line of their own.</summary>
    internal sealed class Listener(CommandContext context, string what = "pretrain") : IProgress<TrainingProgress>, IDisposable
    {
        private ProgressLine line = new(context, what, "steps");
        private string? pass;

        public void Report(TrainingProgress value)
        {
            switch (value)
            {
                case TrainingNote note:
                    line.Note(note.Text);
                    break;
                case PassProgress clips:
                    Turn(clips.Stage);
                    line.Report(clips.Done, clips.Total, clips.DataWaitShare, clips.Stage);
                    break;
                case StepProgress step:
                    Turn(null);
                    if (step.EndsInterval)
                    {
                        line.Note(Describe(step));
                    }

                    if (context.IsTerminal)
                    {
                        line.Report(step.Step, step.Steps, step.DataWaitShare, string.Create(CultureInfo.InvariantCulture, $"loss {step.Means["loss"]:0.0000}"));
                    }

                    break;
            }
        }

        public void Dispose() => line.Dispose();

        /// <summary>Another kind of work has another unit and another pace.</summary>
        private void Turn(string? to)
        {
            if (!string.Equals(pass, to, StringComparison.Ordinal))
            {
                line.Dispose();
                line = new ProgressLine(context, what, to is null ? "steps" : "clips");
                pass = to;
            }
        }
    }
}
