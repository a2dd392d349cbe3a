using Duet.Learning.Models;
using Duet.Learning.Training;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Training;

public sealed class LearningTests
{
    /// <summary>
    /// Where all embeddings are one point up to modality, every distance is half the margin and the loss is (0.99 / 2)^2: the
    /// contrastive loss falls to that without anything having been learned. Below it, distances tell pairs apart.
    /// </summary>
    private const double NothingLearned = 0.245;

    [Fact]
    [Trait("Category", "Slow")]
    public void Distances_tell_pairs_apart_where_the_sound_tells_the_time()
    {
        using var run = new TinyRun();
        const int epochs = 24;
        run.Run(TinyRun.Recipe with
        {
            Head = new() { TimeBins = 8, SharedOverTime = true, Hidden = 32, Embedding = 8, Normalise = EmbeddingNormalisation.L2, Scale = 0.5, BatchNorm = true },
            Avts = new() { Curriculum = [new() { Epochs = epochs, Easy = 1 }] },
            Training = TinyRun.Recipe.Training with
            {
                Optimiser = new() { Name = OptimiserName.AdamW },
                LearningRate = new() { Base = 0.003, WarmupEpochs = 1, Schedule = LearningRateShape.Constant },
                LogEvery = 1,
                ValidateEvery = epochs,
                CheckpointEvery = 1000,
            },
        }).Finished.ShouldBeTrue();
        var steps = run.Progress.OfType<StepProgress>().ToArray();
        steps.Length.ShouldBe(epochs * TinyRun.StepsPerEpoch);
        var last = steps[^(steps.Length / 4)..];
        var told = string.Join(' ', steps.Select(p => FormattableString.Invariant($"{p.Means["loss"]:0.000}")));
        last.Average(p => p.Means["loss"]).ShouldBeLessThan(0.7 * NothingLearned, told);
        last.Average(p => p.Means["negative_distance"] - p.Means["positive_distance"]).ShouldBeGreaterThan(0.15, told);
    }
}
