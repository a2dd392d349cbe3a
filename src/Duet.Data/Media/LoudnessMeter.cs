namespace Duet.Data.Media;

/// <summary>Level of a sound, as a whole and by windows of 0.1 s.</summary>
/// <param name="sampleRate">Samples per second.</param>
/// <param name="silenceDb">Level below which a window is silent, dB.</param>
internal sealed class LoudnessMeter(int sampleRate, double silenceDb)
{
    /// <summary>What digital silence is given as, dB.</summary>
    public const double Floor = -120;

    private readonly int window = Math.Max(1, sampleRate / 10);
    private double total;
    private double inWindow;
    private long samples;
    private int windowSamples;
    private long windows;
    private long silent;

    /// <summary>Level of the whole, dB below full scale (RMS).</summary>
    public double RmsDb => Level(total, samples);

    /// <summary>The share of windows below the silence level; a last one that is cut short counts if it is at least half a window.</summary>
    public double SilentShare
    {
        get
        {
            var (all, quiet) = (windows, silent);
            if (2 * windowSamples >= window || all == 0)
            {
                all++;
                quiet += Level(inWindow, windowSamples) < silenceDb ? 1 : 0;
            }

            return (double)quiet / all;
        }
    }

    /// <summary>Takes the next samples.</summary>
    public void Add(ReadOnlySpan<short> sound)
    {
        while (!sound.IsEmpty)
        {
            var piece = sound[..Math.Min(sound.Length, window - windowSamples)];
            var sum = 0L; // at most 38 400 squares of 2^30: no overflow
            foreach (var sample in piece)
            {
                sum += sample * sample;
            }

            inWindow += sum;
            total += sum;
            samples += piece.Length;
            windowSamples += piece.Length;
            sound = sound[piece.Length..];
            if (windowSamples == window)
            {
                windows++;
                silent += Level(inWindow, window) < silenceDb ? 1 : 0;
                (inWindow, windowSamples) = (0, 0);
            }
        }
    }

    private static double Level(double squares, long count) =>
        squares <= 0 ? Floor : Math.Max(Floor, 10 * Math.Log10(squares / count / (32768.0 * 32768.0)));
}
