using System.CommandLine;
using System.Diagnostics;
using Duet.Cli.Hosting;
using Duet.Cli.Output;
using Duet.Data;
using Duet.Data.Scenes;
using Duet.Data.Store;
using Duet.Learning.Evaluation;
using Duet.Learning.Pretext;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using Duet.Reports;
using Duet.Reports.Clusters;

namespace Duet.Cli.Verbs;

/// <summary><c>duet demo [--out DIR]</c>: the whole way on generated videos: scenes, store, AVTS, evaluations, report.</summary>
internal static class DemoVerb
{
    private const string ClusteringRecipe = "xdc_demo";

    /// <summary>
    /// Short videos of the generator's usual kinds: the more different ones, the less there is to learn by heart. The camera is
    /// calmer than the generator's default, so that minutes of training on two cores are enough; see docs/scenes.md.
    /// </summary>
    private static readonly SceneSetOptions Scenes = new() { Count = 600, Seconds = 4, CameraMotion = 0.25, NoiseLevel = 0.6, StrangerSounds = 0.15, Bystanders = 1 };

    /// <summary>Few labels, as an archive has them: with hundreds, random features of such simple sounds do nearly as well.</summary>
    private static readonly EvaluationRecipe Probe = new() { Name = EvaluationRecipe.DefaultName, Probe = new() { ClipsPerVideo = 5, VideosPerClass = 10 } };

    public static Command Create()
    {
        var output = new Option<string>("--out") { Description = "The folder for everything: videos, store, run, result.json, report.html.", HelpName = "DIR", DefaultValueFactory = _ => "duet-demo" };
        var seed = new Option<long>("--seed") { Description = "Another seed makes other videos, other first weights and another order.", HelpName = "N", DefaultValueFactory = _ => 0 };
        var videos = new Option<int>("--videos") { Description = $"How many videos to make (default {Scenes.Count}).", HelpName = "N", DefaultValueFactory = _ => Scenes.Count };
        var method = new Option<string>("--method") { Description = "How to learn: avts (default), xdc, cdc, mdc, sdc or xdc_same_modality.", HelpName = "METHOD", DefaultValueFactory = _ => "avts" };
        method.AcceptOnlyFromAmong("avts", "xdc", "cdc", "mdc", "sdc", "xdc_same_modality");
        var recipe = new Option<string?>("--recipe") { Description = "Another recipe than the method's own (avts_demo, xdc_demo), by name or file.", HelpName = "RECIPE" };
        var set = RecipeArguments.Set();
        var verb = new Verb("demo", "The whole way on generated videos, in minutes: make them, ingest, pretrain, evaluate, report. Run again, it goes on where it was.")
        {
            Examples =
            [
                new("duet demo --out runs/demo", "then open runs/demo/report.html"),
                new("duet demo --out runs/demo1 --seed 1", "the same with other videos and other first weights"),
                new("duet demo --out runs/xdc --method xdc", "by cross-modal deep clustering instead of synchronisation"),
            ],
        };
        foreach (var option in new Option[] { output, method, seed, videos, recipe, set })
        {
            verb.Options.Add(option);
        }

        verb.Run(context =>
        {
            var number = context.Parse.GetValue(seed);
            var resolved = Resolve(context.Parse.GetValue(method)!, context.Parse.GetResult(method) is { Implicit: false }, context.Parse.GetValue(recipe), context.Parse.GetValue(set) ?? []) with { Seed = number };
            var scenes = Scenes with { Count = context.Parse.GetValue(videos), Seed = number };
            return RunAsync(context, Path.GetFullPath(context.Parse.GetValue(output)!), scenes, resolved, Typed(context));
        });
        return verb;
    }

    /// <summary>The method's recipe: the clustering methods share one, and differ in nothing but the source of the labels.</summary>
    private static Recipe Resolve(string method, bool asked, string? recipe, string[] set)
    {
        if (recipe is not null)
        {
            var named = RecipeFile.Load(RecipeCatalog.Shipped.Resolve(recipe), set);
            return !asked || named.MethodName() == method
                ? named
                : throw new UsageException($"--method {method} and --recipe {recipe} disagree: the recipe's method is {named.MethodName()}. Leave one of them out.");
        }

        var shared = method is not ("avts" or "xdc");
        string[] settings = shared ? [$"method={method}", $"name={method}_demo", .. set] : set;
        return RecipeFile.Load(RecipeCatalog.Shipped.Resolve(method == "avts" ? "avts_demo" : ClusteringRecipe), settings);
    }

