using System.Text.RegularExpressions;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Learning.Models;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Training;

/// <summary>On a GPU numbers are read where they are written down and not after every step. The loop that does so is tried here on a CPU.</summary>
public sealed class StepLedgerTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 4)] // a checkpoint inside an interval
    [InlineData(2, 0)]
    public void Read_late_the_numbers_the_weights_and_the_checkpoints_are_the_same(int accumulate, int checkpointEvery)
    {
        var options = TinyRun.Recipe.Training with { Batch = 8 / accumulate, Accumulate = accumulate, LogEvery = 3, CheckpointEvery = checkpointEvery };
        using var early = Learned(options, readsEveryStep: true);
        using var late = Learned(options, readsEveryStep: false);
        late.State.ShouldBe(early.State with { Seconds = late.State.Seconds, IntervalSums = late.State.IntervalSums, MetricsBytes = late.State.MetricsBytes });
        Intervals(late).ShouldBe(Intervals(early));
        late.Metrics.ShouldBe(early.Metrics);
        foreach (var (key, bytes) in late.Run.Tensors())
        {
            bytes.ShouldBe(early.Run.Tensors()[key], key);
        }

        early.Told.ShouldBe(Enumerable.Range(1, 15).Select(i => (long)i));
        late.Told.ShouldBe([3, 5, 6, 9, 10, 12, 15]); // every third, and the ends of epochs
    }

    [Fact]
    public void A_run_that_diverges_is_told_so_before_anything_is_saved()
    {
        var options = TinyRun.Recipe.Training with { LogEvery = 5, ValidateEvery = 0, ClipNorm = 0, CheckpointEvery = 4, LearningRate = new() { Base = 1e30 } };
        var error = Should.Throw<TrainingException>(() => Learned(options, readsEveryStep: false));
        error.Message.ShouldContain("step");
        error.Data["checkpoints"].ShouldBe(0);
    }

    [Fact]
    public void Batches_of_a_step_count_by_their_clips_and_steps_keep_their_order()
    {
        using var scope = NewDisposeScope();
        using var ledger = new StepLedger();
        using var weight = new TorchSharp.Modules.Parameter(ones(1));
        ledger.Read().ShouldBeEmpty();
        var before = Tensor.TotalCount;
        for (var step = 1; step <= 2; step++)
        {
            using var inner = NewDisposeScope();
            var gradient = new StepGradient([weight], batches: 2, clips: 4);
            using (NewDisposeScope())
            {
                gradient.Add(new StepResult(weight.sum() * step, 3, [new("share", tensor(0.5))]));
            }

            using (NewDisposeScope())
            {
                gradient.Add(new StepResult(weight.sum() * 5, 1, [new("share", tensor(1.0))]));
            }

            ledger.Add(step, gradient, step == 2 ? tensor(7f) : null);
        }

        ledger.HasUnread.ShouldBeTrue();
        var read = ledger.Read();
        ledger.HasUnread.ShouldBeFalse();
        Tensor.TotalCount.ShouldBe(before);
        read.Select(r => (r.Step, r.Loss)).ShouldBe([(1, 2), (2, 2.75)]);
        read[0].Numbers.ShouldBe([new("loss", 2), new("share", 0.625)]);
        read[1].Numbers.ShouldBe([new("loss", 2.75), new("share", 0.625), new("gradient_norm", 7)]);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1)]
    public void Gradients_that_nobody_looks_at_are_clipped_alike(double maximum)
    {
        using var scope = NewDisposeScope();
        Tensor[] Gradients() => [tensor(new float[] { 3, 0 }), tensor(new float[] { 0, 4 })];
        var (seen, unseen) = (Gradients(), Gradients());
        var norm = GradientClipping.ByGlobalNorm(seen, maximum);
        GradientClipping.ScaleUnseen(unseen, norm, maximum);
        for (var i = 0; i < seen.Length; i++)
        {
            unseen[i].data<float>().ToArray().ShouldBe(seen[i].data<float>().ToArray(), 1e-7);
        }

        unseen[0].equal(tensor(new float[] { 3, 0 })).all().item<bool>().ShouldBe(maximum > 5); // not a bit is changed where nothing is to be clipped
    }

    private static Result Learned(TrainingOptions options, bool readsEveryStep)
    {
        var recipe = TinyRun.Recipe with { Training = options };
        var run = new TinyRun();
        Directory.CreateDirectory(run.Folder.Path);
        File.WriteAllText(run.Folder.RecipeFile, RecipeFile.ToYaml(recipe));
        var told = new List<long>();
        try
        {
            using var task = new AvtsTask(recipe, Partition.Of(FlashingClips.Videos(16), recipe.Data), Precision.Fp32, CPU);
            using var loader = new ClipLoader(run.Clips, recipe.Clip.Size, new ClipLoaderOptions { Workers = 1 });
            TrainerState state;
            using (var metrics = new MetricsLog(run.Folder.MetricsFile, run.Folder.TensorBoardFolder, 0, 0))
            {
                using var trainer = new Trainer(task, loader, options, new Checkpoints(run.Folder, "", new('a', 64), 9), metrics, progress: new Listener(told)) { ReadsEveryStep = readsEveryStep };
                trainer.Run(CancellationToken.None);
                state = trainer.State;
            }

            // Times aside.
            string[] lines = [.. File.ReadLines(run.Folder.MetricsFile).Select(l => Regex.Replace(l, "\"(time|seconds|clips_per_second|data_wait_share)\":[^,}]*", ""))];
            return new Result(run, state, lines, told);
        }
        catch (TrainingException e)
        {
            e.Data["checkpoints"] = Directory.Exists(run.Folder.CheckpointFolder) ? Directory.GetFiles(run.Folder.CheckpointFolder).Length : 0;
            run.Dispose();
            throw;
        }
    }

    /// <summary>What each checkpoint holds of the interval that it was saved in.</summary>
    private static string[] Intervals(Result result)
    {
        string[] all = [.. Directory.GetFiles(result.Run.Folder.CheckpointFolder, "*.json").Order(StringComparer.Ordinal).Select(f => Regex.Match(File.ReadAllText(f), "\"interval_steps\":[^}]*}").Value)];
        all.ShouldAllBe(text => text.Contains("interval_sums", StringComparison.Ordinal));
        return all;
    }

    private sealed record Result(TinyRun Run, TrainerState State, string[] Metrics, List<long> Told) : IDisposable
    {
        public void Dispose() => Run.Dispose();
    }

    private sealed class Listener(List<long> told) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value is StepProgress step)
            {
                told.Add(step.Step);
            }
        }
    }
}
