using System.CommandLine;
using System.Globalization;
using Duet.Cli.Hosting;
using Duet.Cli.Output;
using Duet.Data.Scenes;
using Duet.Data.Store;
using Duet.Learning.Recipes;
using Duet.Learning.Training.Profiling;

namespace Duet.Cli.Verbs;

/// <summary><c>duet bench RECIPE [--store DIR] [--set k=v] [--steps N]</c>: what this machine gives for a recipe.</summary>
internal static class BenchVerb
{
    private static readonly IReadOnlyList<(StepPhase Phase, string Words)> Phases =
    [
        (StepPhase.Waiting, "waiting for data"), (StepPhase.Inputs, "making inputs"), (StepPhase.Forward, "forward"),
        (StepPhase.Backward, "backward"), (StepPhase.Optimiser, "optimiser"), (StepPhase.Other, "other"),
    ];

    public static Command Create()
    {
        var defaults = new BenchOptions();
        var (recipe, set) = (RecipeArguments.Recipe(), RecipeArguments.Set());
        var store = new Option<string?>("--store") { Description = "The store to read; nothing is written to it. Without it, videos are generated for the recipe and deleted afterwards.", HelpName = "DIR" };
        var steps = new Option<int>("--steps")
        {
            Description = string.Create(CultureInfo.InvariantCulture, $"Steps to measure, after {defaults.Warmup} that don't count. Default: as many as fit into {defaults.Seconds:0} seconds, at least {BenchOptions.LeastSteps}."),
            HelpName = "N",
        };
        var verb = new Verb("bench", "Measures what this machine gives for a recipe: clips/s, where the time goes, memory, and which setting to change. Learns nothing and keeps nothing.")
        {
            Examples =
            [
                new("duet bench avts_small_cpu", "on generated videos"),
                new("duet bench avts_small_cpu --store stores/mine --set training.batch=16", "on your own, with one value overridden"),
                new("duet bench xdc_r2plus1d_18_kinetics_8x224 --steps 3 --json", "a few steps of a large recipe, for programs"),
            ],
        };
        verb.Arguments.Add(recipe);
        verb.Options.Add(store);
        verb.Options.Add(set);
        verb.Options.Add(steps);
        verb.Run(context =>
        {
            var resolved = RecipeArguments.LoadAny(context.Parse, recipe, set);
            return RunAsync(context, resolved, context.Parse.GetValue(store), defaults with { Steps = context.Parse.GetValue(steps) });
        });
        return verb;
    }

