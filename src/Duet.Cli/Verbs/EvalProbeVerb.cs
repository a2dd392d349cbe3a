using System.CommandLine;
using System.Globalization;
using Duet.Cli.Hosting;
using Duet.Cli.Output;
using Duet.Data;
using Duet.Data.Store;
using Duet.Learning.Evaluation;
using Duet.Learning.Pretext;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using Spectre.Console;

namespace Duet.Cli.Verbs;

/// <summary><c>duet eval probe RUN --store DIR [--layer conv5] [--clips 10] [--c 1|auto]</c>.</summary>
internal static class EvalProbeVerb
{
    /// <summary>What <c>--c auto</c> chooses from.</summary>
    private static readonly double[] Candidates = [0.001, 0.01, 0.1, 1, 10];

    public static Command Create()
    {
        var defaults = new ProbeOptions();
        var run = new Argument<string?>("RUN") { Description = "The run's folder or an encoder's file; without one, random networks that the protocol names, or --features log_mel.", Arity = ArgumentArity.ZeroOrOne };
        var store = EvalVerb.Store("A store whose videos have labels; folds (fold1, fold2, ...) and official splits are used where its catalog names them.");
        var (protocol, set) = (ProtocolArguments.Protocol(), ProtocolArguments.Set());
        var splits = new Option<string?>("--splits") { Description = "Some of the store's divisions, such as 1 or split1,split3 (default all).", HelpName = "LIST" };
        var output = new Option<string?>("--out") { Description = "The result's file (default: in the run's folder).", HelpName = "FILE" };
        var features = NamedValue.Option<ProbeFeatures>("--features", "What is classified: a layer of the encoders (default), or statistics of each log-mel band.");
        var modality = NamedValue.Option<ProbeModality>("--modality", "Which encoders: each by itself (default), one, or both side by side.");
        var layer = new Option<string>("--layer") { Description = "The stage whose map is read, conv1 to conv5 (default: each network's last).", HelpName = "NAME" };
        var pooling = NamedValue.Option<FeaturePooling>("--pooling", "How a map becomes features (default average).");
        var clips = new Option<int>("--clips") { Description = $"Evenly spaced clips per video, whose scores are averaged (default {defaults.ClipsPerVideo}).", HelpName = "N" };
        var c = new Option<string>("--c") { Description = $"The machine's C, or auto: chosen from {string.Join(", ", Candidates.Select(Text))} by cross-validation on the training part (default 1).", HelpName = "C|auto" };
        var few = new Option<int>("--videos-per-class") { Description = "Labelled videos of each class that teach the classifier (default all).", HelpName = "N" };
        var seeds = new Option<int>("--random-seeds") { Description = $"Random initialisations that the baseline is averaged over (default {defaults.RandomSeeds}).", HelpName = "N" };
        var uncalibrated = new Option<bool>("--initial-batch-norm") { Description = "Leave the random networks' batch normalisation at mean 0 and variance 1, instead of calibrating it on training clips." };
        var batch = new Option<int>("--batch") { Description = "Clips that pass the networks at once (default: by the networks' size and the machine's memory).", HelpName = "N" };
        var verb = new Verb("probe", "Linear classifiers on frozen features, beside the same networks with random weights.")
        {
            Examples =
            [
                new("duet eval probe runs/mine --store stores/labelled", "both encoders' last stage; the result also goes to runs/mine/eval-probe.json"),
                new("duet eval probe runs/mine --store stores/esc50 --protocol probe_esc50", "the papers' audio protocol"),
                new("duet eval probe imported.safetensors --store stores/labelled --out imported/result.json", "an encoder's file, such as 'duet weights import' makes"),
                new("duet eval probe --store stores/esc50 --protocol probe_esc50 --features log_mel --out log_mel/result.json", "the humble baseline, with the same clips and folds"),
            ],
        };
        verb.Arguments.Add(run);
        foreach (var option in new Option[] { store, protocol, set, splits, output, features, modality, layer, pooling, clips, few, c, seeds, uncalibrated, batch })
        {
            verb.Options.Add(option);
        }

        verb.Run(context =>
        {
            var parse = context.Parse;
            var named = ProtocolArguments.Load(parse, protocol, set, EvaluationProtocol.Probe);
            var recipe = named with
            {
                Probe = named.Probe with
                {
                    Features = parse.Or(features, named.Probe.Features),
                    Modality = parse.Or(modality, named.Probe.Modality),
                    Layer = parse.Or(layer, named.Probe.Layer),
                    Pooling = parse.Or(pooling, named.Probe.Pooling),
                    ClipsPerVideo = parse.Or(clips, named.Probe.ClipsPerVideo),
                    VideosPerClass = parse.Or(few, named.Probe.VideosPerClass),
                    C = parse.GetValue(c) is { } costs ? ReadC(costs) : named.Probe.C,
                    RandomSeeds = parse.Or(seeds, named.Probe.RandomSeeds),
                    CalibrateBatchNorm = named.Probe.CalibrateBatchNorm && !parse.GetValue(uncalibrated),
                    Batch = parse.Or(batch, named.Probe.Batch),
                },
            };
            var given = parse.GetValue(run);
            var folder = given is null || File.Exists(given) ? null : RunFolder.Open(given);
            var file = parse.GetValue(output) ?? (folder is null
                ? throw new UsageException("Without a run's folder there is no place for the result: name a file with --out FILE.")
                : RunEvaluation.ResultFileOf(folder, recipe));
            using var videos = VideoStore.Open(parse.GetRequiredValue(store));
            using var trained = given is null ? null : FeatureSource.Open(given, context.Line);
            ProbeResult result;
            using (var line = new ProgressLine(context, "eval probe", "clips"))
            {
                result = ProbeRun.Of(trained, videos, recipe, parse.GetValue(splits), new EvalVerb.Listener(line), context.CancellationToken);
            }

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

    private static double[] ReadC(string text)
    {
        if (text == "auto")
        {
            return Candidates;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value > 0 && double.IsFinite(value)
            ? [value]
            : throw new UsageException($"--c {text}: it must be a number above 0, or auto.");
    }

    internal static void Print(CommandContext context, ProbeResult result, string file)
    {
        string[] compared = result.Differences.Count > 0 ? ["pretrained - random", "95 % interval"] : [];
        var table = EvalVerb.Table(["encoder", "weights", "layer", "accuracy", "95 % interval", .. compared]);
        foreach (var row in result.Results)
        {
            var difference = row.Weights == ProbeSubject.Pretrained && result.Differences.TryGetValue(row.Modality, out var found) ? found : null;
            string[] differences =
            [
                difference is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{difference.Points:+0.0;-0.0;0.0} points"),
                difference is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{difference.Ci95[0]:+0.0;-0.0;0.0} to {difference.Ci95[1]:+0.0;-0.0;0.0}"),
            ];
            table.AddRow([row.Modality, row.Weights, row.Layer ?? "", EvalVerb.Percent(row.Accuracy), EvalVerb.Interval(row.AccuracyCi95), .. differences.Take(compared.Length)]);
        }

        context.Console.Write(table);
        var classes = result.Results[0].Confusion.Labels.Count;
        context.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{classes} classes; {string.Join(", ", result.Folds.Select(f => $"{f.Name}: {f.Train} videos teach, {f.Test} test"))}{(result.VideosPerClass > 0 ? $", at most {result.VideosPerClass} of each class" : "")}; up to {result.ClipsPerVideo} clips per video; C = {result.C}."));
        if (result.RandomBaseline is { } baseline)
        {
            context.Line($"Random: the mean of {baseline.Seeds.Count} initialisations, batch normalisation {(baseline.BatchNorm == "calibrated" ? "calibrated on training clips" : "as initialised")}.");
        }

        if (result.Results.Any(r => r.Converged == false))
        {
            context.Line("Some classifiers did not meet their tolerance in 1000 iterations; a smaller --c converges faster.");
        }

        context.Line($"Result: {file}");
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
