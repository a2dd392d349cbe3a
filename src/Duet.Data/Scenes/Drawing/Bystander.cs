using SkiaSharp;

namespace Duet.Data.Scenes.Drawing;

/// <summary>A silent thing that moves on its own: discs, bars, spokes, rings and rods such as the acts are made of.</summary>
internal sealed class Bystander
{
    private readonly int shape;
    private readonly double x;
    private readonly double y;
    private readonly double size;
    private readonly double reachX;
    private readonly double reachY;
    private readonly double rateX;
    private readonly double rateY;
    private readonly double phase;
    private readonly double turn;
    private readonly double alpha;
    private readonly SKColor colour;

    public Bystander(double aspect, Palette palette, Dice dice)
    {
        shape = dice.Integer(6);
        x = aspect * dice.Uniform(-0.45, 0.45);
        y = dice.Uniform(-0.42, 0.42);
        size = dice.LogUniform(0.05, 0.17);
        reachX = dice.Uniform(0, 0.3);
        reachY = dice.Uniform(0, 0.3);
        rateX = dice.Uniform(0.8, 3);
        rateY = dice.Uniform(0.8, 3);
        phase = dice.Uniform(0, 2 * Math.PI);
        turn = dice.Sign() * dice.Uniform(0.4, 2.2);
        alpha = dice.Uniform(0.45, 0.85);
        colour = dice.Pick([palette.Main, palette.Second, palette.Accent, palette.BackSecond, palette.Line]);
    }

    public void Draw(Brush brush, double time)
    {
        var px = x + (reachX * Math.Sin((rateX * time) + phase));
        var py = y + (reachY * Math.Cos((rateY * time) + phase));
        var tint = Palette.Clear(colour, alpha);
        var angle = (turn * time) + phase;
        switch (shape)
        {
            case 0:
                brush.Sphere(px, py, size, tint);
                break;
            case 1:
                brush.At(px, py, angle, 1, 1, () => brush.Box(0, 0, 2.6 * size, 0.6 * size, 0.1 * size, tint));
                break;
            case 2:
                brush.At(px, py, angle, 1, 1, () =>
                {
                    brush.Ring(0, 0, size, 0.02, tint);
                    brush.Line(-size, 0, size, 0, 0.018, tint);
                    brush.Line(0, -size, 0, size, 0.018, tint);
                });
                break;
            case 3:
                brush.Ring(px, py, size * (1 + (0.3 * Math.Sin(angle))), 0.025, tint);
                break;
            case 4:
                var tip = 0.9 * Math.Sin(angle);
                brush.Line(px, py, px + (2.2 * size * Math.Sin(tip)), py + (2.2 * size * Math.Cos(tip)), 0.03, tint);
                brush.Disc(px + (2.2 * size * Math.Sin(tip)), py + (2.2 * size * Math.Cos(tip)), 0.4 * size, tint);
                break;
            default:
                brush.At(px, py, angle, 1, 1, () => brush.Polygon(tint, (0, -size), (0.87 * size, 0.5 * size), (-0.87 * size, 0.5 * size)));
                break;
        }
    }
}
