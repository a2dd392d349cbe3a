using Duet.Data.Scenes.Drawing;
using Duet.Data.Scenes.Sound;

namespace Duet.Data.Scenes.Kinds;

/// <summary>Lamps that light up one at a time; each has its own tone, which lasts for as long as it is lit.</summary>
internal sealed class LampAct : IAct
{
    private readonly Strokes strokes;
    private readonly double[] lengths;
    private readonly int[] lamps;
    private readonly double[] pitches;
    private readonly double[] partials;
    private readonly double radius;
    private readonly Palette palette;

    public LampAct(SceneSetup setup)
    {
        palette = setup.Palette;
        strokes = Strokes.Draw(setup, 0.26, 0.66, 0.75);
        var count = setup.Dice.Integer(1, 3);
        radius = count == 1 ? 0.25 : count == 2 ? 0.19 : 0.15;
        var pitch = setup.Pitch(setup.Dice.Uniform(0, 1)) * 1.2;
        pitches = [pitch, pitch * 1.26, pitch * 1.59];
        partials = [1, setup.Dice.Uniform(0, 0.6), setup.Dice.Uniform(0, 0.5)];
        lamps = new int[strokes.Times.Length];
        lengths = new double[strokes.Times.Length];
        for (var i = 0; i < lamps.Length; i++)
        {
            lamps[i] = setup.Dice.Integer(count);
            var free = i + 1 < lamps.Length ? strokes.Times[i + 1] - strokes.Times[i] : 0.4;
            lengths[i] = setup.OnGrid(free * setup.Dice.Uniform(0.35, 0.7));
        }

        Parameters = new Dictionary<string, double>(StringComparer.Ordinal) { ["lamps"] = count, ["pitch_hz"] = pitch };
    }

    public IReadOnlyList<SceneEvent> Events => strokes.Events;

    public IReadOnlyDictionary<string, double> Parameters { get; }

    public void Draw(Brush brush, double time)
    {
        var (index, since) = strokes.Last(time);
        var lit = index >= 0 && since < lengths[index] ? lamps[index] : -1;
        var count = (int)Parameters["lamps"];
        brush.Shadow(0.02, 0.05, (radius * 1.6 * count) + 0.1, radius * 2, 0.35);
        brush.Box(0, 0, ((radius * 2) + 0.05) * count, (radius * 2) + 0.12, 0.06, Palette.Shade(palette.Second, -0.45));
        brush.Box(0, 0.42, 0.08, 0.3, 0.01, Palette.Shade(palette.Second, -0.45));
        for (var lamp = 0; lamp < count; lamp++)
        {
            var x = (lamp - ((count - 1) / 2.0)) * ((2 * radius) + 0.04);
            if (lamp == lit)
            {
                brush.Glow(x, 0, 3 * radius, Palette.Shade(palette.Accent, 0.3), 0.8);
                brush.Disc(x, 0, radius, Palette.Shade(palette.Accent, 0.45));
                brush.Disc(x, 0, 0.65 * radius, Palette.Shade(palette.Accent, 0.85));
            }
            else
            {
                brush.Disc(x, 0, radius, Palette.Shade(palette.Accent, -0.65));
                brush.Disc(x - (0.3 * radius), -0.35 * radius, 0.25 * radius, Palette.Clear(SkiaSharp.SKColors.White, 0.25));
            }
        }
    }

    public void Sound(SoundTrack track)
    {
        const double ramp = 0.002;
        for (var i = 0; i < lamps.Length; i++)
        {
            var step = 2 * Math.PI * pitches[lamps[i]] / track.SampleRate;
            var target = track.From(strokes.Times[i], lengths[i]);
            for (var n = 0; n < target.Length; n++)
            {
                var edge = Math.Min(1, Math.Min(n + 1, target.Length - n) / (ramp * track.SampleRate));
                var value = 0.0;
                for (var partial = 0; partial < partials.Length; partial++)
                {
                    value += partials[partial] * Math.Sin((partial + 1) * step * n);
                }

                target[n] += (float)(0.45 * edge * strokes.Strengths[i] * value);
            }
        }
    }
}
