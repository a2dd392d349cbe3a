using Duet.Data.Scenes.Drawing;
using Duet.Data.Scenes.Sound;

namespace Duet.Data.Scenes.Kinds;

/// <summary>Two drums and two sticks: the smaller drum is higher; a circular membrane's modes over the rattle of snares.</summary>
internal sealed class DrumAct : IAct
{
    private static readonly Mode[] Membrane = [new(1, 1, 1), new(1.594, 0.6, 0.75), new(2.136, 0.4, 0.6), new(2.296, 0.35, 0.55), new(2.653, 0.25, 0.5)];
    private readonly Strokes strokes;
    private readonly int[] drums;
    private readonly double[] sizes;
    private readonly double[] pitches;
    private readonly double decay;
    private readonly double snare;
    private readonly double snareDecay;
    private readonly Palette palette;

    public DrumAct(SceneSetup setup)
    {
        palette = setup.Palette;
        strokes = Strokes.Draw(setup);
        var size = setup.Dice.Uniform(0.3, 1);
        sizes = [size, size * setup.Dice.Uniform(0.66, 0.8)];
        var pitch = setup.Pitch(size);
        pitches = [pitch, pitch * sizes[0] / sizes[1]];
        drums = new int[strokes.Times.Length];
        for (var i = 0; i < drums.Length; i++)
        {
            drums[i] = setup.Dice.Chance(0.5) ? 1 : 0;
        }

        decay = setup.Dice.LogUniform(0.18, 0.4);
        snare = setup.Dice.Uniform(0.35, 0.6);
        snareDecay = setup.Dice.LogUniform(0.12, 0.28);
        Parameters = new Dictionary<string, double>(StringComparer.Ordinal) { ["size"] = size, ["low_pitch_hz"] = pitches[0], ["high_pitch_hz"] = pitches[1], ["decay_seconds"] = decay };
    }

    public IReadOnlyList<SceneEvent> Events => strokes.Events;

    public IReadOnlyDictionary<string, double> Parameters { get; }

    public void Draw(Brush brush, double time)
    {
        for (var drum = 0; drum < 2; drum++)
        {
            var side = drum == 0 ? -1 : 1;
            var x = side * 0.27;
            var radius = 0.2 + (0.09 * sizes[drum]);
            var (last, next) = (Previous(drum, time), Following(drum, time));
            var since = last < 0 ? 9 : time - strokes.Times[last];
            var until = next < 0 ? 9 : strokes.Times[next] - time;
            var hit = last < 0 ? 0 : strokes.Strengths[last] * Math.Exp(-since / 0.09);
            var wobble = hit * Math.Cos(2 * Math.PI * 11 * since);
            var top = 0.1 + (0.035 * wobble);

            brush.Shadow(x, 0.44, radius * 1.25, 0.06);
            brush.Box(x, 0.27, 2 * radius, 0.34, 0.03, drum == 0 ? palette.Main : palette.Second);
            brush.Oval(x, 0.43, radius, 0.06, drum == 0 ? palette.Main : palette.Second);
            brush.Box(x - (0.6 * radius), 0.27, 0.25 * radius, 0.34, 0.02, Palette.Clear(palette.Line, 0.25));
            brush.Oval(x, top, radius * 1.04, 0.085, Palette.Shade(palette.Accent, -0.3));
            brush.Oval(x, top - 0.008, radius, 0.075, Palette.Blend(Palette.Shade(palette.Main, 0.7), palette.Accent, hit));
            if (hit > 0.05)
            {
                brush.OvalRing(x, top - 0.01, Math.Min(1.2, 0.3 + (5 * since)) * radius, Math.Min(1.2, 0.3 + (5 * since)) * 0.08, 0.025, Palette.Clear(palette.Line, hit));
                brush.Glow(x, top, 0.2, palette.Accent, 0.6 * hit);
            }

            var lift = Math.Min(1 - Math.Exp(-since / 0.08), until < 0.11 ? Math.Pow(until / 0.11, 0.7) : 1);
            brush.At(side * 0.62, -0.18, -side * (0.55 - (0.95 * lift)), side, 1, () =>
            {
                brush.Line(0.05, 0.05, -0.36, 0.14, 0.035, Palette.Shade(palette.Line, -0.1));
                brush.Disc(-0.36, 0.14, 0.04, palette.Line);
            });
        }
    }

    public void Sound(SoundTrack track)
    {
        for (var i = 0; i < strokes.Times.Length; i++)
        {
            Synthesis.Strike(track, strokes.Times[i], pitches[drums[i]], decay, 0.6 * strokes.Strengths[i], Membrane);
            Synthesis.Burst(track, strokes.Times[i], 5 * pitches[drums[i]], 0.5, snareDecay, snare * strokes.Strengths[i]);
        }
    }

    private int Previous(int drum, double time)
    {
        var index = Onsets.Last(strokes.Times, time);
        while (index >= 0 && drums[index] != drum)
        {
            index--;
        }

        return index;
    }

    private int Following(int drum, double time)
    {
        var index = Onsets.Last(strokes.Times, time) + 1;
        while (index < drums.Length && drums[index] != drum)
        {
            index++;
        }

        return index < drums.Length ? index : -1;
    }
}
