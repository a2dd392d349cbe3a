using Duet.Learning.Pretext.Clustering;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Pretext.Clustering;

public sealed class EarlyStopTests
{
    [Theory]
    [InlineData(EarlyStopRule.Rises, 3, new[] { 5.0, 4, 5, 6, 7 }, 4)]
    [InlineData(EarlyStopRule.Rises, 3, new[] { 5.0, 4, 5, 6, 5.5, 6, 7, 8 }, 7)] // a fall in between begins the count anew
    [InlineData(EarlyStopRule.Rises, 2, new[] { 5.0, 6, 6, 7, 8 }, 4)] // an equal loss is no rise
    [InlineData(EarlyStopRule.Rises, 0, new[] { 1.0, 2, 3, 4, 5 }, -1)]
    [InlineData(EarlyStopRule.NoNewBest, 3, new[] { 5.0, 4, 6, 5, 4.5, 3 }, 4)]
    [InlineData(EarlyStopRule.NoNewBest, 3, new[] { 5.0, 4, 6, 5, 3.5, 4, 4, 4 }, 7)]
    public void An_iteration_ends_where_the_validation_loss_stops_falling(EarlyStopRule rule, int patience, double[] losses, int ends)
    {
        var state = EarlyStop.Start;
        var ended = -1;
        for (var epoch = 0; epoch < losses.Length && ended < 0; epoch++)
        {
            state = state.After(losses[epoch]);
            ended = state.Ends(rule, patience) ? epoch : -1;
        }

        ended.ShouldBe(ends);
    }
}
