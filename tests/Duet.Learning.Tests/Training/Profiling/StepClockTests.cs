using Duet.Learning.Training.Profiling;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Training.Profiling;

public sealed class StepClockTests
{
    [Fact]
    public void Every_tick_belongs_to_one_phase_of_one_step()
    {
        var clock = new StepClock();
        clock.Start(TimeSpan.FromHours(1));
        clock.Mark(StepPhase.Waiting);
        Thread.Sleep(20);
        clock.MarkForward(TimeSpan.FromHours(1) + TimeSpan.FromMilliseconds(5));
        clock.Mark(StepPhase.Backward);
        clock.Mark(StepPhase.Optimiser);
        var garbage = new byte[100_000];
        clock.EndStep();
        GC.KeepAlive(garbage);
        clock.Mark(StepPhase.Waiting);
        clock.EndStep();

        clock.Steps.Count.ShouldBe(2);
        var first = clock.Steps[0];
        first.Seconds(StepPhase.Inputs).ShouldBe(0.005, 1e-6);
        first.Seconds(StepPhase.Forward).ShouldBeGreaterThan(0.014); // the sleep less the 5 ms that the method says were inputs
        first.Total.ShouldBe(Enum.GetValues<StepPhase>().Sum(first.Seconds), 1e-9);
        first.Allocated.ShouldBeInRange(100_000, 200_000);
        clock.Steps[1].Seconds(StepPhase.Inputs).ShouldBe(0);
        clock.Steps[1].Seconds(StepPhase.Forward).ShouldBe(0);
        clock.Steps[1].Allocated.ShouldBeLessThan(10_000);
    }

    [Fact]
    public void What_comes_before_a_row_of_steps_belongs_to_none()
    {
        var clock = new StepClock();
        clock.Start(TimeSpan.Zero);
        clock.Mark(StepPhase.Waiting);
        Thread.Sleep(200);
        clock.Start(TimeSpan.FromSeconds(7));
        clock.MarkForward(TimeSpan.FromSeconds(7));
        clock.EndStep();
        clock.Steps.ShouldHaveSingleItem().Seconds(StepPhase.Waiting).ShouldBe(0);
        clock.Steps[0].Seconds(StepPhase.Inputs).ShouldBe(0);
    }
}
