using System.Diagnostics;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Native;
using Duet.Learning.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Training.Profiling;

/// <summary>Measures what a machine gives for a recipe, by the loop, the loader and the method that a run would have.</summary>
public static class Benchmark
{
    private const double LoaderSeconds = 3;

    /// <summary>Measures.</summary>
    /// <param name="recipe">A recipe to pretrain or to finetune by.</param>
    /// <param name="store">The videos; nothing is written to them.</param>
    /// <param name="generated">Whether the videos were made for this.</param>
    /// <param name="options">How long.</param>
    /// <param name="progress">Hears of every step, on this thread.</param>
    /// <param name="stop">Asks to end after the step.</param>
    /// <exception cref="UsageException">The recipe trains nothing, or the videos can't serve it.</exception>
    /// <exception cref="OperationCanceledException">It was asked to end.</exception>
    public static BenchResult Run(IRecipe recipe, VideoStore store, bool generated, BenchOptions options, IProgress<BenchProgress>? progress, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(store);
        var source = new RunSource(store, store.Videos, store.Fingerprint, store.Directory, store.Settings.SampleRate);
        return Run(recipe, source, generated ? "" : store.Directory, store.Settings.ShortSide, options, progress, stop);
    }

    /// <inheritdoc cref="Run(IRecipe, VideoStore, bool, BenchOptions, IProgress{BenchProgress}?, CancellationToken)"/>
    internal static BenchResult Run(IRecipe recipe, RunSource source, string store, int shortSide, BenchOptions options, IProgress<BenchProgress>? progress, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new UsageException($"The measurement's {error.Property.ToLowerInvariant()} {error.Message}.");
        }

