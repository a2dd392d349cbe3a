using Duet.Reports.Charts;
using Duet.Reports.Input;
using SkiaSharp;

namespace Duet.Reports.Tests.Synthetic;

/// <summary>A store that draws its frames when asked: a ball that bounces every 0.6 s.</summary>
internal sealed class DrawnStore : IStoreView
{
    public string? Fingerprint { get; init; } = "9f2c51d0a1b7a3f4c0de55aa10ff3391d8f01b2c3d4e5f60718293a4b5c6d7e8";

    public long ReadyVideos => 400;

    public IReadOnlyList<QuarantinedFile>? Quarantined { get; init; } = [];

    public FrameStrip? Frames(string videoId, double from, double to)
    {
        const int Width = 96, Height = 72;
        double aspect = (double)Width / Height;
        int count = SyncStrip.FramesFor(aspect).Count;
        return new FrameStrip([.. Enumerable.Range(0, count).Select(i => Draw(from + ((to - from) * (i + 0.5) / count), Width, Height))], aspect);
    }

    private static byte[] Draw(double seconds, int width, int height)
    {
        using var surface = SKSurface.Create(new SKImageInfo(width, height));
        using var paint = new SKPaint();
        surface.Canvas.Clear(new SKColor(58, 74, 96));
        paint.Color = new SKColor(40, 50, 64);
        surface.Canvas.DrawRect(0, height - 10, width, 10, paint);
        double phase = seconds % 0.6 / 0.6;
        paint.Color = new SKColor(240, 150, 70);
        paint.IsAntialias = true;
        surface.Canvas.DrawCircle((float)(20 + (seconds * 18)), (float)(height - 19 - (160 * phase * (1 - phase))), 9, paint);
        using var image = surface.Snapshot();
        using var data = image.Encode(SKEncodedImageFormat.Jpeg, 85);
        return data.ToArray();
    }
}
