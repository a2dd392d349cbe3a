using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Audio;

/// <summary>
/// Log-mel spectrograms of batches of sound: window, Fourier transform, power, mel filters, logarithm. Equal to torchaudio's
/// MelSpectrogram (with the matching options) to 1e-4. Not normalised: see <see cref="SpectrogramStatistics"/>.
/// </summary>
public sealed class LogMel : IDisposable
{
    private readonly LogMelOptions options;
    private readonly Tensor window; // [window]
    private readonly Tensor filters; // [bins, mels], with the gain

    /// <summary>Precomputes the window and the filters.</summary>
    /// <param name="options">What the spectrogram is.</param>
    /// <param name="device">Where it is computed.</param>
    /// <exception cref="ArgumentException">The options are impossible; a recipe's are checked before they come here.</exception>
    public LogMel(LogMelOptions options, Device device)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new ArgumentException($"{error.Property} {error.Message}", nameof(options));
        }

        this.options = options;
        using var scope = NewDisposeScope();
        using var none = no_grad();
        window = torch.tensor(Window(options), device: device).MoveToOuterDisposeScope();
        filters = torch.tensor(Filters(options), device: device).MoveToOuterDisposeScope();
        window.DetachFromDisposeScope();
        filters.DetachFromDisposeScope();
    }

    /// <summary>What the spectrogram is.</summary>
    public LogMelOptions Options => options;

    /// <summary>How many frames a signal of so many samples gives.</summary>
    /// <param name="samples">Samples of the signal.</param>
    public int FrameCount(int samples) => options.FrameCount(samples);

    /// <summary>Computes the spectrograms. No gradient flows through them.</summary>
    /// <param name="pcm"><c>[batch, samples]</c> in [-1, 1], 32-bit float, on this object's device.</param>
    /// <returns><c>[batch, 1, frames, mels]</c>, 32-bit float.</returns>
    /// <exception cref="ArgumentException">The tensor has another shape or type, or is too short for one frame.</exception>
    public Tensor Forward(Tensor pcm)
    {
        ArgumentNullException.ThrowIfNull(pcm);
        if (pcm.dim() != 2 || pcm.dtype != ScalarType.Float32)
        {
            throw new ArgumentException($"Sound must be [batch, samples] of Float32, not [{string.Join(", ", pcm.shape)}] of {pcm.dtype}.", nameof(pcm));
        }

        using var scope = NewDisposeScope();
        using var none = no_grad();
        var samples = checked((int)pcm.shape[1]);
        var frames = FrameCount(samples);
        var (left, right) = options.Margins(samples);
        var signal = left + right > 0 ? nn.functional.pad(pcm, [left, right], PaddingModes.Reflect) : pcm;
        var windowed = signal.unfold(1, options.WindowSamples(), options.HopSamples()).slice(1, 0, frames, 1) * window;
        // Zeros added behind the window change only phases, which power does not see.
        var spectrum = fft.rfft(windowed, options.FftSize).view_as_real();
        var power = spectrum.mul_(spectrum).sum(-1);
        if (options.Power != 2)
        {
            power = power.RaiseInPlace(options.Power / 2);
        }

        var mel = power.matmul(filters);
        return Compress(mel).unsqueeze(1).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        window.Dispose();
        filters.Dispose();
    }

    /// <summary>The window's coefficients, in double precision and then rounded.</summary>
    internal static float[] Window(LogMelOptions options)
    {
        var length = options.WindowSamples();
        var period = options.Window == WindowShape.HannPeriodic ? length : length - 1;
        var result = new float[length];
        for (var i = 0; i < length; i++)
        {
            result[i] = (float)(0.5 - (0.5 * Math.Cos(2 * Math.PI * i / period)));
        }

        return result;
    }

    private static float[,] Filters(LogMelOptions options)
    {
        var weights = MelFilterBank.Create(options).Weights;
        var result = new float[weights.GetLength(0), weights.GetLength(1)];
        for (var k = 0; k < weights.GetLength(0); k++)
        {
            for (var m = 0; m < weights.GetLength(1); m++)
            {
                result[k, m] = (float)(weights[k, m] * options.Gain);
            }
        }

        return result;
    }

    private Tensor Compress(Tensor mel)
    {
        switch (options.Log)
        {
            case LogCompression.Natural:
                return mel.RaiseToAtLeast(options.Floor).log_();
            case LogCompression.Log10:
                return mel.RaiseToAtLeast(options.Floor).log10_();
            case LogCompression.Db:
                return mel.RaiseToAtLeast(options.Floor).log10_().MultiplyInPlace(20 / options.Power);
            case LogCompression.NaturalAboveE:
                return where(mel.IsAbove(Math.E), mel.AtLeast(Math.E).log_(), mel.Over(Math.E));
            default:
                return mel;
        }
    }
}
