using Duet.Data;

namespace Duet.Learning.Audio;

/// <summary>The analysis window of a spectrogram.</summary>
public enum WindowShape
{
    /// <summary>Hann, one period of a cosine: torch's, torchaudio's and librosa's default.</summary>
    HannPeriodic,

    /// <summary>Hann with equal ends: the window of the VMZ audio front end.</summary>
    HannSymmetric,
}

/// <summary>How frequency in Hz becomes pitch in mel.</summary>
public enum MelScale
{
    /// <summary>2595 log10(1 + f / 700), which is the same scale as 1127 ln(1 + f / 700).</summary>
    Htk,

    /// <summary>Linear below 1 kHz and logarithmic above (Slaney's Auditory Toolbox, librosa's default).</summary>
    Slaney,
}

/// <summary>Along which axis a filter's triangle is straight.</summary>
public enum MelTriangle
{
    /// <summary>Straight over Hz: torchaudio and librosa.</summary>
    Hertz,

    /// <summary>Straight over mel: HTK, Kaldi and VMZ.</summary>
    Mel,
}

/// <summary>How a filter's weights are scaled.</summary>
public enum MelNorm
{
    /// <summary>Peak 1.</summary>
    None,

    /// <summary>2 / (width in Hz): equal area, librosa's default.</summary>
    Slaney,

    /// <summary>Weights that sum to 1: VMZ.</summary>
    UnitSum,
}

/// <summary>How energy is compressed.</summary>
public enum LogCompression
{
    /// <summary>Natural logarithm of max(x, floor).</summary>
    Natural,

    /// <summary>Decimal logarithm of max(x, floor).</summary>
    Log10,

    /// <summary>Decibels of max(x, floor): 10 log10 for power, 20 log10 for magnitude.</summary>
    Db,

    /// <summary>ln(x) above e, x / e below: VMZ's, which is linear near silence. The floor has no effect.</summary>
    NaturalAboveE,

    /// <summary>No logarithm.</summary>
    None,
}

/// <summary>Where frames stand in the signal, and what stands beyond its ends.</summary>
public enum FramePadding
{
    /// <summary>Frame t is centred at (t + 1/2) hops, with the ends mirrored: exactly samples / hop frames, so that 1 s at a hop of 10 ms gives 100.</summary>
    Same,

    /// <summary>Whole windows only: frame t starts at t hops.</summary>
    None,

    /// <summary>Frame t is centred at t hops, with the ends mirrored: samples / hop + 1 frames, torch.stft's <c>center=True</c>.</summary>
    Reflect,
}

/// <summary>How a log-mel spectrogram is normalised before the network.</summary>
public enum SpectrogramNormalisation
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Each mel bin by its own mean and standard deviation over a training subset.</summary>
    PerBin,

    /// <summary>All bins by one mean and one standard deviation over a training subset.</summary>
    Global,
}

/// <summary>
/// What a log-mel spectrogram is, in physical units: a recipe's <c>spectrogram</c> section. The defaults are AVTS's as far
/// as it is known (40 filters, 100 frames per second); neither paper states the sample rate, the window or the logarithm.
/// </summary>
public sealed record LogMelOptions : IValidated
{
    /// <summary>Sample rate of the sound, Hz; the store's rate.</summary>
    public int SampleRate { get; init; } = 16_000;

    /// <summary>Length of the analysis window, ms.</summary>
    public Rational WindowMs { get; init; } = 25;

    /// <summary>Step between windows, ms.</summary>
    public Rational HopMs { get; init; } = 10;

    /// <summary>Length of the Fourier transform, samples; the window is padded with zeros to it.</summary>
    public int FftSize { get; init; } = 512;

    /// <summary>The analysis window.</summary>
    public WindowShape Window { get; init; } = WindowShape.HannPeriodic;

    /// <summary>Number of mel filters.</summary>
    public int MelBins { get; init; } = 40;

    /// <summary>Lower edge of the first filter, Hz.</summary>
    public double FMin { get; init; }

    /// <summary>Upper edge of the last filter, Hz; 0 is half the sample rate.</summary>
    public double FMax { get; init; }

    /// <summary>The mel scale.</summary>
    public MelScale MelScale { get; init; } = MelScale.Htk;

    /// <summary>Along which axis the filters' triangles are straight.</summary>
    public MelTriangle MelTriangle { get; init; } = MelTriangle.Hertz;

    /// <summary>How the filters are scaled.</summary>
    public MelNorm MelNorm { get; init; } = MelNorm.None;

    /// <summary>Exponent of the magnitude spectrum: 2 is power, 1 is magnitude.</summary>
    public double Power { get; init; } = 2;

    /// <summary>Factor applied to the filters' outputs before the logarithm (VMZ: 1080674186.3).</summary>
    public double Gain { get; init; } = 1;

    /// <summary>The logarithm.</summary>
    public LogCompression Log { get; init; } = LogCompression.Natural;

