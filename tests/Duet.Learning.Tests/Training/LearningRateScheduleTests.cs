using Duet.Learning.Training;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Training;

public sealed class LearningRateScheduleTests
{
    private static readonly LearningRateOptions Warm = new() { Base = 0.4, WarmupEpochs = 2, WarmupFrom = 0.25 };

    [Fact]
    public void The_warm_up_is_a_straight_line_from_its_share_to_the_base()
    {
        var schedule = new LearningRateSchedule(Warm, stepsPerEpoch: 10, epochs: 5);
        schedule.At(0).ShouldBe(0.1, 1e-12);
        schedule.At(10).ShouldBe(0.25, 1e-12);
        schedule.At(19).ShouldBe(0.1 + (0.3 * 19 / 20), 1e-12);
        schedule.At(20).ShouldBe(0.4, 1e-12);
        schedule.At(1_000_000).ShouldBe(0.4, 1e-12);
    }

    [Fact]
    public void Steps_are_counted_from_the_end_of_the_warm_up()
    {
        var schedule = new LearningRateSchedule(Warm with { Schedule = LearningRateShape.Step, StepEpochs = 2, Gamma = 0.1 }, 10, 10);
        schedule.At(39).ShouldBe(0.4, 1e-12);
        schedule.At(40).ShouldBe(0.04, 1e-12);
        schedule.At(60).ShouldBe(0.004, 1e-12);
    }

    [Fact]
    public void The_cosine_starts_at_the_base_passes_the_middle_and_ends_at_its_share()
    {
        var schedule = new LearningRateSchedule(Warm with { Schedule = LearningRateShape.Cosine, FinalShare = 0.1 }, 10, 6);
        schedule.At(20).ShouldBe(0.4, 1e-12);
        schedule.At(40).ShouldBe(0.4 * 0.55, 1e-12);
        schedule.At(60).ShouldBe(0.04, 1e-12);
        schedule.At(100).ShouldBe(0.04, 1e-12);
    }

    [Fact]
    public void A_plateau_reduces_when_the_loss_has_not_fallen_for_more_than_its_patience()
    {
        double[] losses = [1.0, 0.9, 0.95, 0.9, 0.91, 0.8, 0.8, 0.8, 0.8, 0.8, 0.7];
        var state = PlateauState.Start;
        var reductions = losses.Select(l => (state = state.After(l, patience: 2)).Reductions).ToArray();
        reductions.ShouldBe([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2]);
        var schedule = new LearningRateSchedule(Warm with { Schedule = LearningRateShape.Plateau, Gamma = 0.5 }, 10, 20);
        schedule.At(50, plateaus: 2).ShouldBe(0.1, 1e-12);
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        Names(new LearningRateOptions { Base = 0, WarmupEpochs = -1, WarmupFrom = 2, Gamma = 0, StepEpochs = 0, Patience = -1, FinalShare = double.NaN }.Validate())
            .ShouldBe(["Base", "WarmupEpochs", "WarmupFrom", "StepEpochs", "Gamma", "Patience", "FinalShare"]);
        Names(new OptimiserOptions { Momentum = 1, Nesterov = true, WeightDecay = -1, Beta1 = 1, Beta2 = -1, Epsilon = 0, Name = OptimiserName.AdamW }.Validate())
            .ShouldBe(["Momentum", "Nesterov", "WeightDecay", "Beta1", "Beta2", "Epsilon"]);
        Names(new TrainingOptions { Batch = 1, ClipNorm = -1, KeepCheckpoints = 0 }.Validate()).ShouldBe(["Batch", "KeepCheckpoints", "ClipNorm"]);
        Names(new TrainingOptions().Validate()).ShouldBeEmpty();
    }

    private static IEnumerable<string> Names(IEnumerable<Duet.Data.ValidationError> errors) => errors.Select(e => e.Property);
}