    private static async Task<int> RunAsync(CommandContext context, string folder, SceneSetOptions scenes, Recipe recipe, string command)
    {
        var seconds = new Dictionary<string, double>(StringComparer.Ordinal);
        var clock = Stopwatch.StartNew();
        var (videos, storeFolder, run) = (Path.Combine(folder, "videos"), Path.Combine(folder, "store"), new RunFolder(Path.Combine(folder, "run")));

        if (run.HoldsRun && RecipeFile.Differences(RecipeFile.Load(run.RecipeFile), recipe) is [var difference, ..])
        {
            throw new UsageException($"'{folder}' holds a demonstration with another recipe ({difference}). Choose another --out, or give the options that it was started with.");
        }

        context.Line($"1 of 5: {scenes.Count} videos of {scenes.Seconds} s, {SceneKinds.All.Count} kinds of event, into {videos}");
        using (var line = new ProgressLine(context, "scenes", "videos"))
        {
            await SceneSet.WriteAsync(scenes, videos, new SceneListener(line), context.CancellationToken).ConfigureAwait(false);
        }

        seconds["generate"] = Lap(clock);
        context.Line($"2 of 5: ingest into {storeFolder}");
        IngestSummary ingested;
        using (var line = new ProgressLine(context, "ingest", "files"))
        {
            var options = new IngestOptions { Source = Path.Combine(videos, SceneSet.ListFile), Store = storeFolder };
            ingested = await StoreIngest.RunAsync(options, new IngestVerb.Reporter(line), context.CancellationToken).ConfigureAwait(false);
        }

        seconds["ingest"] = Lap(clock);

        // From here on nothing is awaited: libtorch's dispose scopes belong to a thread.
        using var store = VideoStore.Open(storeFolder);
        context.Line($"3 of 5: pretrain with {recipe.Name} in {run.Path}");
        TrainingOutcome trained;
        using (var listener = new PretrainVerb.Listener(context))
        {
            trained = Pretraining.Run(recipe, store, run, run.HoldsRun, listener, context.CancellationToken);
        }

        if (!trained.Finished)
        {
            context.Line($"stopped after step {trained.Step} of {trained.Steps}; everything is saved. Go on with the same command.");
            return ExitCodes.Interrupted;
        }

        seconds["train"] = Lap(clock);
        context.Line("4 of 5: evaluate on videos that training never saw");
        var (sync, probe) = Evaluate(context, recipe, run, store);
        seconds["evaluate"] = Lap(clock);

        context.Line("5 of 5: report");
        var result = new
        {
            Format = ResultFile.Format,
            Kind = "demo",
            recipe.Seed,
            Seconds = seconds,
            Store = new { Path = storeFolder, store.Fingerprint, Videos = ingested.StoreVideos, Seconds = ingested.StoreSeconds, Quarantined = ingested.Quarantined.Count },
            Training = new { Recipe = recipe.Name, trained.Steps, trained.Seconds },
            Sync = sync,
            Probe = probe,
        };
        ResultFile.Write(Path.Combine(folder, "result.json"), result);
        var report = RunReport.Write(folder, new RunReportOptions { Title = $"Duet's demonstration: {recipe.MethodName().ToUpperInvariant().Replace('_', ' ')} on procedural videos", Command = command, StoreDirectory = storeFolder });
        if (context.Json)
        {
            context.WriteJson(result);
        }
        else
        {
            if (sync is not null)
            {
                EvalSyncVerb.Print(context, sync, RunEvaluation.SyncFile(run));
            }

            EvalProbeVerb.Print(context, probe, RunEvaluation.ResultFileOf(run, Probe));
        }

        var pages = report;
        if (recipe.Method != RecipeMethod.Avts)
        {
            pages += " and " + ClusterReport.Write(run.Path, new ClusterReportOptions { Store = storeFolder, Out = Path.Combine(folder, "clusters.html") }, context.CancellationToken).Page;
        }

        context.Line($"Done in {Durations.Text(TimeSpan.FromSeconds(seconds.Values.Sum()))}. Open {pages}");
        return ingested.Quarantined.Count > 0 ? ExitCodes.DoneWithQuarantine : ExitCodes.Done;
    }

    private static (SyncResult? Sync, ProbeResult Probe) Evaluate(CommandContext context, Recipe recipe, RunFolder run, VideoStore store)
    {
        SyncResult? sync = null;
        if (recipe.Method == RecipeMethod.Avts) // no other method learns what is in sync
        {
            using var model = AvtsRun.Open(run, context.Line);
            using var line = new ProgressLine(context, "eval sync", "clips");
            sync = RunEvaluation.Sync(model, store, new SyncOptions(), new EvalVerb.Listener(line), context.CancellationToken);
            ResultFile.Write(RunEvaluation.SyncFile(run), sync);
        }

        using var encoders = FeatureSource.Open(run.Path, context.Line);
        ProbeResult probe;
        using (var line = new ProgressLine(context, "eval probe", "clips"))
        {
            probe = ProbeRun.Of(encoders, store, Probe, null, new EvalVerb.Listener(line), context.CancellationToken);
        }

        ResultFile.Write(RunEvaluation.ResultFileOf(run, Probe), probe);
        return (sync, probe);
    }

    /// <summary>The command as it was typed, for the report.</summary>
    private static string Typed(CommandContext context) =>
        string.Join(' ', context.Parse.Tokens.Select(t => PretrainVerb.Quote(t.Value)).Prepend("duet"));

    private static double Lap(Stopwatch clock)
    {
        var seconds = Math.Round(clock.Elapsed.TotalSeconds, 1);
        clock.Restart();
        return seconds;
    }

    private sealed class SceneListener(ProgressLine line) : IProgress<SceneSetProgress>
    {
        public void Report(SceneSetProgress value) => line.Report(value.Done, value.Total);
    }
}
