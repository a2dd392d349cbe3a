using System.Globalization;
using System.Xml.Linq;
using Duet.Reports.Charts;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Charts;

public sealed class SyncStripTests
{
    private static readonly (double, double)[] Curve = [(-0.4, 0.9), (-0.2, 0.7), (0, 0.5), (0.2, 0.3), (0.4, 0.8)];

    [Fact]
    public void ZeroAndTheMinimumAreMarkedAndTheSignIsExplained()
    {
        var svg = SyncStrip.Draw(new StripData { From = 1, To = 2, Clip = (1, 2), Distances = Curve, Threshold = 0.6, Description = "d" });
        Texts(svg).ShouldContain("closest at +0.2\u00A0s");
        Texts(svg).ShouldContain("as recorded");
        Texts(svg).ShouldContain(t => t.Contains("+ the sound is later than the picture", StringComparison.Ordinal));
        var ring = svg.Descendants("circle").Single(c => (string?)c.Attribute("class") == "minimum");
        var dots = svg.Descendants("circle").Where(c => (string?)c.Attribute("class") == "dot").ToList();
        dots.Count.ShouldBe(5);
        ((string)ring.Attribute("cx")!).ShouldBe((string)dots[3].Attribute("cx")!);
        dots.ShouldAllBe(d => Number(d, "cy") <= Number(ring, "cy"), "the minimum is drawn lowest");
    }

    [Fact]
    public void WhereTheStripShowsAllTheSoundEachDistanceStandsUnderIt()
    {
        var svg = SyncStrip.Draw(new StripData { From = 0, To = 4, Clip = (1.5, 2.5), Distances = Curve, Spectrogram = ([1], 0, 4), Description = "d" });
        var clip = svg.Descendants("rect").Single(r => (string?)r.Attribute("class") == "clip");
        var zero = svg.Descendants("line").Single(l => (string?)l.Attribute("class") == "zero");
        Number(zero, "x1").ShouldBe(Number(clip, "x") + (Number(clip, "width") / 2), 0.02);
        var dots = svg.Descendants("circle").Where(c => (string?)c.Attribute("class") == "dot").ToList();
        (Number(dots[4], "cx") - Number(zero, "x1")).ShouldBe(Number(clip, "width") * 0.4, 0.02);
    }

    [Fact]
    public void WithoutPicturesAndSoundTheCurveStandsAlone()
    {
        var svg = SyncStrip.Draw(new StripData { From = 1, To = 2, Clip = (1, 2), Distances = Curve, Description = "d" });
        svg.Descendants("image").ShouldBeEmpty();
        Texts(svg).ShouldNotContain("seconds into the video");
    }

    [Fact]
    public void ASingleOffsetIsStillDrawn() =>
        SyncStrip.Draw(new StripData { From = 1, To = 2, Clip = (1, 2), Distances = [(0.5, 0.25)], Description = "d" }).ToString().ShouldNotContain("NaN");

    [Theory]
    [InlineData(16.0 / 9)]
    [InlineData(4.0 / 3)]
    [InlineData(1)]
    [InlineData(9.0 / 16)]
    [InlineData(100)]
    [InlineData(0.001)]
    public void AnyShapeOfPictureFitsTheStrip(double aspect)
    {
        var (count, height) = SyncStrip.FramesFor(aspect);
        count.ShouldBeInRange(3, 12);
        height.ShouldBeInRange(10, 130);
    }

    private static List<string> Texts(XElement svg) => [.. svg.Descendants("text").Select(t => t.Value)];

    private static double Number(XElement element, string name) => double.Parse((string)element.Attribute(name)!, CultureInfo.InvariantCulture);
}
