using Duet.Data.Scenes.Drawing;
using Duet.Data.Scenes.Sound;

namespace Duet.Data.Scenes.Kinds;

/// <summary>A ball that is dribbled: each arc is a parabola of its own height, so its length says how hard it will land.</summary>
internal sealed class BallAct : IAct
{
    private const double Floor = 0.36;
    private const double Longest = 0.68;
    private readonly Strokes strokes;
    private readonly double[] places;
    private readonly double radius;
    private readonly double pitch;
    private readonly double decay;
    private readonly double click;
    private readonly Palette palette;

    public BallAct(SceneSetup setup)
    {
        palette = setup.Palette;
        var size = setup.Dice.Uniform(0, 1);
        radius = 0.12 + (0.07 * size);
        pitch = setup.Pitch(size);
        decay = setup.Dice.LogUniform(0.12, 0.28);
        click = setup.Dice.Uniform(0.1, 0.35);
        var times = Onsets.Irregular(setup, 0.3, Longest);
        strokes = Strokes.At(times, [.. times.Select((time, i) => i == 0 ? 0.8 : Math.Clamp((time - times[i - 1]) / Longest, 0.5, 1))]);
        places = [.. times.Select(_ => setup.Dice.Uniform(-0.34, 0.34))];
        Parameters = new Dictionary<string, double>(StringComparer.Ordinal) { ["radius"] = radius, ["pitch_hz"] = pitch, ["decay_seconds"] = decay };
    }

    public IReadOnlyList<SceneEvent> Events => strokes.Events;

    public IReadOnlyDictionary<string, double> Parameters { get; }

    public void Draw(Brush brush, double time)
    {
        var (index, since) = strokes.Last(time);
        var (next, until) = strokes.Next(time);
        var from = Math.Max(0, index);
        var to = Math.Min(next, strokes.Times.Length - 1);
        var span = double.IsFinite(since) && double.IsFinite(until) ? since + until : Longest;
        var share = double.IsFinite(since) ? Math.Min(1, since / span) : 1;
        var x = places[from] + ((places[to] - places[from]) * share);
        var height = 0.66 * Math.Pow(span / Longest, 2) * 4 * share * (1 - share);
        var squash = 0.45 * strokes.Flash(time, 0.045);

        brush.Box(0, Floor + 0.09, 1.5, 0.18, 0.02, Palette.Clear(palette.Second, 0.9));
        brush.Box(0, Floor + 0.012, 1.5, 0.03, 0.01, Palette.Shade(palette.Second, 0.35));
        brush.Shadow(x, Floor + 0.02, (radius * 1.5) + (0.12 * height), 0.05, 0.55 - (0.4 * height));
        var dust = strokes.Flash(time, 0.11);
        if (index >= 0 && dust > 0.04)
        {
            var spread = radius + (0.85 * since);
            brush.Oval(places[index] - spread, Floor - (0.15 * since), 0.055, 0.04, Palette.Clear(palette.Line, dust));
            brush.Oval(places[index] + spread, Floor - (0.15 * since), 0.055, 0.04, Palette.Clear(palette.Line, dust));
            brush.OvalRing(places[index], Floor, spread, 0.25 * spread, 0.025, Palette.Clear(palette.Line, dust));
        }

        brush.At(x, Floor - height, 0, 1 + squash, 1 - squash, () => brush.Sphere(0, -radius, radius, palette.Main));
    }

    public void Sound(SoundTrack track)
    {
        foreach (var stroke in strokes.Events)
        {
            Synthesis.Glide(track, stroke.Time, pitch * (1.5 + (0.6 * stroke.Strength)), pitch, 0.018, decay, stroke.Strength);
            Synthesis.Burst(track, stroke.Time, 3 * pitch, 0.8, 0.03, click * stroke.Strength);
        }
    }
}
