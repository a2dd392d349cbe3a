using System.CommandLine;
using System.Globalization;
using Duet.Cli.Hosting;
using Duet.Cli.Output;
using Duet.Data.Store;
using Duet.Learning.Evaluation;
using Duet.Learning.Evaluation.Retrieval;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using Spectre.Console;

namespace Duet.Cli.Verbs;

/// <summary><c>duet eval retrieval RUN --store DIR [--protocol NAME]</c>: nearest neighbours within and across modalities.</summary>
internal static class EvalRetrievalVerb
{
    public static Command Create()
    {
        var defaults = new RetrievalOptions();
        var run = EvalVerb.Run();
        var store = EvalVerb.Store("A store: with labels to search within a modality, with pictures and sound to search across.");
        var (protocol, set) = (ProtocolArguments.Protocol(), ProtocolArguments.Set());
        var search = new Option<RetrievalSearch>("--search") { Description = "Test among training videos of one modality, sound among pictures and back, or both (default: all that the run and the store allow).", HelpName = "auto|within|across|both" };
        var splits = new Option<string>("--splits") { Description = "Within: which of the data set's divisions, such as 1 or split1,split3 (default all).", HelpName = "LIST" };
        var part = new Option<string>("--part") { Description = "Across: which part of the store: test, all, or a split (default test).", HelpName = "NAME" };
        var layer = new Option<string>("--layer") { Description = "Within: the layer that is read (default: each network's last conv).", HelpName = "NAME" };
        var pooling = new Option<FeaturePooling>("--pooling") { Description = "Within: how a map becomes a vector (default average).", HelpName = "average|max|flatten" };
        var clips = new Option<int>("--clips") { Description = $"Evenly spaced clips per video, whose vectors are averaged (default {defaults.ClipsPerVideo}).", HelpName = "N" };
        var distance = new Option<RetrievalDistance>("--distance") { Description = "How far two vectors lie apart (default cosine).", HelpName = "cosine|euclidean" };
        var seeds = new Option<int>("--random-seeds") { Description = $"Within: random initialisations that the baseline is averaged over (default {defaults.RandomSeeds}).", HelpName = "N" };
        var batch = new Option<int>("--batch") { Description = "Clips that pass the networks at once (default: by the networks' size and the machine's memory).", HelpName = "N" };
        var verb = new Verb("retrieval", "Nearest neighbours of frozen features: of the same class, or the same video in the other modality.")
        {
            Examples =
            [
                new("duet eval retrieval runs/mine --store stores/mine", "all that the run and the store allow; the result also goes to runs/mine/eval-retrieval.json"),
                new("duet eval retrieval runs/mine --store stores/ucf101 --protocol retrieval_ucf101", "the literature's protocol: test to train, the mean of the three splits"),
                new("duet eval retrieval runs/mine --store stores/archive --search across --part all", "which video does this sound belong to?"),
            ],
        };
        verb.Arguments.Add(run);
        foreach (var option in new Option[] { store, protocol, set, search, splits, part, layer, pooling, clips, distance, seeds, batch })
        {
            verb.Options.Add(option);
        }

        verb.Run(context =>
        {
            var parse = context.Parse;
            var named = ProtocolArguments.Load(parse, protocol, set, EvaluationProtocol.Retrieval);
            var own = named.Retrieval;
            var recipe = named with
            {
                Retrieval = own with
                {
                    Search = parse.Or(search, own.Search),
                    Splits = parse.Or(splits, own.Splits),
                    Part = parse.Or(part, own.Part),
                    Layer = parse.Or(layer, own.Layer),
                    Pooling = parse.Or(pooling, own.Pooling),
                    ClipsPerVideo = parse.Or(clips, own.ClipsPerVideo),
                    Distance = parse.Or(distance, own.Distance),
                    RandomSeeds = parse.Or(seeds, own.RandomSeeds),
                    Batch = parse.Or(batch, own.Batch),
                },
            };
            var folder = RunFolder.Open(parse.GetRequiredValue(run));
            using var videos = VideoStore.Open(parse.GetRequiredValue(store));
            using var source = FeatureSource.Open(folder.Path, context.Line);
            RetrievalResult result;
            using (var line = new ProgressLine(context, "eval retrieval", "clips"))
            {
                result = RetrievalRun.Of(source, videos, recipe, new EvalVerb.Listener(line), context.CancellationToken);
            }

            var file = RunEvaluation.ResultFileOf(folder, recipe);
            ResultFile.Write(file, result);
            if (context.Json)
            {
                context.WriteJson(result);
            }
            else
            {
                Print(context, result, file);
            }

            return Task.FromResult(EvalVerb.LeftOut(context, result.LeftOut));
        });
        return verb;
    }

    private static void Print(CommandContext context, RetrievalResult result, string file)
    {
        int[] ks = [.. result.Results.SelectMany(r => r.RecallAt.Select(a => a.K)).Distinct().Order()];
        var table = EvalVerb.Table(["query to gallery", "weights", "layer", .. ks.Select(k => string.Create(CultureInfo.InvariantCulture, $"recall at {k}")), "median rank"]);
        foreach (var row in result.Results)
        {
            table.AddRow([
                row.Modality.Replace("->", " to ", StringComparison.Ordinal),
                row.Weights,
                row.Layer,
                .. ks.Select(k => row.RecallAt.FirstOrDefault(a => a.K == k) is { } at ? $"{EvalVerb.Percent(at.Recall)} ({EvalVerb.Interval(at.Ci95)})" : ""),
                row.MedianRank is { } median ? string.Create(CultureInfo.InvariantCulture, $"{median:0.#} ({row.MedianRankCi95![0]:0.#} to {row.MedianRankCi95[1]:0.#})") : ""]);
            table.AddRow([
                "", "chance", "",
                .. ks.Select(k => row.RecallAt.FirstOrDefault(a => a.K == k) is { } at ? EvalVerb.Percent(at.Chance) : ""),
                row.ChanceMedianRank is { } middle ? string.Create(CultureInfo.InvariantCulture, $"{middle:0.#}") : ""]);
        }

        context.Console.Write(table);
        if (result.Folds.Count > 0)
        {
            context.Line($"Within: {string.Join(", ", result.Folds.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Name}: {f.Test} test videos among {f.Train} training videos")))}.");
        }

        if (result.Results.FirstOrDefault(r => r.MedianRank is not null) is { } across)
        {
            context.Line(string.Create(CultureInfo.InvariantCulture, $"Across: {across.Queries} videos, each looked for among all of them in the other modality."));
        }

        if (result.RandomBaseline is { } baseline)
        {
            context.Line($"Random: the mean of {baseline.Seeds.Count} initialisations, batch normalisation {(baseline.BatchNorm == "calibrated" ? "calibrated on training clips" : "as initialised")}.");
        }

        context.Line(string.Create(CultureInfo.InvariantCulture, $"Up to {result.ClipsPerVideo} clips per video, {result.Distance.ToString().ToLowerInvariant()} distance; in brackets 95 % intervals over videos. Result: {file}"));
    }
}
