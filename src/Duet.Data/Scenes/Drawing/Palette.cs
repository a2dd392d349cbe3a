using SkiaSharp;

namespace Duet.Data.Scenes.Drawing;

/// <summary>A video's colours: a backdrop, and hues that stand out against it. Drawn without knowledge of the kind.</summary>
internal sealed record Palette(SKColor Back, SKColor BackSecond, SKColor Main, SKColor Second, SKColor Accent, SKColor Line)
{
    public static Palette Draw(Dice dice)
    {
        var hue = dice.Uniform(0, 360);
        var dark = dice.Chance(0.5);
        var back = dark ? dice.Uniform(0.10, 0.34) : dice.Uniform(0.60, 0.86);
        var saturation = dice.Uniform(0.08, 0.5);
        var turn = dice.Pick<double>([150, 180, 210, 120, 95]);
        var main = dark ? dice.Uniform(0.52, 0.72) : dice.Uniform(0.26, 0.46);
        return new Palette(
            Colour(hue, saturation, back),
            Colour(hue + dice.Uniform(-40, 40), saturation, Math.Clamp(back + (dice.Sign() * dice.Uniform(0.06, 0.14)), 0.05, 0.93)),
            Colour(hue + turn, dice.Uniform(0.45, 0.9), main),
            Colour(hue + turn + dice.Uniform(25, 70), dice.Uniform(0.3, 0.75), Math.Clamp(main + dice.Uniform(-0.1, 0.1), 0, 1)),
            Colour(hue + turn - dice.Uniform(30, 90), dice.Uniform(0.7, 0.95), dark ? dice.Uniform(0.62, 0.8) : dice.Uniform(0.4, 0.56)),
            Colour(hue, 0.2, dark ? 0.85 : 0.14));
    }

    public static SKColor Colour(double hue, double saturation, double lightness) =>
        SKColor.FromHsl((float)(((hue % 360) + 360) % 360), (float)(saturation * 100), (float)(lightness * 100));

    /// <summary>The colour moved towards white (positive) or black (negative).</summary>
    public static SKColor Shade(SKColor colour, double amount) => Blend(colour, amount >= 0 ? SKColors.White : SKColors.Black, Math.Abs(amount)).WithAlpha(colour.Alpha);

    public static SKColor Blend(SKColor from, SKColor to, double share)
    {
        var s = Math.Clamp(share, 0, 1);
        byte Mix(byte a, byte b) => (byte)Math.Round(a + ((b - a) * s));
        return new SKColor(Mix(from.Red, to.Red), Mix(from.Green, to.Green), Mix(from.Blue, to.Blue), Mix(from.Alpha, to.Alpha));
    }

    public static SKColor Clear(SKColor colour, double alpha) => colour.WithAlpha((byte)Math.Round(Math.Clamp(alpha, 0, 1) * 255));
}
