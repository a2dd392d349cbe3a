using System.Diagnostics;
using Duet.Data;
using Duet.Data.Store;
using Duet.Learning.Evaluation.Finetuning;
using Duet.Learning.Models;
using Duet.Learning.Recipes;
using Duet.Learning.Tests.Evaluation.Finetuning;
using Duet.Learning.Training;
using Duet.Learning.Training.Profiling;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Training.Profiling;

public sealed class BenchmarkTests
{
    private static readonly BenchOptions Short = new() { Steps = 2, Warmup = 1 };

    private static readonly Recipe Clustered = TinyRun.Recipe with
    {
        Method = RecipeMethod.Xdc,
        Audio = TinyRun.Recipe.Audio with { Name = "resnet18_audio", Stages = 2 },
        Clustering = new() { K = 40, CalibrationClips = 8 },
    };

    [Theory]
    [InlineData(RecipeMethod.Avts)]
    [InlineData(RecipeMethod.Xdc)]
    [InlineData(RecipeMethod.XdcSameModality)]
    public void A_recipe_is_measured_by_the_loop_that_trains_it(RecipeMethod method)
    {
        var recipe = (method == RecipeMethod.Avts ? TinyRun.Recipe : Clustered with { Method = method }) with { Training = TinyRun.Recipe.Training with { Batch = 4, Accumulate = 2 } };
        var heard = new List<BenchProgress>();
        var result = Run(recipe, new Listener(heard.Add));

        (result.Steps, result.Settings.Batch, result.Settings.Accumulate, result.Settings.QueueMb).ShouldBe((2, 4, 2, 256));
        heard.Select(h => (h.Step, h.Measured)).ShouldBe([(1, 0), (2, 1), (3, 2)]);
        result.ClipsPerSecond.ShouldBe(8 / result.PhaseSeconds.Values.Sum(), 1e-6);
        (result.StepSeconds.Least <= result.StepSeconds.Median && result.StepSeconds.Median <= result.StepSeconds.Most).ShouldBeTrue();
        foreach (var phase in new[] { StepPhase.Inputs, StepPhase.Forward, StepPhase.Backward, StepPhase.Optimiser })
        {
            result.PhaseSeconds[phase].ShouldBeGreaterThan(0, $"{phase}");
        }

        var sounds = method == RecipeMethod.Avts ? 2 : 1;
        result.Settings.BatchBytes.ShouldBe(4 * ((8 * 24 * 24 * 3) + (sounds * 2 * 5120)));
        var (video, audio) = (NetworkCost.TrainingFlops(recipe.Video, [8, 24, 24]), NetworkCost.TrainingFlops(recipe.Audio, [recipe.Spectrogram.FrameCount(5120), 16]));
        result.Arithmetic.FlopsPerClip.ShouldBe(method switch { RecipeMethod.Avts => video + (2 * audio), RecipeMethod.Xdc => video + audio, _ => 2 * (video + audio) });
        result.Arithmetic.Utilisation.ShouldBe(result.Arithmetic.FlopsPerClip * result.ClipsPerSecond / result.Arithmetic.Rates.Fp32Flops, 1e-9);
        result.Data.ReadBytesPerSecond.ShouldBeGreaterThan(0);
        result.Data.AloneClipsPerSecond.ShouldBeGreaterThan(0);
        result.Memory.PeakBytes.ShouldBeInRange(50_000_000, result.Memory.AvailableBytes);
        result.Networks.Count.ShouldBe(method == RecipeMethod.XdcSameModality ? 4 : 2);
    }

    [Theory]
    [InlineData(FinetuneModality.Both, FinetuneLayers.All)]
    [InlineData(FinetuneModality.Audio, FinetuneLayers.Fc)]
    public void A_finetuning_is_measured_too(FinetuneModality modality, FinetuneLayers layers)
    {
        var recipe = TinyFinetune.Recipe with { Clip = TinyRun.Recipe.Clip, Finetune = TinyFinetune.Recipe.Finetune with { Modality = modality, Layers = layers } };
        var result = Run(recipe);
        result.Method.ShouldBe("finetune");
        result.Networks.Count.ShouldBe(modality == FinetuneModality.Both ? 2 : 1);
        long[] mels = [recipe.Spectrogram!.FrameCount(5120), 16];
        result.Arithmetic.FlopsPerClip.ShouldBe(layers == FinetuneLayers.Fc
            ? NetworkCost.ForwardFlops(recipe.Audio!, mels)
            : NetworkCost.TrainingFlops(recipe.Audio!, mels) + NetworkCost.TrainingFlops(recipe.Video!, [8, 24, 24]));
    }

