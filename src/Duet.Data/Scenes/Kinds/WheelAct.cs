using Duet.Data.Scenes.Drawing;
using Duet.Data.Scenes.Sound;

namespace Duet.Data.Scenes.Kinds;

/// <summary>A wheel of fortune that is sped up and slowed down: every peg that passes the tongue clicks.</summary>
internal sealed class WheelAct : IAct
{
    private const int Steps = 1000;
    private readonly double[] angles;
    private readonly int pegs;
    private readonly double radius;
    private readonly double pitch;
    private readonly double decay;
    private readonly double sign;
    private readonly Strokes strokes;
    private readonly Palette palette;

    public WheelAct(SceneSetup setup)
    {
        palette = setup.Palette;
        pegs = setup.Dice.Integer(5, 7);
        sign = setup.Dice.Sign();
        var size = setup.Dice.Uniform(0, 1);
        radius = 0.34 + (0.07 * size);
        pitch = setup.Pitch(size);
        decay = setup.Dice.LogUniform(0.025, 0.07);
        var speed = Trajectory.Wander(setup, 0.35, 0.8, 0.22, 0.35);

        // The angle in pegs, a step each millisecond; between 0.5 and 6 pegs a second, which 12 frames a second can follow.
        var length = (int)Math.Ceiling((setup.Seconds + (2 * Onsets.Margin)) * Steps);
        angles = new double[length + 1];
        angles[0] = setup.Dice.Uniform(0, 1);
        var times = new List<double>();
        for (var i = 0; i < length; i++)
        {
            var rate = 0.5 * Math.Pow(12, speed.At(TimeOf(i + 0.5)));
            angles[i + 1] = angles[i] + (rate / Steps);
            if (Math.Floor(angles[i + 1]) > Math.Floor(angles[i]))
            {
                var part = (Math.Floor(angles[i + 1]) - angles[i]) / (angles[i + 1] - angles[i]);
                times.Add(setup.OnGrid(TimeOf(i + part)));
            }
        }

        strokes = Strokes.At([.. times], [.. times.Select(_ => setup.Dice.Uniform(0.75, 1))]);
        Parameters = new Dictionary<string, double>(StringComparer.Ordinal) { ["pegs"] = pegs, ["radius"] = radius, ["pitch_hz"] = pitch };
    }

    public IReadOnlyList<SceneEvent> Events => strokes.Events;

    public IReadOnlyDictionary<string, double> Parameters { get; }

    public void Draw(Brush brush, double time)
    {
        var at = Math.Clamp((time + Onsets.Margin) * Steps, 0, angles.Length - 1);
        var low = Math.Min((int)at, angles.Length - 2);
        var angle = angles[low] + ((angles[low + 1] - angles[low]) * (at - low));
        var flash = strokes.Flash(time, 0.06);
        brush.Shadow(0.03, 0.09, radius * 1.3, radius * 1.3, 0.35);
        brush.Disc(0, 0.05, radius, Palette.Shade(palette.Second, -0.25));
        brush.Disc(0, 0.05, 0.88 * radius, palette.Second);
        for (var i = 0; i < pegs; i++)
        {
            // Peg 0 stands at the tongue, straight up, whenever the angle is a whole number.
            var turn = sign * 2 * Math.PI * (angle + i) / pegs;
            var (sine, cosine) = Math.SinCos(turn);
            var colour = i == 0 ? palette.Accent : palette.Main;
            brush.Line(0, 0.05, 0.86 * radius * sine, 0.05 - (0.86 * radius * cosine), 0.05, colour);
            brush.Disc(0.94 * radius * sine, 0.05 - (0.94 * radius * cosine), 0.045, Palette.Shade(colour, 0.2));
        }

        brush.Disc(0, 0.05, 0.08, palette.Line);
        var phase = angle - Math.Floor(angle);
        var bend = sign * ((0.6 * Math.Exp(-phase / 0.08)) + (phase > 0.85 ? (phase - 0.85) * 2 : 0));
        brush.At(0, -radius - 0.1, bend, 1, 1, () => brush.Polygon(Palette.Blend(palette.Line, palette.Accent, flash), (0, 0.17), (-0.09, -0.06), (0.09, -0.06)));
        brush.Glow(0, 0.05 - radius, 0.36, Palette.Shade(palette.Accent, 0.3), 1.1 * flash);
    }

    public void Sound(SoundTrack track)
    {
        foreach (var stroke in strokes.Events)
        {
            Synthesis.Burst(track, stroke.Time, 3 * pitch, 1.2, decay, 0.9 * stroke.Strength);
            Synthesis.Strike(track, stroke.Time, pitch, decay, 0.4 * stroke.Strength, [new(1, 1, 1), new(2.4, 0.6, 0.8)]);
        }
    }

    private static double TimeOf(double step) => (step / Steps) - Onsets.Margin;
}
