using Duet.Data.Scenes.Drawing;
using Duet.Data.Scenes.Sound;

namespace Duet.Data.Scenes;

/// <summary>What an act is made from: the frame of time, the dice, and the colours and pitch that were drawn without knowledge of the kind.</summary>
/// <param name="Seconds">Length of the video.</param>
/// <param name="SampleRate">Samples per second of its sound.</param>
/// <param name="Dice">The act's own random stream.</param>
/// <param name="Palette">Colours.</param>
internal sealed record SceneSetup(double Seconds, int SampleRate, Dice Dice, Palette Palette)
{
    /// <summary>The time of the nearest sample: events lie on the sample grid, so that picture and sound agree exactly.</summary>
    public double OnGrid(double time) => Math.Round(time * SampleRate) / SampleRate;

    /// <summary>A base pitch in Hz for something of this size (0..1); the range is the same for every kind.</summary>
    public double Pitch(double size) => 260 * Math.Pow(2, (1 - (2 * size)) * 0.9) * Dice.LogUniform(0.7, 1.45);
}

/// <summary>One event: what is seen to happen at <paramref name="Time"/> is heard from <paramref name="Time"/> on.</summary>
/// <param name="Time">Seconds from the first frame and the first sample.</param>
/// <param name="Strength">0..1: how large it looks and how loud it is.</param>
public readonly record struct SceneEvent(double Time, double Strength);

/// <summary>One video's action: something that moves and sounds.</summary>
internal interface IAct
{
    /// <summary>Events in the whole planned time, margins included, ascending.</summary>
    IReadOnlyList<SceneEvent> Events { get; }

    /// <summary>What was drawn for this video: sizes, pitches, counts.</summary>
    IReadOnlyDictionary<string, double> Parameters { get; }

    /// <summary>Draws the instant <paramref name="time"/> around the origin; the frame's height is 1, y points down.</summary>
    void Draw(Brush brush, double time);

    /// <summary>Adds the whole sound.</summary>
    void Sound(SoundTrack track);
}
