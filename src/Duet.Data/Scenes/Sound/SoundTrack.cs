namespace Duet.Data.Scenes.Sound;

/// <summary>A mono track with a margin before its first sample, so that what began earlier is still ringing when the video starts.</summary>
internal sealed class SoundTrack
{
    private readonly int margin;

    public SoundTrack(int sampleRate, int sampleCount, Dice dice)
    {
        SampleRate = sampleRate;
        margin = (int)Math.Round(Onsets.Margin * sampleRate);
        Samples = new float[margin + sampleCount];
        Dice = dice;
    }

    public int SampleRate { get; }

    /// <summary>Margin and track.</summary>
    public float[] Samples { get; }

    /// <summary>For what differs from one stroke to the next, and for noise.</summary>
    public Dice Dice { get; }

    /// <summary>The track without its margin.</summary>
    public Span<float> Audible => Samples.AsSpan(margin);

    /// <summary>The index in <see cref="Samples"/> of the sample nearest to a time; may lie outside.</summary>
    public int IndexOf(double time) => margin + (int)Math.Round(time * SampleRate);

    /// <summary>The time of an index of <see cref="Samples"/>.</summary>
    public double TimeOf(int index) => (double)(index - margin) / SampleRate;

    /// <summary>The part of the track from a time on, at most so long; empty where it lies outside.</summary>
    public Span<float> From(double time, double seconds)
    {
        var start = IndexOf(time);
        var end = Math.Min(Samples.Length, start + (int)Math.Ceiling(seconds * SampleRate));
        return start < 0 || start >= end ? [] : Samples.AsSpan(start, end - start);
    }
}
