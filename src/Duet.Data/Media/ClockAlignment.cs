namespace Duet.Data.Media;

/// <summary>Which frames and samples to keep, so that the first of both are the same instant and both end together.</summary>
/// <param name="FirstFrame">The first decoded frame to keep.</param>
/// <param name="FrameCount">How many.</param>
/// <param name="LeadingSilence">Zero samples to put before the sound.</param>
/// <param name="FirstSample">The first decoded sample to keep.</param>
/// <param name="SampleCount">How many samples are stored, the zeros included.</param>
internal readonly record struct ClockAlignment(int FirstFrame, int FrameCount, long LeadingSilence, long FirstSample, long SampleCount)
{
    /// <summary>
    /// Puts frames and samples on one clock. Sound that starts earlier loses its head. Sound that starts later by at most a
    /// frame gets silence before it; by more, the pictures lose whole frames, so that nothing is invented.
    /// </summary>
    /// <param name="skew">First sample's time minus first frame's time, seconds.</param>
    /// <param name="frameRate">Frames per second.</param>
    /// <param name="sampleRate">Samples per second.</param>
    /// <param name="frames">Decoded frames.</param>
    /// <param name="samples">Decoded samples.</param>
    /// <returns>What to keep; nothing where the streams do not overlap.</returns>
    public static ClockAlignment Of(Rational skew, Rational frameRate, int sampleRate, int frames, long samples)
    {
        var (firstFrame, silence, firstSample) = (0L, 0L, 0L);
        if (skew <= 0)
        {
            firstSample = (-skew * sampleRate).Round();
        }
        else if (skew * frameRate <= 1)
        {
            silence = (skew * sampleRate).Round();
        }
        else
        {
            firstFrame = (skew * frameRate).Ceiling();
            firstSample = (((firstFrame / frameRate) - skew) * sampleRate).Round();
        }

        var keptFrames = frames - firstFrame;
        var keptSamples = samples - firstSample;
        if (keptFrames <= 0 || keptSamples <= 0)
        {
            return default;
        }

        var byFrames = keptFrames / frameRate;
        var bySamples = new Rational(silence + keptSamples, sampleRate);
        var end = byFrames < bySamples ? byFrames : bySamples;
        return new ClockAlignment(
            (int)firstFrame,
            (int)Math.Min(keptFrames, (end * frameRate).Ceiling()),
            silence,
            firstSample,
            Math.Min(silence + keptSamples, (end * sampleRate).Ceiling()));
    }
}