        TorchRuntime.SetThreads(recipe is Recipe pretraining ? pretraining.Training.Threads : ((EvaluationRecipe)recipe).Training.Threads);
        var temporary = Directory.CreateTempSubdirectory("duet-bench-").FullName;
        try
        {
            var most = options.Warmup + (options.Steps > 0 ? options.Steps : BenchOptions.MostSteps);
            var folder = new RunFolder(temporary);
            File.WriteAllText(folder.RecipeFile, RecipeFile.ToYaml(recipe)); // without it the folder would hold no run to save in
            using var subject = BenchSubject.Of(recipe, source, most, folder);
            return Measure(recipe, subject, source, folder, store, shortSide, options, progress, stop);
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    private static BenchResult Measure(
        IRecipe recipe, BenchSubject subject, RunSource source, RunFolder folder, string store, int shortSide, BenchOptions options, IProgress<BenchProgress>? progress, CancellationToken stop)
    {
        var training = subject.Training;
        var counting = new CountingStore(source.Clips);
        using var loader = new ClipLoader(counting, subject.Clip.Size, new ClipLoaderOptions { Workers = training.Workers, QueueMegabytes = training.QueueMb });
        using var metrics = new MetricsLog(folder.MetricsFile, folder.TensorBoardFolder, 0, 0);
        var clock = new StepClock(subject.Device.type == DeviceType.CUDA);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var window = new Window(options, loader, counting, clock, enough, progress);
        using var trainer = new Trainer(
            subject.Task, loader, training, new Checkpoints(folder, "", source.Fingerprint, 1), metrics, progress: window, profile: clock);
        var outcome = trainer.Run(enough.Token);
        stop.ThrowIfCancellationRequested();
        var saving = Stopwatch.GetElapsedTime(window.Ended).TotalSeconds;
        if (outcome.Step < options.Warmup + 1)
        {
            throw new InvalidOperationException($"The loop ended after {outcome.Step} steps.");
        }

        using var process = Process.GetCurrentProcess();
        var peak = process.PeakWorkingSet64;
        var alone = Alone(subject, source, stop);
        var rates = MachineRates.Measure(subject.Device);
        var result = Result(recipe, subject, source, window, alone, rates) with { Store = store, ShortSide = shortSide, SavingSeconds = saving };
        result = result with { Memory = result.Memory with { PeakBytes = peak } };
        return result with
        {
            Advice = BenchRules.Of(result, subject.Content == ClipContent.Sound ? null : subject.Clip, cudaIdle: subject.Device.type == DeviceType.CPU && cuda.is_available()),
        };
    }

    /// <summary>Clips a second that the loader gives when nothing else runs.</summary>
    private static double Alone(BenchSubject subject, RunSource source, CancellationToken stop)
    {
        using var loader = new ClipLoader(source.Clips, subject.Clip.Size, new ClipLoaderOptions { Workers = subject.Training.Workers, QueueMegabytes = subject.Training.QueueMb });
        var plan = subject.Task.Prepare(0, loader, stop) ?? throw new InvalidOperationException("The method has no epoch.");
        var start = Stopwatch.GetTimestamp();
        var clips = 0;
        foreach (var batch in loader.Load(plan.Requests, subject.Training.Batch, 0, stop))
        {
            clips += batch.Count;
            batch.Dispose();
            if (Stopwatch.GetElapsedTime(start).TotalSeconds > LoaderSeconds)
            {
                break;
            }
        }

        return clips / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static BenchResult Result(IRecipe recipe, BenchSubject subject, RunSource source, Window window, double alone, MachineRates rates)
    {
        var training = subject.Training;
        var steps = window.Steps;
        var seconds = steps.Sum(s => s.Total);
        var clipsPerSecond = steps.Count * training.ClipsPerStep / seconds;
        var (before, after) = (window.Before, window.After);
        var (busy, idle) = (after.Loader.TimeDecoding - before.Loader.TimeDecoding, after.Loader.TimeIdle - before.Loader.TimeIdle);
        var decoded = after.Loader.ClipsDecoded - before.Loader.ClipsDecoded;
        var idleShare = idle / (idle + busy + TimeSpan.FromTicks(1));
        var waited = steps.Sum(s => s.Seconds(StepPhase.Waiting)) / seconds;
        var times = steps.Select(s => s.Total).Order().ToArray();
        var flops = subject.FlopsPerClip * clipsPerSecond;
        return new BenchResult
        {
            Recipe = recipe.Name,
            Method = subject.Method,
            Networks = subject.Networks,
            Clip = subject.Clip.InWords(subject.Content != ClipContent.Sound, subject.Content != ClipContent.Frames),
            Store = "",
            ShortSide = 0,
            Environment = RunEnvironment.Of(subject.Device, subject.Precision, subject.PrecisionReason),
            Settings = new(
                training.Batch,
                training.Accumulate,
                training.Workers > 0 ? training.Workers : Environment.ProcessorCount,
                recipe is Recipe pretraining ? pretraining.Training.QueueMb : ((EvaluationRecipe)recipe).Training.QueueMb,
                (after.Loader.Bytes - before.Loader.Bytes) / Math.Max(1, after.Loader.Batches - before.Loader.Batches),
                training.LogEvery),
            Steps = steps.Count,
            ClipsPerSecond = clipsPerSecond,
            StepSeconds = new(times[times.Length / 2], times[0], times[^1]),
            PhaseSeconds = Enum.GetValues<StepPhase>().ToDictionary(p => p, p => steps.Average(s => s.Seconds(p))),
            Data = new()
            {
                WaitShare = WaitShare(waited, idleShare, decoded / (double)(steps.Count * training.ClipsPerStep)),
                IdleShare = idleShare,
                AloneClipsPerSecond = alone,
                ReadBytesPerSecond = (after.Read - before.Read) / seconds,
                DecodedBytesPerSecond = (after.Loader.Bytes - before.Loader.Bytes) / seconds,
                WorkerBytesPerClip = (after.Loader.WorkersAllocated - before.Loader.WorkersAllocated) / (double)Math.Max(1, decoded),
                Failures = after.Loader.Failures,
            },
            Memory = new(0, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, steps.Average(s => s.Allocated), after.Collections - before.Collections),
            Arithmetic = new(subject.FlopsPerClip, flops, rates, flops / rates.Flops(subject.Precision)),
            SavingSeconds = 0,
        };
    }

    /// <summary>
    /// The share that a long run would wait. Where the workers were never idle, the queue was running dry: what they made in the time is all that there would be
    /// in the end, and the networks would wait for the rest.
    /// </summary>
    /// <param name="waited">The share that was waited.</param>
    /// <param name="idle">The share of the workers' time without anything to do.</param>
    /// <param name="made">Clips that the workers made for each one that was taken.</param>
    internal static double WaitShare(double waited, double idle, double made) => idle > BenchRules.LeastWait ? waited : Math.Clamp(Math.Max(waited, 1 - made), 0, 1);

    /// <summary>What stood on the counters at an instant.</summary>
    private sealed record Counters(LoaderStatistics Loader, long Read, int Collections);

    /// <summary>Counts steps, remembers what the counters said where the measured ones begin and end, and ends the loop.</summary>
    private sealed class Window(BenchOptions options, ClipLoader loader, CountingStore store, StepClock clock, CancellationTokenSource enough, IProgress<BenchProgress>? progress) : IProgress<TrainingProgress>
    {
        private int taken;
        private long began = Stopwatch.GetTimestamp();

        public Counters Before { get; private set; } = new(loader.Statistics, 0, GC.CollectionCount(0));

        public Counters After { get; private set; } = new(loader.Statistics, 0, GC.CollectionCount(0));

        public long Ended { get; private set; }

        /// <summary>The measured steps.</summary>
        public IReadOnlyList<StepTimes> Steps => [.. clock.Steps.Skip(options.Warmup).Take(taken - options.Warmup)];

        public void Report(TrainingProgress value)
        {
            if (value is not StepProgress step || enough.IsCancellationRequested)
            {
                return;
            }

            taken++;
            After = new(loader.Statistics, store.Bytes, GC.CollectionCount(0));
            Ended = Stopwatch.GetTimestamp();
            if (taken <= options.Warmup)
            {
                (Before, began) = (After, Ended);
            }

            var measured = Math.Max(0, taken - options.Warmup);
            progress?.Report(new BenchProgress(taken, measured, step.ClipsPerSecond));
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            if (measured > 0 && (options.Steps > 0 ? measured >= options.Steps : measured >= BenchOptions.MostSteps || (measured >= BenchOptions.LeastSteps && seconds >= options.Seconds)))
            {
                enough.Cancel();
            }
        }
    }
}
