using System.CommandLine;
using System.Globalization;
using Duet.Cli.Hosting;
using Duet.Cli.Output;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Evaluation;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Training;
using Spectre.Console;

namespace Duet.Cli.Verbs;

/// <summary><c>duet eval sync RUN --store DIR [--clips-per-video N] [--split NAME]</c>.</summary>
internal static class EvalSyncVerb
{
    public static Command Create()
    {
        var defaults = new SyncOptions();
        var run = EvalVerb.Run();
        var store = EvalVerb.Store("The store to judge on: the one that the run learned from, or any other.");
        var clips = new Option<int>("--clips-per-video") { Description = $"Clips per video and kind of negative (default {defaults.ClipsPerVideo}).", HelpName = "N", DefaultValueFactory = _ => defaults.ClipsPerVideo };
        var split = new Option<string>("--split") { Description = "The part to report on: test, all (everything that neither trained nor validated the run), or a split that the catalog names.", HelpName = "NAME", DefaultValueFactory = _ => defaults.Split };
        var batch = new Option<int>("--batch") { Description = "Clips that pass the networks at once (default: by the networks' size and the machine's memory).", HelpName = "N", DefaultValueFactory = _ => defaults.Batch };
        var verb = new Verb("sync", "Accuracy of telling sound that is in sync from sound that is not, at a threshold chosen on the validation part.")
        {
            Examples =
            [
                new("duet eval sync runs/mine --store stores/mine", "on the store's test part; the result also goes to runs/mine/eval-sync.json"),
                new("duet eval sync runs/mine --store stores/other --split all --json", "on videos of another store, for a program"),
            ],
        };
        verb.Arguments.Add(run);
        foreach (var option in new Option[] { store, clips, split, batch })
        {
            verb.Options.Add(option);
        }

        verb.Run(context =>
        {
            var folder = RunFolder.Open(context.Parse.GetRequiredValue(run));
            using var videos = VideoStore.Open(context.Parse.GetRequiredValue(store));
            using var trained = AvtsRun.Open(folder, context.Line);
            var options = defaults with
            {
                ClipsPerVideo = context.Parse.GetValue(clips),
                Split = context.Parse.GetValue(split)!,
                Batch = context.Parse.GetValue(batch),
                Loader = new ClipLoaderOptions { Workers = trained.Recipe.Training.Workers },
            };
            SyncResult result;
            using (var line = new ProgressLine(context, "eval sync", "clips"))
            {
                result = RunEvaluation.Sync(trained, videos, options, new EvalVerb.Listener(line), context.CancellationToken);
            }

            ResultFile.Write(RunEvaluation.SyncFile(folder), result);
            if (context.Json)
            {
                context.WriteJson(result);
            }
            else
            {
                Print(context, result, RunEvaluation.SyncFile(folder));
            }

            return Task.FromResult(EvalVerb.LeftOut(context, result.LeftOut));
        });
        return verb;
    }

    internal static void Print(CommandContext context, SyncResult result, string file)
    {
        var table = EvalVerb.Table("negatives", "accuracy", "95 % interval", "AUC", "95 % interval", "pairs", "videos");
        foreach (var (kind, numbers) in result.Kinds)
        {
            table.AddRow(
                kind.Replace('_', '-'),
                EvalVerb.Percent(numbers.Accuracy),
                EvalVerb.Interval(numbers.AccuracyCi95),
                Number(numbers.Auc),
                $"{Number(numbers.AucCi95[0])} to {Number(numbers.AucCi95[1])}",
                numbers.Pairs.ToString(CultureInfo.InvariantCulture),
                numbers.Videos.ToString(CultureInfo.InvariantCulture));
        }

        context.Console.Write(table);
        context.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"Distances up to {result.Threshold:0.0000} are called in sync: chosen on {result.Validation.Videos} validation videos ({string.Join(" and ", result.ThresholdKinds)} negatives in equal shares; {100 * result.Validation.Accuracy:0.0} % right there)."));
        if (result.Offsets is { } offsets)
        {
            context.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"Sound moved against the picture, one clip of each of {offsets.Clips} videos: the least distance lies within {string.Join(", ", offsets.Within.Where(w => w.Steps > 0).Select(w => $"{1000 * w.Seconds:0} ms of zero for {100 * w.Share:0} % (chance {100 * w.Chance:0} %)"))}."));
        }

        context.Line($"Result: {file}");
    }

    private static string Number(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
