using SkiaSharp;

namespace Duet.Data.Scenes.Drawing;

/// <summary>
/// Antialiased shapes on a raster canvas, in units of the frame's height. Shadows and glows are one small prepared image, tinted:
/// blur filters would cost more than everything else together.
/// </summary>
internal sealed class Brush : IDisposable
{
    private readonly SKCanvas canvas;
    private readonly SKPaint paint = new() { IsAntialias = true, StrokeCap = SKStrokeCap.Round, StrokeJoin = SKStrokeJoin.Round };
    private readonly SKImage soft = SoftDisc();

    public Brush(SKCanvas canvas) => this.canvas = canvas;

    public SKCanvas Canvas => canvas;

    public void Disc(double x, double y, double radius, SKColor colour)
    {
        if (radius > 0)
        {
            Fill(colour);
            canvas.DrawCircle((float)x, (float)y, (float)radius, paint);
        }
    }

    /// <summary>A disc with a highlight and a darker rim: it reads as round.</summary>
    public void Sphere(double x, double y, double radius, SKColor colour)
    {
        Disc(x, y, radius, Palette.Shade(colour, -0.28));
        Disc(x - (0.06 * radius), y - (0.08 * radius), 0.88 * radius, colour);
        Disc(x - (0.32 * radius), y - (0.36 * radius), 0.34 * radius, Palette.Clear(Palette.Shade(colour, 0.75), 0.6));
    }

    public void Oval(double x, double y, double radiusX, double radiusY, SKColor colour)
    {
        Fill(colour);
        canvas.DrawOval((float)x, (float)y, (float)radiusX, (float)radiusY, paint);
    }

    public void OvalRing(double x, double y, double radiusX, double radiusY, double width, SKColor colour)
    {
        Stroke(colour, width);
        canvas.DrawOval((float)x, (float)y, (float)radiusX, (float)radiusY, paint);
    }

    public void Ring(double x, double y, double radius, double width, SKColor colour) => OvalRing(x, y, radius, radius, width, colour);

    public void Line(double x1, double y1, double x2, double y2, double width, SKColor colour)
    {
        Stroke(colour, width);
        canvas.DrawLine((float)x1, (float)y1, (float)x2, (float)y2, paint);
    }

    /// <summary>A box by its centre.</summary>
    public void Box(double x, double y, double width, double height, double corner, SKColor colour)
    {
        Fill(colour);
        canvas.DrawRoundRect((float)(x - (width / 2)), (float)(y - (height / 2)), (float)width, (float)height, (float)corner, (float)corner, paint);
    }

    public void Polygon(SKColor colour, params ReadOnlySpan<(double X, double Y)> points)
    {
        using var path = Path(points);
        path.Close();
        Fill(colour);
        canvas.DrawPath(path, paint);
    }

    public void Polyline(double width, SKColor colour, params ReadOnlySpan<(double X, double Y)> points)
    {
        using var path = Path(points);
        Stroke(colour, width);
        canvas.DrawPath(path, paint);
    }

    /// <summary>Soft-edged darkness, as under an object.</summary>
    public void Shadow(double x, double y, double radiusX, double radiusY, double alpha = 0.4) => Soft(x, y, radiusX, radiusY, Palette.Clear(SKColors.Black, alpha));

    /// <summary>Soft-edged light.</summary>
    public void Glow(double x, double y, double radius, SKColor colour, double alpha) => Soft(x, y, radius, radius, Palette.Clear(colour, alpha));

    /// <summary>Runs <paramref name="draw"/> in coordinates moved, turned and scaled.</summary>
    public void At(double x, double y, double radians, double scaleX, double scaleY, Action draw)
    {
        canvas.Save();
        canvas.Translate((float)x, (float)y);
        canvas.RotateRadians((float)radians);
        canvas.Scale((float)scaleX, (float)scaleY);
        draw();
        canvas.Restore();
    }

    public void Dispose()
    {
        paint.Dispose();
        soft.Dispose();
    }

    private static SKPath Path(ReadOnlySpan<(double X, double Y)> points)
    {
        var path = new SKPath();
        path.MoveTo((float)points[0].X, (float)points[0].Y);
        foreach (var (x, y) in points[1..])
        {
            path.LineTo((float)x, (float)y);
        }

        return path;
    }

    private static SKImage SoftDisc()
    {
        const int size = 32;
        var pixels = new byte[size * size];
        for (var y = 0; y < size; y++)
        {
            for (var x = 0; x < size; x++)
            {
                var radius = Math.Min(1, Math.Sqrt(Math.Pow(x - 15.5, 2) + Math.Pow(y - 15.5, 2)) / 15.5);
                pixels[(y * size) + x] = (byte)Math.Round(255 * Math.Pow(Math.Cos(radius * Math.PI / 2), 2));
            }
        }

        return SKImage.FromPixelCopy(new SKImageInfo(size, size, SKColorType.Alpha8, SKAlphaType.Premul), pixels, size);
    }

    private void Soft(double x, double y, double radiusX, double radiusY, SKColor colour)
    {
        if (colour.Alpha == 0)
        {
            return;
        }

        Fill(colour);
        var area = new SKRect((float)(x - radiusX), (float)(y - radiusY), (float)(x + radiusX), (float)(y + radiusY));
        canvas.DrawImage(soft, area, new SKSamplingOptions(SKFilterMode.Linear), paint);
    }

    private void Fill(SKColor colour)
    {
        paint.Style = SKPaintStyle.Fill;
        paint.Color = colour;
    }

    private void Stroke(SKColor colour, double width)
    {
        paint.Style = SKPaintStyle.Stroke;
        paint.Color = colour;
        paint.StrokeWidth = (float)width;
    }
}