    [Fact]
    public void What_trains_nothing_or_names_no_network_is_refused()
    {
        Should.Throw<UsageException>(() => Run(TinyFinetune.Recipe with { Protocol = EvaluationProtocol.Probe })).Message.ShouldContain("trains nothing");
        Should.Throw<UsageException>(() => Run(TinyFinetune.Recipe with { Video = null })).Message.ShouldContain("--set video.name=");
        Should.Throw<UsageException>(() => Run(TinyRun.Recipe, options: Short with { Steps = -1 })).Message.ShouldContain("steps must be");
    }

    [Fact]
    public void Asked_to_stop_it_ends_without_a_result()
    {
        using var source = new CancellationTokenSource();
        Should.Throw<OperationCanceledException>(() => Run(TinyRun.Recipe, new Listener(_ => source.Cancel()), stop: source.Token));
    }

    [Fact]
    public void Slow_reading_is_seen_as_waiting()
    {
        var recipe = TinyRun.Recipe with { Training = TinyRun.Recipe.Training with { Batch = 2, Workers = 1 } };
        var (pause, last) = (TimeSpan.FromMilliseconds(300), Stopwatch.StartNew());
        var result = Run(recipe, options: Short with { Warmup = 5 }, reading: _ =>
        {
            // A read that had to wait for room in the queue was not slow enough for this machine, as busy as it is.
            if (last.Elapsed > pause / 4)
            {
                pause *= 2;
            }

            Thread.Sleep(pause);
            last.Restart();
        });
        result.Data.WaitShare.ShouldBeGreaterThan(0.05);
        result.PhaseSeconds[StepPhase.Waiting].ShouldBeGreaterThan(0);
        result.Advice.ShouldContain(a => a.Setting == (Environment.ProcessorCount > 1 ? "training.workers" : "--store"));
    }

    /// <summary>Measured waiting is believed where the workers had nothing to do; else the networks would wait for what the workers did not make.</summary>
    [Theory]
    [InlineData(0.01, 0.5, 0.5, 0.01)]
    [InlineData(0.01, 0.0, 0.75, 0.25)]
    [InlineData(0.4, 0.0, 0.75, 0.4)]
    [InlineData(0.01, 0.0, 1.2, 0.01)]
    public void A_queue_that_runs_dry_counts_as_waiting(double waited, double idle, double made, double expected) => Benchmark.WaitShare(waited, idle, made).ShouldBe(expected, 1e-12);

    /// <summary>All that a measurement needs, but for the steps, of every recipe that ships; with networks of one narrow stage.</summary>
    [Fact]
    public void Every_pretraining_recipe_that_ships_can_be_measured()
    {
        var recipes = Recipes.ShippedRecipesTests.Shipped.Entries.Select(e => RecipeFile.LoadAny(e.Path)).OfType<Recipe>().ToArray();
        recipes.Length.ShouldBeGreaterThan(20);
        foreach (var recipe in recipes)
        {
            var (scenes, ingest) = BenchVideos.Plan(recipe);
            scenes.Validate().ShouldBeEmpty(recipe.Name);
            (ingest.ShortSide >= 128 && ingest.ShortSide * recipe.Clip.Scales.Max() >= recipe.Clip.Size).ShouldBeTrue(recipe.Name);
            using var run = new TinyRun();
            var frames = (int)(scenes.Seconds * ingest.FrameRate!.Value.ToDouble());
            run.Videos = [.. FlashingClips.Videos(BenchVideos.Count, frames).Select(v => v with
            {
                FrameRate = ingest.FrameRate.Value,
                SampleRate = recipe.Spectrogram.SampleRate,
                SampleCount = (long)(scenes.Seconds * recipe.Spectrogram.SampleRate),
                Split = null,
            })];
            var narrow = recipe with { Video = recipe.Video with { Width = 1.0 / 16, Stages = 1 }, Audio = recipe.Audio with { Width = 1.0 / 16, Stages = 1 } };
            var source = new RunSource(run.Clips, run.Videos, run.Fingerprint, "memory", recipe.Spectrogram.SampleRate);
            using var subject = BenchSubject.Of(narrow, source, 4, run.Folder);
            subject.Method.ShouldBe(recipe.MethodName());
            subject.Task.ClipsPerEpoch.ShouldBeGreaterThan(4 * recipe.Training.Batch);
        }
    }

    private static BenchResult Run(
        IRecipe recipe, IProgress<BenchProgress>? progress = null, Action<StoredVideo>? reading = null, BenchOptions? options = null, CancellationToken stop = default)
    {
        using var run = new TinyRun();
        run.Clips.Reading = reading;
        return Benchmark.Run(recipe, new RunSource(run.Clips, run.Videos, run.Fingerprint, "memory", 16000), "memory", 40, options ?? Short, progress, stop);
    }

    private sealed class Listener(Action<BenchProgress> action) : IProgress<BenchProgress>
    {
        public void Report(BenchProgress value) => action(value);
    }
}
