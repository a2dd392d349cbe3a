using Duet.Learning.Training;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Training;

public sealed class LearningTests
{
    [Fact]
    [Trait("Category", "Slow")]
    public void The_loss_falls_where_the_sound_tells_the_time()
    {
        using var run = new TinyRun();
        const int epochs = 16;
        run.Run(TinyRun.Recipe with
        {
            Avts = new() { Curriculum = [new() { Epochs = epochs, Easy = 1 }] },
            Training = TinyRun.Recipe.Training with { LearningRate = new() { Base = 0.05, WarmupEpochs = 1, Schedule = LearningRateShape.Constant }, LogEvery = 1, ValidateEvery = 0, CheckpointEvery = 1000 },
        }).Finished.ShouldBeTrue();
        var losses = run.Progress.OfType<StepProgress>().Select(p => p.Means["loss"]).ToArray();
        losses.Length.ShouldBe(epochs * TinyRun.StepsPerEpoch);
        var quarter = losses.Length / 4;
        var (first, last) = (losses[..quarter].Average(), losses[^quarter..].Average());
        last.ShouldBeLessThan(0.8 * first, string.Join(' ', losses.Select(l => FormattableString.Invariant($"{l:0.000}"))));
    }
}
