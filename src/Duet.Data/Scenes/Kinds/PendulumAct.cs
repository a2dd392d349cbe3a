using Duet.Data.Scenes.Drawing;
using Duet.Data.Scenes.Sound;

namespace Duet.Data.Scenes.Kinds;

/// <summary>A weight that swings through the air: the faster, the louder and brighter the whoosh.</summary>
internal sealed class PendulumAct : IAct
{
    private const double Reach = 0.85;
    private readonly Trajectory path;
    private readonly double size;
    private readonly double pitch;
    private readonly double quality;
    private readonly Palette palette;

    public PendulumAct(SceneSetup setup)
    {
        palette = setup.Palette;
        path = Trajectory.Alternate(setup, 0.32, 0.7, 0.34, 0.45);
        size = setup.Dice.Uniform(0, 1);
        pitch = setup.Pitch(size);
        quality = setup.Dice.Uniform(1.2, 2.5);
        Events = [.. path.Knots.Select((knot, i) => new SceneEvent(knot, Math.Abs(path.Step(i)) / 2))];
        Parameters = new Dictionary<string, double>(StringComparer.Ordinal) { ["size"] = size, ["pitch_hz"] = pitch };
    }

    public IReadOnlyList<SceneEvent> Events { get; }

    public IReadOnlyDictionary<string, double> Parameters { get; }

    public void Draw(Brush brush, double time)
    {
        var angle = Reach * path.At(time);
        var speed = path.SpeedAt(time);
        var radius = 0.1 + (0.05 * size);
        brush.Box(0, -0.42, 0.34, 0.06, 0.02, Palette.Shade(palette.Second, -0.2));
        brush.Shadow(0.7 * Math.Sin(angle), 0.45, radius * 1.6, 0.05, 0.4);

        // Faint trails behind the weight, where it was a moment ago.
        for (var i = 3; i >= 1; i--)
        {
            var (trailX, trailY) = Bob(Reach * path.At(time - (0.018 * i)));
            brush.Disc(trailX, trailY, radius * (1 - (0.1 * i)), Palette.Clear(palette.Main, Math.Min(0.3, 0.06 * Math.Abs(speed))));
        }

        var (x, y) = Bob(angle);
        brush.Line(0, -0.4, x, y, 0.035, palette.Line);
        brush.Sphere(x, y, radius, palette.Main);
        brush.Disc(0, -0.4, 0.04, palette.Accent);
    }

    public void Sound(SoundTrack track)
    {
        var noise = new NoiseSource(track.Dice.Key());
        var filter = Biquad.BandPass(pitch, quality, track.SampleRate);
        for (var i = 0; i < track.Samples.Length; i++)
        {
            var speed = Math.Min(1, Math.Abs(path.SpeedAt(track.TimeOf(i))) / 9);
            if (i % 16 == 0)
            {
                filter.TuneBandPass(pitch * (1 + (3.5 * speed)), quality, track.SampleRate);
            }

            track.Samples[i] += (float)(1.6 * Math.Pow(speed, 1.3) * filter.Next(noise.Next()));
        }
    }

    private static (double X, double Y) Bob(double angle) => (0.74 * Math.Sin(angle), -0.4 + (0.74 * Math.Cos(angle)));
}
