using Duet.Data.Scenes.Drawing;
using Duet.Data.Scenes.Sound;

namespace Duet.Data.Scenes.Kinds;

/// <summary>Bubbles that swell under a rising tone, and burst.</summary>
internal sealed class BubbleAct : IAct
{
    private readonly Strokes bursts;
    private readonly double[] starts;
    private readonly (double X, double Y)[] places;
    private readonly double pitch;
    private readonly double rise;
    private readonly double tone;
    private readonly Palette palette;

    public BubbleAct(SceneSetup setup)
    {
        palette = setup.Palette;
        var times = Onsets.Irregular(setup, 0.32, 0.72);
        bursts = Strokes.At(times, [.. times.Select((time, i) => i == 0 ? 0.8 : Math.Clamp((time - times[i - 1]) / 0.72, 0.5, 1))]);
        starts = [.. times.Select((time, i) => i == 0 ? time - 0.3 : times[i - 1] + (0.12 * (time - times[i - 1])))];
        places = [.. times.Select(_ => (setup.Dice.Uniform(-0.34, 0.34), setup.Dice.Uniform(-0.2, 0.2)))];
        pitch = setup.Pitch(setup.Dice.Uniform(0, 1));
        rise = setup.Dice.Uniform(1.0, 1.7);
        tone = setup.Dice.Uniform(0.2, 0.35);
        Parameters = new Dictionary<string, double>(StringComparer.Ordinal) { ["pitch_hz"] = pitch, ["rise_octaves_per_second"] = rise / 0.5 };
    }

    public IReadOnlyList<SceneEvent> Events => bursts.Events;

    public IReadOnlyDictionary<string, double> Parameters { get; }

    public void Draw(Brush brush, double time)
    {
        brush.Shadow(0, 0.46, 0.5, 0.05, 0.3);
        brush.Box(0, 0.45, 0.8, 0.06, 0.03, palette.Second);
        var (index, since) = bursts.Last(time);
        if (index >= 0 && since < 0.24)
        {
            var flash = Math.Exp(-since / 0.08);
            var (x, y) = places[index];
            var size = Radius(index, bursts.Times[index]);
            brush.Ring(x, y, size + (0.9 * since), 0.035, Palette.Clear(palette.Line, 1.2 * flash));
            for (var i = 0; i < 8; i++)
            {
                var (sine, cosine) = Math.SinCos(i * Math.PI / 4);
                brush.Disc(x + ((size + (1.4 * since)) * cosine), y + ((size + (1.4 * since)) * sine) + (2 * since * since), 0.028, Palette.Clear(palette.Accent, 1.3 * flash));
            }
        }

        var (next, _) = bursts.Next(time);
        if (next < starts.Length && time > starts[next])
        {
            var (x, y) = places[next];
            var size = Radius(next, time);
            brush.Line(x, 0.43, x, y + size, 0.014, Palette.Clear(palette.Line, 0.6));
            brush.Disc(x, y, size, Palette.Clear(palette.Main, 0.75));
            brush.Ring(x, y, size, 0.022, Palette.Shade(palette.Main, 0.45));
            brush.Oval(x - (0.38 * size), y - (0.42 * size), 0.24 * size, 0.16 * size, Palette.Clear(SkiaSharp.SKColors.White, 0.75));
        }
    }

    public void Sound(SoundTrack track)
    {
        for (var i = 0; i < starts.Length; i++)
        {
            var length = bursts.Times[i] - starts[i];
            Swell(track, starts[i], length);
            var strength = bursts.Strengths[i];
            Synthesis.Burst(track, bursts.Times[i], 2.5 * pitch, 0.7, 0.07, 0.8 * strength);
            Synthesis.Glide(track, bursts.Times[i], 2.2 * pitch, 0.8 * pitch, 0.012, 0.09, 0.7 * strength);
        }
    }

    /// <summary>Louder and higher as the skin tightens.</summary>
    private void Swell(SoundTrack track, double start, double length)
    {
        var phase = 0.0;
        var target = track.From(start, length);
        for (var i = 0; i < target.Length; i++)
        {
            var seconds = (double)i / track.SampleRate;
            phase += 2 * Math.PI * pitch * Math.Pow(2, rise * seconds / 0.5) / track.SampleRate;
            target[i] += (float)(tone * (0.25 + (0.75 * seconds / length)) * (Math.Sin(phase) + (0.3 * Math.Sin(2 * phase))) * Math.Min(1, seconds / 0.02));
        }
    }

    private double Radius(int index, double time)
    {
        var full = bursts.Times[index] - starts[index];
        return 0.05 + (0.36 * Math.Pow(Math.Clamp((time - starts[index]) / 0.62, 0, full / 0.62), 0.8));
    }
}
