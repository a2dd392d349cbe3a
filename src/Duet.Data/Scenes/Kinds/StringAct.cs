using Duet.Data.Scenes.Drawing;
using Duet.Data.Scenes.Sound;

namespace Duet.Data.Scenes.Kinds;

/// <summary>Strings that a plectrum plucks one after another; a plucked one is seen to vibrate for as long as it is heard.</summary>
internal sealed class StringAct : IAct
{
    private readonly Strokes strokes;
    private readonly int[] strings;
    private readonly double[] heights;
    private readonly double[] pitches;
    private readonly double decay;
    private readonly double brightness;
    private readonly Palette palette;

    public StringAct(SceneSetup setup)
    {
        palette = setup.Palette;
        strokes = Strokes.Draw(setup);
        var count = setup.Dice.Integer(2, 4);
        heights = [.. Enumerable.Range(0, count).Select(i => (i - ((count - 1) / 2.0)) * 0.6 / (count - 1))];
        var pitch = setup.Pitch(setup.Dice.Uniform(0, 1)) / 1.4;
        pitches = new double[count];
        for (var i = 0; i < count; i++)
        {
            pitches[i] = i == 0 ? pitch : pitches[i - 1] * Math.Pow(2, setup.Dice.Integer(2, 5) / 12.0);
        }

        strings = new int[strokes.Times.Length];
        var last = -1;
        for (var i = 0; i < strings.Length; i++)
        {
            strings[i] = last = setup.Dice.Other(count, last);
        }

        decay = setup.Dice.LogUniform(0.35, 0.9);
        brightness = setup.Dice.Uniform(0.35, 0.8);
        Parameters = new Dictionary<string, double>(StringComparer.Ordinal) { ["strings"] = count, ["lowest_pitch_hz"] = pitch, ["decay_seconds"] = decay };
    }

    public IReadOnlyList<SceneEvent> Events => strokes.Events;

    public IReadOnlyDictionary<string, double> Parameters { get; }

    public void Draw(Brush brush, double time)
    {
        brush.Shadow(0.02, 0.03, 0.68, 0.5, 0.3);
        brush.Box(0, 0, 1.08, 0.82, 0.08, palette.Second);
        brush.Box(0, 0, 1.02, 0.76, 0.06, Palette.Shade(palette.Second, 0.12));
        brush.Disc(-0.12, 0, 0.2, Palette.Shade(palette.Second, -0.5));
        brush.Box(-0.46, 0, 0.05, 0.74, 0.01, Palette.Shade(palette.Second, -0.4));
        brush.Box(0.46, 0, 0.05, 0.74, 0.01, Palette.Shade(palette.Second, -0.4));
        palette.Second.ToHsl(out _, out _, out var lightness);
        var wire = lightness > 45 ? Palette.Colour(0, 0, 0.1) : Palette.Colour(60, 0.15, 0.95);
        for (var i = 0; i < heights.Length; i++)
        {
            DrawString(brush, i, time, wire);
        }

        // The plectrum moves to its string just before it plucks, and past it with the pluck.
        var (last, since) = strokes.Last(time);
        var (next, until) = strokes.Next(time);
        var from = last < 0 ? 0 : heights[strings[last]] + 0.05;
        var to = next < strings.Length ? heights[strings[next]] - 0.04 : from;
        var move = until < 0.14 ? 1 - (until / 0.14) : 0;
        var y = from + ((to - from) * move * move) - (last >= 0 ? 0.12 * Math.Exp(-since / 0.02) : 0);
        brush.Polygon(palette.Accent, (0.14, y + 0.09), (0.04, y - 0.08), (0.24, y - 0.08));
        brush.Disc(0.14, y - 0.09, 0.1, Palette.Shade(palette.Accent, -0.15));
    }

    public void Sound(SoundTrack track)
    {
        for (var i = 0; i < strings.Length; i++)
        {
            Synthesis.Pluck(track, strokes.Times[i], pitches[strings[i]], decay, strokes.Strengths[i], brightness);
        }
    }

    private void DrawString(Brush brush, int which, double time, SkiaSharp.SKColor wire)
    {
        var index = Onsets.Last(strokes.Times, time);
        while (index >= 0 && strings[index] != which)
        {
            index--;
        }

        var since = index < 0 ? 9 : time - strokes.Times[index];
        var swing = index < 0 ? 0 : strokes.Strengths[index] * Math.Exp(-since * 5 / decay);
        Span<(double, double)> line = stackalloc (double, double)[17];
        if (swing > 0.03)
        {
            // The blur of a fast vibration: a lens, and the string at its momentary place.
            Span<(double, double)> lens = stackalloc (double, double)[32];
            for (var i = 0; i < 16; i++)
            {
                var bend = 0.13 * swing * Math.Sin(Math.PI * i / 15);
                lens[i] = (-0.46 + (0.92 * i / 15), heights[which] - bend);
                lens[31 - i] = (-0.46 + (0.92 * i / 15), heights[which] + bend);
            }

            brush.Polygon(Palette.Clear(palette.Main, 0.4 + (0.6 * swing)), lens);
        }

        for (var i = 0; i < line.Length; i++)
        {
            var bend = 0.12 * swing * Math.Cos(2 * Math.PI * 9 * since) * Math.Sin(Math.PI * i / 16);
            line[i] = (-0.46 + (0.92 * i / 16), heights[which] + bend);
        }

        brush.Polyline(0.016, wire, line);
    }
}
