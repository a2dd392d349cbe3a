using Duet.Reports.Charts;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Charts;

public sealed class RocChartTests
{
    [Fact]
    public void TheCurveCountsWhatLiesBelowEachEdge()
    {
        var curve = RocCurve.Of("easy", "easy", [0, 1, 2, 3], [6, 2, 2], [0, 1, 3], 1.5);
        curve.Points.ShouldBe([(0, 0), (0, 0.6), (0.25, 0.8), (1, 1)]);
        curve.Used.ShouldNotBeNull();
        curve.Used!.Value.FalseAlarms.ShouldBe(0.125, 1e-12);
        curve.Used!.Value.Hits.ShouldBe(0.7, 1e-12);
    }

    [Theory]
    [InlineData(-1, 0, 0)]
    [InlineData(0, 0, 0)]
    [InlineData(1, 0, 0.6)]
    [InlineData(3, 1, 1)]
    [InlineData(9, 1, 1)]
    public void TheThresholdInUseMayLieAnywhere(double threshold, double falseAlarms, double hits) =>
        RocCurve.Of("easy", "easy", [0, 1, 2, 3], [6, 2, 2], [0, 1, 3], threshold).Used.ShouldBe((falseAlarms, hits));

    [Fact]
    public void WithoutAThresholdThereIsNoRing() =>
        RocChart.Draw("d", [RocCurve.Of("easy", "easy", [0, 1], [1], [1], null)]).Descendants("circle").ShouldBeEmpty();
}
