using Duet.Data.Media;
using Shouldly;
using SkiaSharp;
using Xunit;

namespace Duet.Data.Tests.Media;

public sealed class FilmstripTests
{
    [Fact]
    public void FramesStandSideBySideCroppedAroundTheirCentres()
    {
        // Wide and tall frames with a border that the crop must cut away.
        byte[] strip = Filmstrip.Draw([Frame(200, 60, SKColors.Red), Frame(60, 200, SKColors.Blue), Frame(80, 60, SKColors.Lime)], 80, 60, 90)!;

        using var drawn = SKBitmap.Decode(strip);
        (drawn.Width, drawn.Height).ShouldBe((240, 60));
        Near(drawn.GetPixel(40, 30), SKColors.Red);
        Near(drawn.GetPixel(4, 30), SKColors.Red);
        Near(drawn.GetPixel(120, 4), SKColors.Blue);
        Near(drawn.GetPixel(200, 30), SKColors.Lime);
    }

    [Fact]
    public void AFrameThatCannotBeDecodedGivesNoStrip()
    {
        byte[] good = Frame(80, 60, SKColors.Red);

        Filmstrip.Draw([good, [1, 2, 3]], 80, 60, 90).ShouldBeNull();
        Filmstrip.Draw([good, good[..(good.Length / 2)]], 80, 60, 90).ShouldBeNull();
        using var bitmap = new SKBitmap(4, 4);
        using var png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        Filmstrip.Draw([png.ToArray()], 80, 60, 90).ShouldBeNull();
    }

    private static void Near(SKColor found, SKColor wanted)
    {
        ((double)found.Red).ShouldBe(wanted.Red, 30);
        ((double)found.Green).ShouldBe(wanted.Green, 30);
        ((double)found.Blue).ShouldBe(wanted.Blue, 30);
    }

    /// <summary>One colour in the middle, black at the ends that a crop to 4:3 cuts away.</summary>
    private static byte[] Frame(int width, int height, SKColor colour)
    {
        using var surface = SKSurface.Create(new SKImageInfo(width, height));
        surface.Canvas.Clear(SKColors.Black);
        using var paint = new SKPaint { Color = colour };
        float w = Math.Min(width, (height * 4f / 3) + 8), h = Math.Min(height, (width * 3f / 4) + 8);
        surface.Canvas.DrawRect((width - w) / 2, (height - h) / 2, w, h, paint);
        using var image = surface.Snapshot();
        using var data = image.Encode(SKEncodedImageFormat.Jpeg, 95);
        return data.ToArray();
    }
}
