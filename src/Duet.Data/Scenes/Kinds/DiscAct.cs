using Duet.Data.Scenes.Drawing;
using Duet.Data.Scenes.Sound;

namespace Duet.Data.Scenes.Kinds;

/// <summary>A disc that swells and shrinks like a breathing thing; its size is heard as the level of a steady noise.</summary>
internal sealed class DiscAct : IAct
{
    private readonly Trajectory path;
    private readonly double pitch;
    private readonly double quality;
    private readonly double turn;
    private readonly Palette palette;

    public DiscAct(SceneSetup setup)
    {
        palette = setup.Palette;
        path = Trajectory.Wander(setup, 0.26, 0.66, 0.2, 0.4);
        pitch = setup.Pitch(setup.Dice.Uniform(0, 1)) * 2;
        quality = setup.Dice.Uniform(0.8, 2);
        turn = setup.Dice.Sign() * setup.Dice.Uniform(0.1, 0.5);
        Events = [.. path.Knots.Select((knot, i) => new SceneEvent(knot, Math.Min(1, Math.Abs(path.Step(i)))))];
        Parameters = new Dictionary<string, double>(StringComparer.Ordinal) { ["pitch_hz"] = pitch, ["quality"] = quality };
    }

    public IReadOnlyList<SceneEvent> Events { get; }

    public IReadOnlyDictionary<string, double> Parameters { get; }

    public void Draw(Brush brush, double time)
    {
        var value = path.At(time);
        var radius = 0.09 + (0.34 * value);
        brush.Shadow(0.02, 0.04, radius * 1.35, radius * 1.35, 0.4);
        brush.Disc(0, 0, radius, Palette.Shade(palette.Main, -0.25));
        brush.Disc(0, 0, 0.9 * radius, palette.Main);
        for (var i = 0; i < 6; i++)
        {
            var (sine, cosine) = Math.SinCos((turn * time) + (i * Math.PI / 3));
            brush.Oval(0.62 * radius * cosine, 0.62 * radius * sine, 0.14 * radius, 0.14 * radius, palette.Second);
        }

        brush.Disc(0, 0, 0.34 * radius, palette.Accent);
    }

    public void Sound(SoundTrack track)
    {
        var noise = new NoiseSource(track.Dice.Key());
        var filter = Biquad.BandPass(pitch, quality, track.SampleRate);
        for (var i = 0; i < track.Samples.Length; i++)
        {
            // 34 dB between the smallest and the largest.
            var level = Math.Pow(10, -1.7 * (1 - path.At(track.TimeOf(i))));
            track.Samples[i] += (float)(1.4 * level * filter.Next(noise.Next()));
        }
    }
}
