using Duet.Data.Scenes.Drawing;
using Duet.Data.Scenes.Sound;

namespace Duet.Data.Scenes.Kinds;

/// <summary>A hammer that falls on an anvil: sparks, and the inharmonic modes of a free bar.</summary>
internal sealed class HammerAct : IAct
{
    private const double Fall = 0.13;
    private const double Raised = 1.15;
    private readonly Strokes strokes;
    private readonly double size;
    private readonly double pitch;
    private readonly double decay;
    private readonly Mode[] modes;
    private readonly double[] sparks;
    private readonly Palette palette;

    public HammerAct(SceneSetup setup)
    {
        palette = setup.Palette;
        strokes = Strokes.Draw(setup, 0.28, 0.68);
        size = setup.Dice.Uniform(0, 1);
        pitch = 1.5 * setup.Pitch(size);
        decay = setup.Dice.LogUniform(0.35, 0.9);
        double Off() => setup.Dice.Uniform(0.97, 1.03);
        modes = [new(1, 0.6, 1), new(2.756 * Off(), 0.55, 0.8), new(5.404 * Off(), 0.4, 0.5), new(1.52 * Off(), 0.35, 0.9), new(3.83 * Off(), 0.3, 0.6)];
        sparks = [.. Enumerable.Range(0, 24).Select(_ => setup.Dice.Uniform(-1, 1))];
        Parameters = new Dictionary<string, double>(StringComparer.Ordinal) { ["size"] = size, ["pitch_hz"] = pitch, ["decay_seconds"] = decay };
    }

    public IReadOnlyList<SceneEvent> Events => strokes.Events;

    public IReadOnlyDictionary<string, double> Parameters { get; }

    public void Draw(Brush brush, double time)
    {
        var (index, since) = strokes.Last(time);
        var (next, until) = strokes.Next(time);
        var rise = 1 - Math.Exp(-since / 0.07);
        var fall = until < Fall ? Math.Pow(until / Fall, 0.6) : 1;
        var reach = next < strokes.Strengths.Length ? 0.55 + (0.45 * strokes.Strengths[next]) : 1;
        var angle = Raised * rise * fall * reach;
        var flash = strokes.Flash(time, 0.07);
        var top = 0.16;

        brush.Shadow(-0.05, 0.47, 0.42, 0.06);
        var iron = palette.Second;
        brush.Polygon(Palette.Shade(iron, -0.3), (-0.22, 0.46), (0.16, 0.46), (0.06, 0.33), (-0.12, 0.33));
        brush.Polygon(iron, (-0.34, top), (0.22, top), (0.3, top + 0.03), (0.14, top + 0.13), (0.06, top + 0.2), (-0.12, top + 0.2), (-0.2, top + 0.12));
        brush.Box(-0.06, top + 0.015, 0.56, 0.03, 0.01, Palette.Shade(iron, 0.35 + (0.4 * flash)));

        brush.At(0.5, 0.06, angle, 1, 1, () =>
        {
            brush.Line(0, 0, -0.5, 0, 0.05, Palette.Shade(palette.Accent, -0.35));
            var head = 0.11 + (0.04 * size);
            brush.Box(-0.53, 0, 0.14, 2 * head, 0.02, Palette.Shade(palette.Main, -0.2));
            brush.Box(-0.545, -0.01, 0.1, 1.85 * head, 0.02, palette.Main);
        });
        if (index >= 0 && since < 0.25)
        {
            brush.Glow(-0.04, top, 0.34, palette.Accent, 0.9 * flash);
            for (var i = 0; i < 8; i++)
            {
                var vx = 1.3 * sparks[((3 * index) + i) % sparks.Length];
                var vy = -1.3 - (0.6 * sparks[((5 * index) + (2 * i)) % sparks.Length]);
                var x = -0.04 + (vx * since);
                var y = top + (vy * since) + (5 * since * since);
                brush.Line(x, y, x - (0.035 * vx), y - (0.035 * (vy + (10 * since))), 0.018, Palette.Clear(Palette.Shade(palette.Accent, 0.3), 1.3 * flash));
            }
        }
    }

    public void Sound(SoundTrack track)
    {
        foreach (var stroke in strokes.Events)
        {
            Synthesis.Strike(track, stroke.Time, pitch, decay, 0.6 * stroke.Strength, modes);
            Synthesis.Burst(track, stroke.Time, 3.5 * pitch, 0.7, 0.04, 0.3 * stroke.Strength);
        }
    }
}
