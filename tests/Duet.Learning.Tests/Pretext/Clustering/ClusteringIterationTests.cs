using System.Runtime.InteropServices;
using System.Text.Json;
using Duet.Data.Tables;
using Duet.Learning.Models;
using Duet.Learning.Pretext.Clustering;
using Duet.Learning.Recipes;
using Duet.Learning.Tests.Training;
using Duet.Learning.Training;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Pretext.Clustering;

/// <summary>What starts anew with an iteration and what goes on.</summary>
public sealed class ClusteringIterationTests
{
    private const int StepsPerIteration = 3;

    /// <summary>Steps too small to see, so that what changes from one to the next was changed by the iteration.</summary>
    private static readonly Recipe Still = TinyRun.Recipe with
    {
        Method = RecipeMethod.Mdc,
        Audio = TinyRun.Recipe.Audio with { Name = "resnet18_audio", Stages = 2 },
        Clustering = new() { K = 4, Iterations = 3, EpochsPerIteration = 1, Patience = 0, ClipsPerVideo = 2, CalibrationClips = 8 },
        Training = TinyRun.Recipe.Training with
        {
            EpochSize = 8 * StepsPerIteration,
            Optimiser = new() { Momentum = 0.9, WeightDecay = 0 },
            LearningRate = new() { Base = 1e-9, Schedule = LearningRateShape.Cosine },
        },
    };

    [Fact]
    public void An_iteration_gives_every_head_new_weights_and_leaves_the_encoders_theirs()
    {
        using var run = new TinyRun();
        run.Run(Still, stopAfter: StepsPerIteration - 1);
        var middle = run.Tensors();
        run.Run(Still, resume: true, stopAfter: StepsPerIteration);
        var before = run.Tensors();
        run.Run(Still, resume: true, stopAfter: StepsPerIteration + 1);
        var after = run.Tensors();
        var weights = before.Keys.Where(n => n.EndsWith(".weight", StringComparison.Ordinal) && !n.StartsWith("optimiser.", StringComparison.Ordinal)).ToArray();
        var heads = weights.Where(n => n.Contains(".head_", StringComparison.Ordinal)).ToArray();
        heads.Length.ShouldBe(4);
        heads.ShouldAllBe(n => Change(middle[n], before[n]) < 1e-3 && Change(before[n], after[n]) > 0.5);
        weights.Except(heads).ShouldAllBe(n => Change(before[n], after[n]) < 1e-3);
    }

    [Fact]
    public void An_iteration_begins_the_learning_rates_schedule_again_and_forgets_the_momentum()
    {
        using var run = new TinyRun();
        run.Run(Still).Finished.ShouldBeTrue();
        var rates = run.Progress.OfType<StepProgress>().Select(p => p.LearningRate).ToArray();
        rates.Length.ShouldBe(3 * StepsPerIteration);
        for (var step = 0; step < rates.Length; step++)
        {
            rates[step].ShouldBe(rates[step % StepsPerIteration]);
        }

        rates[0].ShouldBeGreaterThan(rates[1]); // or the test could not see a schedule that goes on

        // After the first step of an iteration the momentum is that step's gradient, as long as the recipe clips it to.
        using var lasting = new TinyRun();
        var clipped = Still with { Training = Still.Training with { ClipNorm = 1e-3 } };
        lasting.Run(clipped, stopAfter: StepsPerIteration);
        Momentum(lasting).ShouldBeGreaterThan(1.2e-3);
        lasting.Run(clipped, resume: true, stopAfter: StepsPerIteration + 1);
        Momentum(lasting).ShouldBe(1e-3, 1e-5);
    }

    [Fact]
    public void Before_the_first_clustering_batch_normalisation_is_calibrated()
    {
        using var calibrated = new TinyRun();
        calibrated.Run(Still, stopAfter: 1);
        using var untouched = new TinyRun();
        untouched.Run(Still with { Clustering = Still.Clustering with { CalibrationClips = 0 } }, stopAfter: 1);
        Distance(calibrated).ShouldNotBe(Distance(untouched));

        // One step alone moves a running mean from 0 by a tenth of the batch's; calibrated it was there before.
        static double Largest(TinyRun run) => run.Tensors().Where(t => t.Key.EndsWith("running_mean", StringComparison.Ordinal)).Max(t => Floats(t.Value).Max(MathF.Abs));
        Largest(calibrated).ShouldBeGreaterThan(3 * Largest(untouched));
    }

    /// <summary>What a trial says of bf16 may differ from process to process, and with it the clusters of a run that is gone on with.</summary>
    [Theory]
    [InlineData(Precision.Fp32, Precision.Auto, "fp32")]
    [InlineData(Precision.Bf16, Precision.Auto, "bf16")]
    [InlineData(Precision.Bf16, Precision.Fp32, "fp32")]
    public void It_clusters_in_the_precision_that_it_trains_in_unless_the_recipe_names_another(Precision training, Precision asked, string expected)
    {
        using var run = new TinyRun();
        run.Run(Still with { Training = Still.Training with { Precision = training }, Clustering = Still.Clustering with { Kmeans = new() { Precision = asked } } }, stopAfter: 1);
        using var report = JsonDocument.Parse(File.ReadAllText(PseudoLabelFiles.ReportFile(run.Folder, 1)));
        var clusterings = report.RootElement.GetProperty("clusterings").EnumerateArray().ToArray();
        clusterings.ShouldNotBeEmpty();
        clusterings.ShouldAllBe(c => c.GetProperty("precision").GetString() == expected);
    }

    private static double Distance(TinyRun run) =>
        PseudoLabelTable.Read(Path.Combine(run.Folder.Path, "pseudo-labels", "iteration-01-audio.parquet")).Rows.Sum(r => (double)r.Distance);

    private static double Momentum(TinyRun run) =>
        Math.Sqrt(run.Tensors().Where(t => t.Key.StartsWith("optimiser.", StringComparison.Ordinal)).Sum(t => Floats(t.Value).Sum(v => (double)v * v)));

    /// <summary>The difference's length as a share of the first's.</summary>
    private static double Change(byte[] before, byte[] after)
    {
        var (a, b) = (Floats(before), Floats(after));
        return Math.Sqrt(a.Zip(b, (x, y) => ((double)x - y) * (x - y)).Sum() / a.Sum(x => (double)x * x));
    }

    private static float[] Floats(byte[] bytes) => MemoryMarshal.Cast<byte, float>(bytes).ToArray();
}
