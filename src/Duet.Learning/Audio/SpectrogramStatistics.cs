using Duet.Data;
using TorchSharp;

namespace Duet.Learning.Audio;

/// <summary>
/// Mean and standard deviation of log-mel spectrograms over a training subset. They travel with checkpoints and encoder
/// files: a spectrogram normalised by other numbers is another input.
/// </summary>
public sealed record SpectrogramStatistics : IValidated
{
    /// <summary>The least standard deviation that is divided by: a bin that never moves becomes 0, not noise blown up.</summary>
    public const double LeastStd = 1e-3;

    /// <summary>Mean of each mel bin; a single value where all bins share it.</summary>
    public required IReadOnlyList<double> Mean { get; init; }

    /// <summary>Standard deviation of each mel bin; a single value where all bins share it.</summary>
    public required IReadOnlyList<double> Std { get; init; }

    /// <summary>How many clips they were measured over.</summary>
    public required long Clips { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (Mean.Count == 0 || Mean.Count != Std.Count)
        {
            yield return new ValidationError(nameof(Mean), $"has {Mean.Count} values and std has {Std.Count}; both need one per mel bin, or one");
        }

        if (Mean.Any(m => !double.IsFinite(m)) || Std.Any(s => !double.IsFinite(s) || s < 0))
        {
            yield return new ValidationError(nameof(Std), "must be finite and not negative, and so must the mean");
        }
    }

    /// <summary>Whether these numbers are what <paramref name="options"/> asks for.</summary>
    /// <param name="options">A spectrogram's options.</param>
    public bool Fits(LogMelOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return !Validate().Any() && options.Normalisation switch
        {
            SpectrogramNormalisation.PerBin => Mean.Count == options.MelBins,
            SpectrogramNormalisation.Global => Mean.Count == 1,
            _ => true,
        };
    }
}

/// <summary>Adds up spectrograms in double precision; its result depends on their order only by rounding at 1e-16.</summary>
public sealed class SpectrogramMeter
{
    private readonly double[] sum;
    private readonly double[] squares;
    private readonly double[] shift;
    private long frames;
    private long clips;

    /// <summary>An empty meter.</summary>
    /// <param name="melBins">Mel bins of the spectrograms that it will see.</param>
    public SpectrogramMeter(int melBins)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(melBins);
        sum = new double[melBins];
        squares = new double[melBins];
        shift = new double[melBins];
    }

    /// <summary>Adds a batch.</summary>
    /// <param name="mels"><c>[batch, 1, frames, mels]</c>, not normalised.</param>
    public void Add(torch.Tensor mels)
    {
        ArgumentNullException.ThrowIfNull(mels);
        using var scope = torch.NewDisposeScope();
        var bins = sum.Length;
        var rows = mels.detach().cpu().to_type(torch.ScalarType.Float32).reshape(-1, bins).data<float>().ToArray();
        if (frames == 0 && rows.Length > 0)
        {
            // Sums of squares around the first frame: the variance of a distant mean would lose its digits.
            for (var b = 0; b < bins; b++)
            {
                shift[b] = rows[b];
            }
        }

        for (var i = 0; i < rows.Length; i += bins)
        {
            for (var b = 0; b < bins; b++)
            {
                var x = rows[i + b] - shift[b];
                sum[b] += x;
                squares[b] += x * x;
            }
        }

        frames += rows.Length / bins;
        clips += mels.shape[0];
    }

    /// <summary>The statistics of everything added.</summary>
    /// <param name="normalisation">Per bin, or over all bins.</param>
    /// <exception cref="InvalidOperationException">Nothing was added.</exception>
    public SpectrogramStatistics Result(SpectrogramNormalisation normalisation)
    {
        if (frames == 0)
        {
            throw new InvalidOperationException("No spectrogram was measured.");
        }

        var bins = sum.Length;
        var mean = new double[bins];
        var variance = new double[bins];
        for (var b = 0; b < bins; b++)
        {
            var offset = sum[b] / frames;
            mean[b] = shift[b] + offset;
            variance[b] = Math.Max(0, (squares[b] / frames) - (offset * offset));
        }

        if (normalisation == SpectrogramNormalisation.Global)
        {
            var all = mean.Average();
            var within = variance.Average();
            var between = mean.Average(m => (m - all) * (m - all));
            return new SpectrogramStatistics { Mean = [all], Std = [Math.Sqrt(within + between)], Clips = clips };
        }

        return new SpectrogramStatistics { Mean = mean, Std = [.. variance.Select(Math.Sqrt)], Clips = clips };
    }
}
