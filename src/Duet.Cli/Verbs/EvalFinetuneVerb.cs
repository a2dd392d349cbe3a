using System.CommandLine;
using System.Globalization;
using Duet.Cli.Hosting;
using Duet.Data;
using Duet.Data.Store;
using Duet.Learning.Evaluation.Finetuning;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using Spectre.Console;

namespace Duet.Cli.Verbs;

/// <summary><c>duet eval finetune [RUN] --store DIR [--protocol NAME|FILE] [--out DIR] [--resume] [--splits 1,2]</c>.</summary>
internal static class EvalFinetuneVerb
{
    public static Command Create()
    {
        var run = new Argument<string?>("RUN") { Description = "The run's folder, or an encoder file; without one the protocol's networks are trained from scratch.", Arity = ArgumentArity.ZeroOrOne };
        var store = EvalVerb.Store("A store whose videos have labels; official splits and folds are used where its catalog names them.");
        var (protocol, set) = (ProtocolArguments.Protocol(), ProtocolArguments.Set());
        var output = new Option<string?>("--out") { Description = "Where networks and result go (default RUN/finetune/PROTOCOL).", HelpName = "DIR" };
        var resume = new Option<bool>("--resume") { Description = "Go on with what the folder holds, with the same protocol, run and store." };
        var splits = new Option<string?>("--splits") { Description = "Some of the store's divisions, such as 1 or split1,split3 (default all).", HelpName = "LIST" };
        var verb = new Verb("finetune", "Trains encoders on with labels, or from scratch, and tests them.")
        {
            Examples =
            [
                new("duet eval finetune runs/mine --store stores/ucf101 --protocol finetune_ucf101_8x224_all", "XDC's protocol; the result goes to runs/mine/finetune/finetune_ucf101_8x224_all/result.json"),
                new("duet eval finetune runs/mine --store stores/ucf101 --protocol finetune_ucf101_8x224_all --resume", "go on after an interruption"),
                new("duet eval finetune --store stores/esc50 --protocol finetune_esc50_scratch --out scratch", "the baseline: the same network from scratch"),
            ],
        };
        verb.Arguments.Add(run);
        foreach (var option in new Option[] { store, protocol, set, output, resume, splits })
        {
            verb.Options.Add(option);
        }

        verb.Run(context =>
        {
            var parse = context.Parse;
            var recipe = ProtocolArguments.Load(parse, protocol, set, EvaluationProtocol.Finetune);
            var request = new FinetuneRequest(recipe, parse.GetValue(run), Folder(recipe, parse.GetValue(run), parse.GetValue(output)), parse.GetValue(resume), parse.GetValue(splits));
            using var videos = VideoStore.Open(parse.GetRequiredValue(store));
            FinetuneResult? result;
            using (var listener = new PretrainVerb.Listener(context, "finetune"))
            {
                // Not awaited, and so on this thread: libtorch's dispose scopes belong to a thread. Signals come on another one.
                result = FinetuneEvaluation.Run(request, videos, listener, context.CancellationToken);
            }

            if (result is null)
            {
                context.Line("stopped; everything is saved. Go on with:");
                context.Line($"  {GoOn(parse, run, store, protocol, set, output, splits)}");
                return Task.FromResult(ExitCodes.Interrupted);
            }

            if (context.Json)
            {
                context.WriteJson(result);
            }
            else
            {
                Print(context, result, request.Folder.ResultFile);
            }

            return Task.FromResult(EvalVerb.LeftOut(context, result.LeftOut));
        });
        return verb;
    }

    /// <summary>Where a finetuning goes.</summary>
    private static FinetuneFolder Folder(EvaluationRecipe recipe, string? run, string? output) => (output, run) switch
    {
        ({ Length: > 0 }, _) => new(output),
        (_, null) => throw new UsageException("Without a RUN there is no folder for the result: name one with --out DIR."),
        _ when File.Exists(run) => throw new UsageException($"'{run}' is a file, not a run's folder: name a folder for the result with --out DIR."),
        _ => new(Path.Combine(RunFolder.Open(run).Path, "finetune", recipe.Name)),
    };

    private static string GoOn(ParseResult parse, Argument<string?> run, Option<string> store, Option<string?> protocol, Option<string[]> set, Option<string?> output, Option<string?> splits)
    {
        IEnumerable<string> words = ["duet", "eval", "finetune", .. Given(parse.GetValue(run)), "--store", parse.GetRequiredValue(store)];
        foreach (var (name, value) in new[] { ("--protocol", parse.GetValue(protocol)), ("--out", parse.GetValue(output)), ("--splits", parse.GetValue(splits)) })
        {
            words = words.Concat(Given(value).SelectMany(v => new[] { name, v }));
        }

        return string.Join(' ', words.Concat((parse.GetValue(set) ?? []).SelectMany(s => new[] { "--set", s })).Append("--resume").Select(PretrainVerb.Quote));

        static IEnumerable<string> Given(string? value) => value is null ? [] : [value];
    }

    private static void Print(CommandContext context, FinetuneResult result, string file)
    {
        var table = EvalVerb.Table("split", "learning rate", "top-1", "top-5", "videos");
        foreach (var split in result.Splits)
        {
            table.AddRow(
                IngestVerb.Printable(split.Name),
                string.Create(CultureInfo.InvariantCulture, $"{split.LearningRate:G4}"),
                EvalVerb.Percent(split.Accuracy),
                split.Top5 is { } top ? EvalVerb.Percent(top) : "",
                string.Create(CultureInfo.InvariantCulture, $"{split.Train} + {split.Test}"));
        }

        var row = result.Results[0];
        if (result.Splits.Count > 1)
        {
            table.AddRow("mean", "", EvalVerb.Percent(row.MeanOfFolds), result.Top5 is { } five ? EvalVerb.Percent(five.MeanOfFolds) : "", "");
        }

        context.Console.Write(table);
        context.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Modality}, {row.Weights} weights{(result.Method == "scratch" ? "" : $" ({result.Method})")}, {(result.Layers == FinetuneLayers.All ? "all layers" : "the classifier alone")}; top-1 over all test videos {EvalVerb.Percent(row.Accuracy)}, 95 % interval {EvalVerb.Interval(row.AccuracyCi95)}; {row.Confusion.Labels.Count} classes; {(result.TestClips is { } clips ? $"up to {clips} clips per video" : "dense clips")}{(result.LabelShare < 1 ? $"; {100 * result.LabelShare:0.#} % of the labels" : "")}."));
        context.Line($"Result: {file}");
    }
}
