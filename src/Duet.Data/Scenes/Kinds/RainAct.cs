using Duet.Data.Scenes.Drawing;
using Duet.Data.Scenes.Sound;

namespace Duet.Data.Scenes.Kinds;

/// <summary>Heavy drops into water: rings and a splash; the bubble that each leaves sounds with a rising pitch, lower for a bigger drop.</summary>
internal sealed class RainAct : IAct
{
    private const double Surface = 0.2;
    private const double Fall = 0.3;
    private readonly Strokes strokes;
    private readonly double[] places;
    private readonly double[] depths;
    private readonly double[] sizes;
    private readonly double pitch;
    private readonly double rise;
    private readonly double decay;
    private readonly Palette palette;

    public RainAct(SceneSetup setup)
    {
        palette = setup.Palette;
        var times = Onsets.Irregular(setup, 0.16, 0.5);
        sizes = [.. times.Select(_ => setup.Dice.Uniform(0, 1))];
        strokes = Strokes.At(times, [.. sizes.Select(size => 0.6 + (0.4 * size))]);
        places = [.. times.Select(_ => setup.Dice.Uniform(-0.46, 0.46))];
        depths = [.. times.Select(_ => setup.Dice.Uniform(0.03, 0.2))];
        pitch = setup.Pitch(setup.Dice.Uniform(0, 1)) * 1.2;
        rise = setup.Dice.Uniform(1.8, 2.8);
        decay = setup.Dice.LogUniform(0.09, 0.2);
        Parameters = new Dictionary<string, double>(StringComparer.Ordinal) { ["pitch_hz"] = pitch, ["rise"] = rise, ["decay_seconds"] = decay };
    }

    public IReadOnlyList<SceneEvent> Events => strokes.Events;

    public IReadOnlyDictionary<string, double> Parameters { get; }

    public void Draw(Brush brush, double time)
    {
        brush.Oval(0, Surface + 0.13, 0.68, 0.2, Palette.Shade(palette.Second, -0.3));
        brush.Oval(0, Surface + 0.12, 0.65, 0.18, palette.Second);
        brush.Oval(-0.12, Surface + 0.07, 0.36, 0.06, Palette.Clear(Palette.Shade(palette.Second, 0.6), 0.35));
        var white = Palette.Shade(palette.Main, 0.6);
        for (var i = Onsets.Last(strokes.Times, time - 0.6) + 1; i < strokes.Times.Length && strokes.Times[i] < time + Fall; i++)
        {
            var since = time - strokes.Times[i];
            var y = Surface + depths[i];
            var radius = 0.055 + (0.035 * sizes[i]);
            if (since < 0)
            {
                var height = -since * (1.9 + (1.2 * -since));
                brush.Oval(places[i], y - height, radius * 0.8, radius * 1.6, palette.Main);
                brush.Oval(places[i] - (0.2 * radius), y - height, radius * 0.25, radius * 0.7, Palette.Clear(white, 0.8));
                continue;
            }

            var fade = Math.Exp(-since / 0.16);
            brush.OvalRing(places[i], y, 0.05 + (0.6 * since), (0.05 + (0.6 * since)) * 0.3, 0.04, Palette.Clear(white, 1.3 * fade));
            if (since < 0.3)
            {
                var splash = Math.Exp(-since / 0.07);
                brush.Glow(places[i], y, 0.3, white, 0.8 * splash);
                brush.Polygon(Palette.Clear(white, splash), (places[i] - (1.6 * radius), y), (places[i], y - ((0.24 + (0.14 * sizes[i])) * splash) - 0.02), (places[i] + (1.6 * radius), y));
                for (var side = -1; side <= 1; side += 2)
                {
                    brush.Disc(places[i] + (side * (radius + (0.5 * since))), y - (1.1 * since) + (3.6 * since * since), 0.034, Palette.Clear(white, 1.4 * fade));
                }
            }
        }
    }

    public void Sound(SoundTrack track)
    {
        for (var i = 0; i < sizes.Length; i++)
        {
            var own = pitch * Math.Pow(2, 0.5 - sizes[i]);
            Synthesis.Glide(track, strokes.Times[i], own, rise * own, decay * 0.5, decay, 0.9 * strokes.Strengths[i]);
            Synthesis.Burst(track, strokes.Times[i], 4 * own, 0.8, 0.05, 0.22 * strokes.Strengths[i]);
        }
    }
}
