using Duet.Data.Scenes.Drawing;
using Duet.Data.Scenes.Sound;

namespace Duet.Data.Scenes.Kinds;

/// <summary>A saw drawn to and fro through a log: a rasp, one grain for each tooth that passes, brighter on the way out.</summary>
internal sealed class SawAct : IAct
{
    private const double Reach = 0.26;
    private const double Pitch = 0.075;
    private readonly Trajectory path;
    private readonly double colour;
    private readonly double quality;
    private readonly double grains;
    private readonly Palette palette;

    public SawAct(SceneSetup setup)
    {
        palette = setup.Palette;
        path = Trajectory.Alternate(setup, 0.28, 0.66, 0.32, 0.5);
        colour = setup.Pitch(setup.Dice.Uniform(0, 1)) * 2.2;
        quality = setup.Dice.Uniform(0.8, 1.8);
        grains = setup.Dice.Uniform(9, 15);
        Events = [.. path.Knots.Select((knot, i) => new SceneEvent(knot, Math.Abs(path.Step(i)) / 2))];
        Parameters = new Dictionary<string, double>(StringComparer.Ordinal) { ["pitch_hz"] = colour, ["grains_per_stroke"] = grains };
    }

    public IReadOnlyList<SceneEvent> Events { get; }

    public IReadOnlyDictionary<string, double> Parameters { get; }

    public void Draw(Brush brush, double time)
    {
        var x = Reach * path.At(time);
        var speed = Math.Min(1, Math.Abs(path.SpeedAt(time)) / 8);
        brush.Shadow(0, 0.46, 0.5, 0.06);
        brush.Box(0, 0.27, 0.84, 0.34, 0.06, Palette.Shade(palette.Second, -0.2));
        brush.Box(0, 0.25, 0.82, 0.26, 0.05, palette.Second);
        brush.Oval(0.4, 0.27, 0.07, 0.16, Palette.Shade(palette.Second, 0.35));
        brush.Ring(0.4, 0.27, 0.04, 0.012, Palette.Shade(palette.Second, -0.3));
        brush.Box(0, 0.16, 0.05, 0.14, 0.01, Palette.Shade(palette.Second, -0.55));

        var steel = palette.Main;
        Span<(double, double)> blade = stackalloc (double, double)[27];
        for (var i = 0; i < 25; i++)
        {
            blade[i] = (x - 0.5 + (Pitch * i / 2), (i & 1) == 0 ? 0.1 : 0.16);
        }

        blade[25] = (x + 0.4, -0.08);
        blade[26] = (x - 0.5, 0.02);
        brush.Polygon(steel, blade);
        brush.Line(x - 0.46, 0.045, x + 0.38, -0.04, 0.015, Palette.Shade(steel, 0.5));
        brush.Box(x + 0.46, 0.02, 0.17, 0.25, 0.06, palette.Accent);
        brush.Box(x + 0.46, 0.02, 0.06, 0.12, 0.03, Palette.Shade(palette.Accent, -0.6));

        for (var i = 0; i < 10; i++)
        {
            // Dust flies from the cut while the blade moves.
            var age = ((time * 2.3) + (i * 0.1)) % 1;
            var direction = (i & 1) == 0 ? -1 : 1;
            brush.Disc(direction * (0.03 + (0.26 * age)), 0.12 - (0.3 * age) + (0.6 * age * age), 0.02, Palette.Clear(palette.Line, 1.2 * speed * (1 - age)));
        }
    }

    public void Sound(SoundTrack track)
    {
        var noise = new NoiseSource(track.Dice.Key());
        var filter = Biquad.BandPass(colour, quality, track.SampleRate);
        for (var i = 0; i < track.Samples.Length; i++)
        {
            var time = track.TimeOf(i);
            var velocity = path.SpeedAt(time);
            var speed = Math.Min(1, Math.Abs(velocity) / 8);
            if (i % 32 == 0)
            {
                filter.TuneBandPass(colour * (velocity > 0 ? 1.5 : 0.8), quality, track.SampleRate);
            }

            var tooth = path.At(time) * grains;
            var grain = Math.Exp(-5 * (tooth - Math.Floor(tooth)));
            track.Samples[i] += (float)(1.5 * Math.Sqrt(speed) * (0.12 + grain) * filter.Next(noise.Next()));
        }
    }
}
