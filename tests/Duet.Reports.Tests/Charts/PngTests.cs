using Duet.Reports.Charts;
using Shouldly;
using SkiaSharp;
using Xunit;

namespace Duet.Reports.Tests.Charts;

public sealed class PngTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(257, 40)]
    public void AnotherLibraryReadsEveryPixelBack(int width, int height)
    {
        var pixels = Enumerable.Range(0, width * height).Select(i => (byte)((i * 7) + (i / width))).ToArray();

        using var image = SKBitmap.Decode(Png.Encode(pixels, width, height, ColourMap.Spectrogram));

        (image.Width, image.Height).ShouldBe((width, height));
        for (int i = 0; i < pixels.Length; i++)
        {
            var palette = ColourMap.Spectrogram.AsSpan(pixels[i] * 3, 3);
            image.GetPixel(i % width, i / width).ShouldBe(new SKColor(palette[0], palette[1], palette[2]));
        }
    }

    [Fact]
    public void ThePaletteGrowsLighterStepByStep()
    {
        var light = Enumerable.Range(0, 256).Select(i => ColourMap.Spectrogram.AsSpan(i * 3, 3)[0] * 0.2126
            + ColourMap.Spectrogram[(i * 3) + 1] * 0.7152 + ColourMap.Spectrogram[(i * 3) + 2] * 0.0722).ToList();
        for (int i = 1; i < 256; i++)
        {
            light[i].ShouldBeGreaterThan(light[i - 1] - 0.6, $"at {i}");
        }

        light[255].ShouldBeGreaterThan(light[0] + 200);
    }

    [Fact]
    public void SizesMustAgree()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => Png.Encode(new byte[5], 2, 3, ColourMap.Spectrogram));
        Should.Throw<ArgumentOutOfRangeException>(() => Png.Encode([], 0, 3, ColourMap.Spectrogram));
        Should.Throw<ArgumentOutOfRangeException>(() => Png.Encode(new byte[6], 2, 3, new byte[3]));
    }
}
