namespace Duet.Learning.Audio;

/// <summary>Triangular filters, evenly spaced in mel, over the bins of a Fourier transform.</summary>
public sealed class MelFilterBank
{
    private MelFilterBank(double[,] weights, IReadOnlyList<int> empty)
    {
        Weights = weights;
        EmptyFilters = empty;
    }

    /// <summary>The filters, <c>[bins, mels]</c> with bins = fft_size / 2 + 1.</summary>
    public double[,] Weights { get; }

    /// <summary>Filters that lie between two bins and so see nothing; counted from 0.</summary>
    public IReadOnlyList<int> EmptyFilters { get; }

    /// <summary>Makes the filters that the options describe, in double precision.</summary>
    /// <param name="options">Sample rate, transform size, edges, scale, shape and norm.</param>
    public static MelFilterBank Create(LogMelOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var bins = (options.FftSize / 2) + 1;
        var mels = options.MelBins;
        var low = ToMel(options.FMin, options.MelScale);
        var high = ToMel(options.ResolvedFMax(), options.MelScale);
        var edgesInMel = new double[mels + 2];
        var edges = new double[mels + 2];
        for (var i = 0; i < edges.Length; i++)
        {
            edgesInMel[i] = low + ((high - low) * i / (mels + 1));
            edges[i] = ToHertz(edgesInMel[i], options.MelScale);
        }

        var weights = new double[bins, mels];
        var empty = new List<int>();
        for (var m = 0; m < mels; m++)
        {
            var sum = 0.0;
            for (var k = 0; k < bins; k++)
            {
                var hertz = (double)k * options.SampleRate / options.FftSize;
                var weight = options.MelTriangle == MelTriangle.Hertz
                    ? Triangle(hertz, edges[m], edges[m + 1], edges[m + 2])
                    : Triangle(ToMel(hertz, options.MelScale), edgesInMel[m], edgesInMel[m + 1], edgesInMel[m + 2]);
                weights[k, m] = weight;
                sum += weight;
            }

            if (sum <= 0)
            {
                empty.Add(m);
                continue;
            }

            var scale = options.MelNorm switch
            {
                MelNorm.Slaney => 2 / (edges[m + 2] - edges[m]),
                MelNorm.UnitSum => 1 / sum,
                _ => 1,
            };
            for (var k = 0; k < bins; k++)
            {
                weights[k, m] *= scale;
            }
        }

        return new MelFilterBank(weights, empty);
    }

    /// <summary>Hz to mel.</summary>
    internal static double ToMel(double hertz, MelScale scale)
    {
        if (scale == MelScale.Htk)
        {
            return 2595 * Math.Log10(1 + (hertz / 700));
        }

        const double Step = 200.0 / 3;
        return hertz < 1000 ? hertz / Step : 15 + (Math.Log(hertz / 1000) / (Math.Log(6.4) / 27));
    }

    /// <summary>Mel to Hz.</summary>
    internal static double ToHertz(double mel, MelScale scale)
    {
        if (scale == MelScale.Htk)
        {
            return 700 * (Math.Pow(10, mel / 2595) - 1);
        }

        const double Step = 200.0 / 3;
        return mel < 15 ? mel * Step : 1000 * Math.Exp((mel - 15) * (Math.Log(6.4) / 27));
    }

    private static double Triangle(double x, double left, double peak, double right) =>
        Math.Max(0, Math.Min((x - left) / (peak - left), (right - x) / (right - peak)));
}