    private static async Task<int> RunAsync(CommandContext context, IRecipe recipe, string? store, BenchOptions options)
    {
        if (store is not null)
        {
            Measure(context, recipe, store, false, options);
            return ExitCodes.Done;
        }

        var temporary = Directory.CreateTempSubdirectory("duet-bench-videos-").FullName;
        try
        {
            string made;
            using (var scenes = new ProgressLine(context, "generate", "videos"))
            using (var ingest = new ProgressLine(context, "ingest", "files"))
            {
                made = await BenchVideos.MakeAsync(recipe, temporary, new SceneListener(scenes), new IngestVerb.Reporter(ingest), context.CancellationToken).ConfigureAwait(false);
            }

            Measure(context, recipe, made, true, options);
            return ExitCodes.Done;
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    /// <summary>Not awaited, and so on one thread: libtorch's dispose scopes belong to a thread.</summary>
    private static void Measure(CommandContext context, IRecipe recipe, string folder, bool generated, BenchOptions options)
    {
        using var videos = VideoStore.Open(folder);
        BenchResult result;
        using (var line = new ProgressLine(context, "measure", "steps"))
        {
            result = Benchmark.Run(recipe, videos, generated, options, new Listener(line, options), context.CancellationToken);
        }

        if (context.Json)
        {
            context.WriteJson(result);
        }
        else
        {
            foreach (var line in Describe(result))
            {
                context.Line(line);
            }
        }
    }

    /// <summary>The result for people.</summary>
    internal static IEnumerable<string> Describe(BenchResult result)
    {
        var (settings, environment, data, arithmetic) = (result.Settings, result.Environment, result.Data, result.Arithmetic);
        var batch = settings.Accumulate == 1 ? Text($"{settings.Batch} clips") : Text($"{settings.Accumulate} times {settings.Batch} clips");
        yield return "";
        yield return $"{result.Recipe} ({result.Method}): {string.Join(" and ", result.Networks)}, {result.Clip}";
        yield return Text($"{environment.Processor}: {environment.Cores} cores; {environment.Precision} on {environment.Device} ({environment.PrecisionReason}), {environment.Threads} threads, {settings.Workers} decode workers");
        yield return $"{(result.Store.Length == 0 ? "generated videos" : result.Store)}, frames with a short side of {result.ShortSide} pixels";
        yield return "";
        yield return Text($"{result.ClipsPerSecond:0.##} clips/s: a step of {batch} takes {result.StepSeconds.Median:0.###} s ({result.StepSeconds.Least:0.###} to {result.StepSeconds.Most:0.###} over {result.Steps} steps)");
        yield return "";
        foreach (var (phase, words) in Phases)
        {
            yield return Text($"{words,-18}{100 * result.Share(phase),6:0.0} %{result.PhaseSeconds[phase],10:0.000} s");
        }

        yield return "";
        yield return Text($"data        {data.ReadBytesPerSecond / 1e6:0.0} MB/s read, {data.DecodedBytesPerSecond / 1e6:0.0} MB/s decoded; in a long run {100 * data.WaitShare:0.0} % of the time would be spent waiting");
        yield return Text($"decoding    alone {data.AloneClipsPerSecond:0.0} clips/s; beside the networks the workers were idle for {100 * data.IdleShare:0} % of their time");
        yield return Text($"memory      {result.Memory.PeakBytes / 1e9:0.00} GB at most, of {result.Memory.AvailableBytes / 1e9:0.0} GB");
        yield return Text($"arithmetic  {arithmetic.FlopsPerSecond / 1e9:0} GFLOP/s, {100 * arithmetic.Utilisation:0} % of what {environment.Precision} matrix products reach here{(environment.Convolutions == "direct" ? "" : ", counted as plain convolutions: short products take fewer")}");
        yield return Text($"limits      matrix products: bf16 {arithmetic.Rates.Bf16Flops / 1e9:0} GFLOP/s, fp32 {arithmetic.Rates.Fp32Flops / 1e9:0} GFLOP/s; copies of memory {arithmetic.Rates.CopyBytes / 1e9:0.0} GB/s");
        yield return Text($"garbage     {data.WorkerBytesPerClip:0} bytes a clip in the decode workers, {result.Memory.LoopBytesPerStep:0} bytes a step in the loop; {result.Memory.Collections} collections");
        yield return Text($"saving      {result.SavingSeconds:0.0} s for a checkpoint and the encoder files");
        if (data.Failures > 0)
        {
            yield return Text($"unreadable  {data.Failures} clips: check the store with 'duet store verify'");
        }

        yield return "";
        yield return result.Advice.Count == 0 ? "What to change: nothing. What is left are the networks' own costs: a smaller clip, a narrower network, or another machine." : "What to change:";
        foreach (var advice in result.Advice)
        {
            yield return $"  {advice.Setting}: {advice.Value}";
            yield return $"    {advice.Why}.";
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed class Listener(ProgressLine line, BenchOptions options) : IProgress<BenchProgress>
    {
        public void Report(BenchProgress value) =>
            line.Report(value.Step, options.Steps > 0 ? options.Steps + options.Warmup : 0, detail: value.Measured == 0 ? "warming up" : Text($"{value.ClipsPerSecond:0.0} clips/s"));
    }

    private sealed class SceneListener(ProgressLine line) : IProgress<SceneSetProgress>
    {
        public void Report(SceneSetProgress value) => line.Report(value.Done, value.Total);
    }
}
