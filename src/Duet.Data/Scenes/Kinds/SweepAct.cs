using Duet.Data.Scenes.Drawing;
using Duet.Data.Scenes.Sound;

namespace Duet.Data.Scenes.Kinds;

/// <summary>A column whose height is heard as pitch.</summary>
internal sealed class SweepAct : IAct
{
    private readonly Trajectory path;
    private readonly double pitch;
    private readonly double octaves;
    private readonly double[] partials;
    private readonly double width;
    private readonly Palette palette;

    public SweepAct(SceneSetup setup)
    {
        palette = setup.Palette;
        path = Trajectory.Wander(setup, 0.26, 0.66, 0.2, 0.3);
        pitch = setup.Pitch(setup.Dice.Uniform(0, 1)) / 1.3;
        octaves = setup.Dice.Uniform(1.3, 2.2);
        width = setup.Dice.Uniform(0.16, 0.3);
        partials = [1, setup.Dice.Uniform(0, 0.6), setup.Dice.Uniform(0, 0.5), setup.Dice.Uniform(0, 0.3)];
        Events = [.. path.Knots.Select((knot, i) => new SceneEvent(knot, Math.Min(1, Math.Abs(path.Step(i)))))];
        Parameters = new Dictionary<string, double>(StringComparer.Ordinal) { ["pitch_hz"] = pitch, ["octaves"] = octaves };
    }

    public IReadOnlyList<SceneEvent> Events { get; }

    public IReadOnlyDictionary<string, double> Parameters { get; }

    public void Draw(Brush brush, double time)
    {
        var value = path.At(time);
        var top = 0.36 - (0.72 * value);
        brush.Shadow(0, 0.42, width, 0.05);
        brush.Box(0, 0, width + 0.1, 0.86, 0.05, Palette.Clear(Palette.Shade(palette.Second, -0.45), 0.8));
        for (var i = 0; i <= 8; i++)
        {
            brush.Line((width / 2) + 0.07, 0.36 - (0.09 * i), (width / 2) + (i % 4 == 0 ? 0.15 : 0.11), 0.36 - (0.09 * i), 0.012, Palette.Clear(palette.Line, 0.7));
        }

        brush.Box(0, (top + 0.4) / 2, width, 0.4 - top, 0.03, palette.Main);
        brush.Box(-0.28 * width, (top + 0.4) / 2, 0.16 * width, Math.Max(0.02, 0.36 - top), 0.02, Palette.Clear(Palette.Shade(palette.Main, 0.7), 0.5));
        brush.Box(0, top, width + 0.16, 0.06, 0.03, palette.Accent);
        brush.Polygon(palette.Accent, (-(width / 2) - 0.06, top), (-(width / 2) - 0.18, top - 0.08), (-(width / 2) - 0.18, top + 0.08));
    }

    public void Sound(SoundTrack track)
    {
        var phase = 0.0;
        for (var i = 0; i < track.Samples.Length; i++)
        {
            var frequency = pitch * Math.Pow(2, octaves * path.At(track.TimeOf(i)));
            phase += 2 * Math.PI * frequency / track.SampleRate;
            var value = 0.0;
            for (var partial = 0; partial < partials.Length; partial++)
            {
                // Partials fade before the limit of the sampling, so that none folds back.
                var fade = Math.Clamp(4 - (frequency * (partial + 1) * 10 / track.SampleRate), 0, 1);
                value += partials[partial] * fade * Math.Sin((partial + 1) * phase);
            }

            track.Samples[i] += (float)(0.4 * value);
        }
    }
}
