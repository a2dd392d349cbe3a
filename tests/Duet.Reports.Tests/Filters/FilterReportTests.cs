using Duet.Reports.Filters;
using Duet.Reports.Tests.Synthetic;
using Shouldly;
using SkiaSharp;
using Xunit;

namespace Duet.Reports.Tests.Filters;

public sealed class FilterReportTests
{
    [Fact]
    public void ColoursAreDrawnAroundMidGreyFrameByFrame()
    {
        // One filter, red in the first frame's upper left pixel, dark blue in the second frame's lower right one.
        var weights = new float[3 * 2 * 4];
        weights[0] = 2;
        weights[(2 * 2 * 4) + 4 + 3] = -1;

        using var drawn = Decode(FilterSheet.Draw(weights, FilterLayout.Of([1, 3, 2, 2, 2], "video"), null));

        (drawn.Width, drawn.Height).ShouldBe((5, 2)); // two frames of two pixels, one between them
        drawn.GetPixel(0, 0).ShouldBe(new SKColor(255, 128, 128));
        drawn.GetPixel(4, 1).ShouldBe(new SKColor(128, 128, 64));
        drawn.GetPixel(1, 1).ShouldBe(new SKColor(128, 128, 128));
        drawn.GetPixel(2, 0).Alpha.ShouldBe((byte)0);
    }

    [Fact]
    public void ASpectralFiltersTimeRunsToTheRightAndItsMelsUpwards()
    {
        var weights = new float[2 * 3];
        weights[(1 * 3) + 0] = 1; // the later step, the lowest band

        using var drawn = Decode(FilterSheet.Draw(weights, FilterLayout.Of([1, 1, 2, 3], "audio"), null));

        (drawn.Width, drawn.Height).ShouldBe((2, 3));
        drawn.GetPixel(1, 2).ShouldBe(Colour(1));
        drawn.GetPixel(0, 0).ShouldBe(Colour(0));
    }

    [Fact]
    public void TemporalFiltersAreStripsOfTimeByInputs()
    {
        float[] weights = [0, 0, -1, 1, 0, 0]; // two inputs, three steps

        using var drawn = Decode(FilterSheet.Draw(weights, FilterLayout.Of([1, 2, 3, 1, 1], "video"), null));

        (drawn.Width, drawn.Height).ShouldBe((3, 2));
        drawn.GetPixel(2, 0).ShouldBe(Colour(-1));
        drawn.GetPixel(0, 1).ShouldBe(Colour(1));
    }

    [Fact]
    public void EachFilterHasItsOwnScaleOrAllHaveOne()
    {
        float[] weights = [0.1f, 0, 1, 0];
        var layout = FilterLayout.Of([2, 1, 1, 2], "audio");

        using var own = Decode(FilterSheet.Draw(weights, layout, null));
        using var common = Decode(FilterSheet.Draw(weights, layout, 1));

        own.GetPixel(0, 1).ShouldBe(Colour(1)); // the lowest band is below
        common.GetPixel(0, 1).ShouldBe(Colour(0.1));
        FilterSheet.CommonScale(new FilterBank("w", [2, 1, 1, 2], weights, [0, 0, 0, -3])).ShouldBe(3);
    }

    [Fact]
    public void DeadAndBrokenFiltersAreDrawnToo()
    {
        using var drawn = Decode(FilterSheet.Draw([0, float.NaN], FilterLayout.Of([2, 1, 1, 1], "audio"), null));

        drawn.GetPixel(0, 0).ShouldBe(Colour(0));
        drawn.GetPixel(3, 0).ShouldBe(new SKColor(0, 0, 0));
    }

    [Theory]
    [InlineData("video", "space-time filters", 64, 3, 3, 7, 7)]
    [InlineData("video", "spatial filters", 45, 3, 1, 7, 7)]
    [InlineData("video", "temporal filters", 64, 45, 3, 1, 1)]
    [InlineData("audio", "filters of conv1", 64, 1, 7, 7)]
    public void EveryStemHasItsPage(string modality, string named, params int[] shape)
    {
        var page = Write(modality, ownStart: true, shape, "<script>alert(1)</script>");

        page.Text.ShouldContain(named);
        page.Root.Descendants("img").Count().ShouldBe(6); // learned, random, difference; two scales
        page.Root.Descendants("script").ShouldBeEmpty();
        page.Text.ShouldContain("<script>alert(1)</script>");
        page.Root.Descendants("img").ShouldAllBe(i => ((string)i.Attribute("src")!).StartsWith("data:image/png;base64,", StringComparison.Ordinal));
    }

    [Fact]
    public void AStartThatIsNotTheRunsIsNotSubtracted()
    {
        var page = Write("audio", ownStart: false, [4, 1, 3, 3], "run");

        page.Root.Descendants("img").Count().ShouldBe(4);
        page.Text.ShouldContain("doesn't say which seed");
    }

    [Fact]
    public void ShapesMustFit() =>
        Should.Throw<ArgumentException>(() => FilterReport.Write("nowhere.html", "run", [Encoder("audio", true, new FilterBank("w", [4, 1, 3, 3], new float[35], new float[36]))])).Message.ShouldContain("35 learned");

    private static ReportPage Write(string modality, bool ownStart, int[] shape, string name)
    {
        int count = shape.Aggregate(1, (a, b) => a * b);
        var bank = new FilterBank(name, shape, [.. Enumerable.Range(0, count).Select(i => (float)Math.Sin(i))], [.. Enumerable.Range(0, count).Select(i => (float)Math.Cos(i))]);
        string path = Path.Combine(Path.GetTempPath(), $"duet-filters-{Guid.NewGuid():N}.html");
        try
        {
            FilterReport.Write(path, name, [Encoder(modality, ownStart, bank)]).Count.ShouldBe(1);
            return new ReportPage(File.ReadAllText(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static EncoderFilters Encoder(string modality, bool ownStart, FilterBank bank) => new(modality, "net", "avts", 10, 0, ownStart, [bank]);

    private static SKBitmap Decode(FilterSheet sheet)
    {
        var bitmap = SKBitmap.Decode(sheet.Png, new SKImageInfo(sheet.Width, sheet.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        (bitmap.Width, bitmap.Height).ShouldBe((sheet.Width, sheet.Height));
        return bitmap;
    }

    private static SKColor Colour(double value)
    {
        var (r, g, b) = FilterSheet.SignedColour(value);
        return new SKColor(r, g, b);
    }
}
