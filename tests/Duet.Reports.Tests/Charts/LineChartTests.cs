using System.Xml.Linq;
using Duet.Reports.Charts;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Charts;

public sealed class LineChartTests
{
    [Fact]
    public void AValueThatIsNotFiniteBreaksTheLine()
    {
        var chart = Chart([0, 1, double.NaN, 3, 4, double.PositiveInfinity, 6]);
        string path = (string)Path(chart).Attribute("d")!;
        path.Count(c => c == 'M').ShouldBe(3);
        path.ShouldNotContain("NaN");
        path.Count(c => c == 'L').ShouldBe(2);
    }

    [Fact]
    public void ASinglePointIsADot() => Chart([5]).Descendants("circle").ShouldContain(c => (string?)c.Attribute("class") == "dot");

    [Fact]
    public void NothingFiniteIsNoChart() => new LineChart { Title = "t", XName = "step", Series = [new Series("a", "train", [1, 2], [double.NaN, double.NaN])] }.Draw().ShouldBeNull();

    [Fact]
    public void ManyPointsAreAveragedAndTheirRangeIsKept()
    {
        var values = Enumerable.Range(0, 1000).Select(i => i % 2 == 0 ? 1.0 : 3.0).ToList();
        var thinned = Thinned.Of(new Series("a", "train", [.. Enumerable.Range(0, 1000).Select(i => (double)i)], values), 100);
        thinned.Points.Count.ShouldBe(100);
        thinned.Points.ShouldAllBe(p => p.Mean == 2 && p.Low == 1 && p.High == 3);
        thinned.Points[0].X.ShouldBe(4.5);
        thinned.Points[^1].X.ShouldBe(994.5);
    }

    [Fact]
    public void FewPointsAreKeptAsTheyAre()
    {
        var thinned = Thinned.Of(new Series("a", "train", [10, 20, 30], [1, double.NaN, 2]), 100);
        thinned.Points.ShouldBe([new ThinnedPoint(10, 1, 1, 1, AfterGap: false), new ThinnedPoint(30, 2, 2, 2, AfterGap: true)]);
    }

    [Fact]
    public void TooltipsTellTheValuesOfAllSeries()
    {
        var chart = new LineChart
        {
            Title = "t",
            XName = "step",
            Series = [new Series("a", "train", [1, 2], [0.25, 0.5]), new Series("b", "held-out", [2], [0.75])],
        }.Draw()!;
        chart.Descendants("title").Select(t => t.Value).ShouldBe(["step 1\na: 0.25\nb: 0.75", "step 2\na: 0.5\nb: 0.75"]);
    }

    [Fact]
    public void StagesAreShadedAndNamedWhereTheNameFits()
    {
        var chart = new LineChart
        {
            Title = "t",
            XName = "step",
            Series = [new Series("a", "train", [0, 100], [1, 2])],
            Stretches = [new Stretch(0, 90, "easy"), new Stretch(90, 100, "75 % easy + 25 % hard")],
        }.Draw()!;
        chart.Descendants("rect").Count(r => ((string?)r.Attribute("class"))?.StartsWith("stage", StringComparison.Ordinal) == true).ShouldBe(2);
        chart.Descendants("text").Where(t => (string?)t.Attribute("class") == "stage-name").Select(t => t.Value).ShouldBe(["easy"]);
        chart.Descendants("title").Select(t => t.Value).ShouldContain("75 % easy + 25 % hard");
    }

    private static XElement Chart(IReadOnlyList<double> values) => new LineChart
    {
        Title = "t",
        XName = "step",
        Series = [new Series("a", "train", [.. values.Select((_, i) => (double)i)], values)],
    }.Draw()!;

    private static XElement Path(XElement chart) => chart.Descendants("path").Single(p => (string?)p.Attribute("class") == "line");
}