    /// <summary>The least energy that is told apart from silence: the logarithm is taken of max(x, floor).</summary>
    public double Floor { get; init; } = 1e-6;

    /// <summary>Where frames stand, and what stands beyond the signal's ends.</summary>
    public FramePadding Padding { get; init; } = FramePadding.Same;

    /// <summary>How the result is normalised before the network.</summary>
    public SpectrogramNormalisation Normalisation { get; init; } = SpectrogramNormalisation.PerBin;

    /// <summary>The window's length, samples.</summary>
    public int WindowSamples() => checked((int)(WindowMs * SampleRate / 1000).Round());

    /// <summary>The hop, samples.</summary>
    public int HopSamples() => checked((int)(HopMs * SampleRate / 1000).Round());

    /// <summary>Upper edge of the last filter, Hz, with 0 resolved.</summary>
    public double ResolvedFMax() => FMax > 0 ? FMax : SampleRate / 2.0;

    /// <summary>How many frames a signal gives.</summary>
    /// <param name="samples">Its length, samples.</param>
    /// <exception cref="ArgumentOutOfRangeException">The signal is shorter than one frame needs.</exception>
    public int FrameCount(int samples)
    {
        var (left, right) = Margins(samples);
        var frames = ((samples + left + right - WindowSamples()) / HopSamples()) + 1;
        if (samples < 1 || samples + left + right < WindowSamples() || frames < 1 || Math.Max(left, right) >= samples)
        {
            throw new ArgumentOutOfRangeException(nameof(samples), samples, $"A signal of {samples} samples is too short for a window of {WindowSamples()} samples with padding '{Padding}'.");
        }

        return frames;
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (SampleRate is < 1000 or > 384_000)
        {
            yield return new ValidationError(nameof(SampleRate), "must lie between 1000 and 384000 Hz");
            yield break;
        }

        if (WindowMs <= 0 || WindowMs > 1000 || WindowSamples() < 2)
        {
            yield return new ValidationError(nameof(WindowMs), "must be above 0, at most 1000 ms, and at least 2 samples long");
            yield break;
        }

        if (HopMs <= 0 || HopMs > 1000 || HopSamples() < 1 || HopMs > WindowMs)
        {
            yield return new ValidationError(nameof(HopMs), $"must be at least one sample and at most the window ({WindowMs} ms), or sound between two windows is never seen");
            yield break;
        }

        if (FftSize < WindowSamples() || FftSize > 65_536 || FftSize % 2 != 0)
        {
            yield return new ValidationError(nameof(FftSize), $"must be even, at least the window's {WindowSamples()} samples and at most 65536");
            yield break;
        }

        if (MelBins is < 1 or > 1024)
        {
            yield return new ValidationError(nameof(MelBins), "must lie between 1 and 1024");
            yield break;
        }

        if (!double.IsFinite(FMin) || FMin < 0 || FMin >= ResolvedFMax())
        {
            yield return new ValidationError(nameof(FMin), $"must be at least 0 and below the upper edge of {ResolvedFMax()} Hz");
            yield break;
        }

        if (!double.IsFinite(FMax) || FMax < 0 || FMax > SampleRate / 2.0)
        {
            yield return new ValidationError(nameof(FMax), $"must be at most half the sample rate, {SampleRate / 2.0} Hz (0 means exactly that)");
            yield break;
        }

        if (!double.IsFinite(Power) || Power <= 0 || Power > 8)
        {
            yield return new ValidationError(nameof(Power), "must be above 0 and at most 8; 2 is power, 1 is magnitude");
        }

        if (!double.IsFinite(Gain) || Gain <= 0)
        {
            yield return new ValidationError(nameof(Gain), "must be a positive number");
        }

        if (!double.IsFinite(Floor) || Floor < 1e-30)
        {
            yield return new ValidationError(nameof(Floor), "must be at least 1e-30: silence has energy 0, which has no logarithm");
        }

        var empty = MelFilterBank.Create(this).EmptyFilters;
        if (empty.Count > 0)
        {
            yield return new ValidationError(
                nameof(MelBins),
                $"{empty.Count} of the {MelBins} filters lie between two bins of the transform and see nothing (the first is filter {empty[0]}); take fewer mel_bins or a larger fft_size");
        }
    }

    /// <summary>How many samples are added before and after a signal.</summary>
    internal (int Left, int Right) Margins(int samples)
    {
        var window = WindowSamples();
        var hop = HopSamples();
        switch (Padding)
        {
            case FramePadding.None:
                return (0, 0);
            case FramePadding.Reflect:
                // Frame t covers the window centred at t * hop, as torch.stft has it once its window is padded to the transform.
                var left = (FftSize / 2) - ((FftSize - window) / 2);
                return (left, (samples / hop * hop) + window - left - samples is var right && right > 0 ? right : 0);
            default:
                var frames = Math.Max(1, samples / hop);
                var before = Math.Max(0, (window - hop) / 2);
                return (before, Math.Max(0, ((frames - 1) * hop) + window - before - samples));
        }
    }
}
