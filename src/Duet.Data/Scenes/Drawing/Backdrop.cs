using SkiaSharp;

namespace Duet.Data.Scenes.Drawing;

/// <summary>A textured wall behind the action: fractal noise, and often stripes, dots, tiles or blobs. Painted once per video.</summary>
internal sealed class Backdrop : IDisposable
{
    /// <summary>The wall is this much larger than the frame, so that the camera never sees its edge.</summary>
    private const double Reach = 1.7;

    private readonly SKImage image;
    private readonly SKRect area;

    public Backdrop(int width, int height, Palette palette, Dice dice)
    {
        var w = (int)Math.Ceiling(width * Reach);
        var h = (int)Math.Ceiling(height * Reach);
        using var bitmap = new SKBitmap(new SKImageInfo(w, h, SKColorType.Bgra8888, SKAlphaType.Opaque));
        Noise(bitmap, palette, dice);
        using (var canvas = new SKCanvas(bitmap))
        {
            Pattern(canvas, w, h, palette, dice);
        }

        image = SKImage.FromBitmap(bitmap);
        var aspect = (float)width / height;
        area = new SKRect((float)(-aspect * Reach / 2), (float)(-Reach / 2), (float)(aspect * Reach / 2), (float)(Reach / 2));
    }

    public void Draw(SKCanvas canvas) => canvas.DrawImage(image, area, new SKSamplingOptions(SKFilterMode.Linear));

    public void Dispose() => image.Dispose();

    private static void Noise(SKBitmap bitmap, Palette palette, Dice dice)
    {
        var key = dice.Key();
        var scale = dice.LogUniform(3, 14);
        var roughness = dice.Uniform(0.3, 0.6);
        var contrast = dice.Uniform(0.25, 0.9);
        var slopeX = dice.Uniform(-0.5, 0.5);
        var slopeY = dice.Uniform(-0.5, 0.5);
        var ramp = new SKColor[256];
        for (var i = 0; i < ramp.Length; i++)
        {
            ramp[i] = Palette.Blend(palette.Back, palette.BackSecond, i / 255.0);
        }

        var pixels = new SKColor[bitmap.Width * bitmap.Height];
        for (var y = 0; y < bitmap.Height; y++)
        {
            for (var x = 0; x < bitmap.Width; x++)
            {
                var u = (double)x / bitmap.Height;
                var v = (double)y / bitmap.Height;
                var value = 0.0;
                var amplitude = 1.0;
                var frequency = scale;
                for (var octave = 0; octave < 3; octave++, amplitude *= roughness, frequency *= 2.1)
                {
                    value += amplitude * Lattice(key + (ulong)octave, u * frequency, v * frequency);
                }

                var share = 0.5 + (contrast * value) + (slopeX * (u - 0.6)) + (slopeY * (v - 0.5));
                pixels[(y * bitmap.Width) + x] = ramp[(int)(255 * Math.Clamp(share, 0, 1))];
            }
        }

        bitmap.Pixels = pixels;
    }

    /// <summary>Value noise in [-0.5, 0.5]: random numbers on a lattice, smoothly interpolated.</summary>
    private static double Lattice(ulong key, double x, double y)
    {
        var column = Math.Floor(x);
        var row = Math.Floor(y);
        var fx = x - column;
        var fy = y - row;
        fx *= fx * (3 - (2 * fx));
        fy *= fy * (3 - (2 * fy));
        var top = Mix(Corner(key, column, row), Corner(key, column + 1, row), fx);
        var bottom = Mix(Corner(key, column, row + 1), Corner(key, column + 1, row + 1), fx);
        return Mix(top, bottom, fy) - 0.5;
    }

    private static double Mix(double a, double b, double share) => a + ((b - a) * share);

    private static double Corner(ulong key, double column, double row)
    {
        var hash = key ^ unchecked((ulong)(long)column * 0x9E3779B97F4A7C15UL) ^ unchecked((ulong)(long)row * 0xC2B2AE3D27D4EB4FUL);
        hash = (hash ^ (hash >> 31)) * 0xBF58476D1CE4E5B9UL;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBUL;
        return (hash >> 40) / (double)(1 << 24);
    }

    private static void Pattern(SKCanvas canvas, int width, int height, Palette palette, Dice dice)
    {
        using var paint = new SKPaint { IsAntialias = true, Color = Palette.Clear(dice.Chance(0.5) ? palette.BackSecond : palette.Second, dice.Uniform(0.12, 0.4)) };
        var pitch = (float)(height * dice.Uniform(0.07, 0.2));
        var pattern = dice.Integer(5);
        canvas.Translate(width / 2f, height / 2f);
        canvas.RotateDegrees((float)dice.Uniform(0, 180));
        var reach = Math.Max(width, height);
        for (var y = -reach; y < reach && pattern is 1 or 2 or 3; y = (int)(y + pitch))
        {
            if (pattern == 1)
            {
                canvas.DrawRect(-reach, y, 2 * reach, pitch / 2, paint);
                continue;
            }

            for (var x = -(float)reach; x < reach; x += pitch)
            {
                if (pattern == 2)
                {
                    canvas.DrawCircle(x, y, pitch / 4, paint);
                }
                else if ((((int)Math.Round((x + reach) / pitch) + (int)Math.Round((y + reach) / pitch)) & 1) == 0)
                {
                    canvas.DrawRect(x, y, pitch, pitch, paint);
                }
            }
        }

        for (var i = 0; i < 9 && pattern == 4; i++)
        {
            canvas.DrawOval((float)dice.Uniform(-0.5, 0.5) * width, (float)dice.Uniform(-0.5, 0.5) * height, pitch * (float)dice.Uniform(0.4, 1.6), pitch * (float)dice.Uniform(0.4, 1.6), paint);
        }
    }
}
