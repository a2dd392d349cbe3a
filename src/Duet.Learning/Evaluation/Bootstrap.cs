using Duet.Data.Randomness;

namespace Duet.Learning.Evaluation;

/// <summary>A 95 % interval.</summary>
/// <param name="Low">Its lower end.</param>
/// <param name="High">Its upper end.</param>
public readonly record struct Interval(double Low, double High);

/// <summary>
/// Percentile intervals by resampling clusters with replacement. Clips of one video are alike, so the video is what is drawn:
/// resampling clips would promise more than the data holds. Pairing two methods on the same draws is what
/// <see cref="Interval(int, Func{int[], double}, long, string, int)"/> gives when the statistic is their difference.
/// </summary>
public static class Bootstrap
{
    /// <summary>Resamples, unless told otherwise.</summary>
    public const int DefaultResamples = 2000;

    /// <summary>The 95 % interval of a statistic of clusters.</summary>
    /// <param name="clusters">How many clusters (videos) there are.</param>
    /// <param name="statistic">The statistic, given how often each cluster was drawn; NaN for a draw on which it is not defined, which is then left out.</param>
    /// <param name="seed">The seed of the draws.</param>
    /// <param name="purpose">Names the draws: the same name gives the same draws.</param>
    /// <param name="resamples">How many draws.</param>
    /// <returns>The interval; both ends NaN where no draw has a value.</returns>
    public static Interval Interval(int clusters, Func<int[], double> statistic, long seed, string purpose, int resamples = DefaultResamples)
    {
        ArgumentNullException.ThrowIfNull(statistic);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(clusters);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        var values = new double[resamples];
        Parallel.For(0, resamples, () => new int[clusters], (r, _, counts) =>
        {
            Array.Clear(counts);
            var random = new KeyedRandom(seed, r, purpose, "bootstrap");
            for (var i = 0; i < clusters; i++)
            {
                counts[(int)random.NextInteger(clusters)]++;
            }

            values[r] = statistic(counts);
            return counts;
        }, static _ => { });

        var defined = values.Where(v => !double.IsNaN(v)).Order().ToArray();
        return defined.Length == 0 ? new Interval(double.NaN, double.NaN) : new Interval(Quantile(defined, 0.025), Quantile(defined, 0.975));
    }

    /// <summary>The 95 % interval of a mean over all items, when items come in clusters.</summary>
    /// <param name="sums">Sum of the items of each cluster.</param>
    /// <param name="counts">Number of the items of each cluster.</param>
    /// <param name="seed">The seed of the draws.</param>
    /// <param name="purpose">Names the draws.</param>
    /// <param name="resamples">How many draws.</param>
    public static Interval OfMean(IReadOnlyList<double> sums, IReadOnlyList<double> counts, long seed, string purpose, int resamples = DefaultResamples)
    {
        ArgumentNullException.ThrowIfNull(sums);
        ArgumentNullException.ThrowIfNull(counts);
        return Interval(sums.Count, drawn =>
        {
            double sum = 0;
            double count = 0;
            for (var i = 0; i < drawn.Length; i++)
            {
                sum += drawn[i] * sums[i];
                count += drawn[i] * counts[i];
            }

            return sum / count;
        }, seed, purpose, resamples);
    }

    /// <summary>Wilson's 95 % score interval of a share of independent trials: the bootstrap's cross-check, and its stand-in where every video is right.</summary>
    /// <param name="successes">Successes, in [0, trials]; need not be whole.</param>
    /// <param name="trials">Trials, above 0.</param>
    public static Interval Wilson(double successes, double trials)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(trials);
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, trials);
        const double Z = 1.959963984540054;
        var p = successes / trials;
        var z2 = Z * Z / trials;
        var centre = (p + (z2 / 2)) / (1 + z2);
        var half = Z * Math.Sqrt((p * (1 - p) / trials) + (z2 / (4 * trials))) / (1 + z2);
        return new Interval(Math.Max(0, centre - half), Math.Min(1, centre + half));
    }

    /// <summary>A quantile of sorted values, interpolated linearly between neighbours.</summary>
    /// <param name="sorted">Ascending values, at least one.</param>
    /// <param name="q">In [0, 1].</param>
    public static double Quantile(ReadOnlySpan<double> sorted, double q)
    {
        var at = q * (sorted.Length - 1);
        var low = (int)Math.Floor(at);
        var high = Math.Min(low + 1, sorted.Length - 1);
        return sorted[low] + ((at - low) * (sorted[high] - sorted[low]));
    }
}
