using Duet.Data.Clips;

namespace Duet.Learning.Evaluation;

/// <summary>The two distances of one request: its own sound, and the other.</summary>
/// <param name="VideoId">The video of the frames: the cluster.</param>
/// <param name="Kind">The kind of the negative.</param>
/// <param name="Positive">Distance to the sound in sync.</param>
/// <param name="Negative">Distance to the other sound.</param>
public readonly record struct PairDistances(string VideoId, PairKind Kind, double Positive, double Negative);

/// <summary>From distances to numbers: threshold, accuracy, area under the curve, intervals, histograms. Knows no network and no file.</summary>
public static class SyncJudge
{
    private const int Bins = 40;

    /// <summary>Among which kinds the threshold is chosen: super-hard is reported at it, but AVTS does not train on it.</summary>
    private static readonly PairKind[] ThresholdKinds = [PairKind.Easy, PairKind.Hard];

    /// <summary>The kinds in their order.</summary>
    public static IReadOnlyList<PairKind> Kinds { get; } = [PairKind.Easy, PairKind.Hard, PairKind.SuperHard];

    /// <summary>A kind's name in result files.</summary>
    /// <param name="kind">Easy, hard or super-hard.</param>
    public static string NameOf(PairKind kind) => kind switch
    {
        PairKind.Easy => "easy",
        PairKind.Hard => "hard",
        PairKind.SuperHard => "super_hard",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "A negative is easy, hard or super-hard."),
    };

    /// <summary>
    /// The one threshold: of positives against easy and hard negatives in equal shares (or the one of the two kinds that there is),
    /// it maximises balanced accuracy.
    /// </summary>
    /// <param name="validation">Distances of the validation part.</param>
    /// <returns>The threshold, its balanced accuracy there, and the kinds that took part.</returns>
    /// <exception cref="ArgumentException">There is neither an easy nor a hard pair.</exception>
    public static (double Threshold, double Accuracy, IReadOnlyList<PairKind> Kinds) ChooseThreshold(IReadOnlyList<PairDistances> validation)
    {
        ArgumentNullException.ThrowIfNull(validation);
        var kinds = ThresholdKinds.Where(k => validation.Any(d => d.Kind == k)).ToArray();
        var used = validation.Where(d => kinds.Contains(d.Kind)).ToArray();
        var sizes = kinds.ToDictionary(k => k, k => used.Count(d => d.Kind == k));
        var weights = used.Select(d => 1.0 / sizes[d.Kind]).ToArray();
        var (threshold, accuracy) = Scores.ChooseThreshold([.. used.Select(d => d.Positive)], [.. used.Select(d => d.Negative)], weights);
        return (threshold, accuracy, kinds);
    }

    /// <summary>The numbers of one kind.</summary>
    /// <param name="distances">Distances of the test part; those of other kinds are passed over.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="threshold">The threshold, chosen elsewhere.</param>
    /// <param name="seed">The seed of the resamples.</param>
    /// <param name="resamples">How many.</param>
    /// <returns>The numbers, or null where there is no pair of this kind.</returns>
    public static SyncKindResult? Judge(IReadOnlyList<PairDistances> distances, PairKind kind, double threshold, long seed, int resamples = Bootstrap.DefaultResamples)
    {
        ArgumentNullException.ThrowIfNull(distances);
        var own = distances.Where(d => d.Kind == kind).ToArray();
        if (own.Length == 0)
        {
            return null;
        }

        var clusters = own.Select(d => d.VideoId).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select((id, i) => (id, i)).ToDictionary(p => p.id, p => p.i, StringComparer.Ordinal);
        var right = new double[clusters.Count];
        var counts = new double[clusters.Count];
        double positives = 0;
        double negatives = 0;
        foreach (var d in own)
        {
            var cluster = clusters[d.VideoId];
            var accepted = d.Positive <= threshold ? 1 : 0;
            var rejected = d.Negative > threshold ? 1 : 0;
            right[cluster] += accepted + rejected;
            counts[cluster] += 2;
            positives += accepted;
            negatives += rejected;
        }

        var auc = new ClusteredAuc(own.Select(d => (d.Positive, clusters[d.VideoId])), own.Select(d => (d.Negative, clusters[d.VideoId])));
        var accuracyInterval = Bootstrap.OfMean(right, counts, seed, "sync", resamples);
        var aucInterval = Bootstrap.Interval(clusters.Count, auc.Of, seed, "sync", resamples);
        return new SyncKindResult
        {
            Accuracy = (positives + negatives) / (2 * own.Length),
            AccuracyCi95 = [accuracyInterval.Low, accuracyInterval.High],
            Auc = Scores.Auc([.. own.Select(d => d.Positive)], [.. own.Select(d => d.Negative)]),
            AucCi95 = [aucInterval.Low, aucInterval.High],
            PositiveAccuracy = positives / own.Length,
            NegativeAccuracy = negatives / own.Length,
            PositiveDistance = own.Average(d => d.Positive),
            NegativeDistance = own.Average(d => d.Negative),
            Pairs = 2 * own.Length,
            Videos = clusters.Count,
        };
    }

    /// <summary>Balanced accuracy over the given kinds, each with the same share.</summary>
    /// <param name="distances">Distances.</param>
    /// <param name="kinds">The kinds.</param>
    /// <param name="threshold">The threshold.</param>
    /// <returns>The mean over those kinds that have pairs; NaN where none has.</returns>
    public static double Accuracy(IReadOnlyList<PairDistances> distances, IReadOnlyList<PairKind> kinds, double threshold)
    {
        ArgumentNullException.ThrowIfNull(distances);
        ArgumentNullException.ThrowIfNull(kinds);
        var each = kinds
            .Select(k => distances.Where(d => d.Kind == k).ToArray())
            .Where(static own => own.Length > 0)
            .Select(own => Scores.BalancedAccuracy([.. own.Select(d => d.Positive)], [.. own.Select(d => d.Negative)], threshold))
            .ToArray();
        return each.Length == 0 ? double.NaN : each.Average();
    }

    /// <summary>Counts distances into bins of equal width from 0 to the largest distance.</summary>
    /// <param name="distances">Distances.</param>
    public static SyncHistograms Histograms(IReadOnlyList<PairDistances> distances)
    {
        ArgumentNullException.ThrowIfNull(distances);
        var largest = distances.Count == 0 ? 1 : distances.Max(d => Math.Max(d.Positive, d.Negative));
        var width = (largest > 0 ? largest : 1) / Bins;
        int[] Count(IEnumerable<double> values)
        {
            var counts = new int[Bins];
            foreach (var value in values)
            {
                counts[Math.Clamp((int)(value / width), 0, Bins - 1)]++;
            }

            return counts;
        }

        return new SyncHistograms
        {
            Edges = [.. Enumerable.Range(0, Bins + 1).Select(i => i * width)],
            Positive = Count(distances.Select(d => d.Positive)),
            Easy = Count(distances.Where(d => d.Kind == PairKind.Easy).Select(d => d.Negative)),
            Hard = Count(distances.Where(d => d.Kind == PairKind.Hard).Select(d => d.Negative)),
            SuperHard = Count(distances.Where(d => d.Kind == PairKind.SuperHard).Select(d => d.Negative)),
        };
    }

    /// <summary>How often the least distance lies near zero.</summary>
    /// <param name="curves">Offsets and distances, one clip each. Of equal least distances the one furthest from zero counts, so that a flat curve finds nothing.</param>
    /// <param name="stepSeconds">Seconds between two offsets.</param>
    /// <returns>The summary, or null without curves.</returns>
    public static OffsetSummary? Offsets(IReadOnlyList<(double[] Offsets, double[] Distances)> curves, double stepSeconds)
    {
        ArgumentNullException.ThrowIfNull(curves);
        if (curves.Count == 0)
        {
            return null;
        }

        var estimates = curves.Select(c => Math.Abs(Enumerable.Range(0, c.Offsets.Length).OrderBy(i => c.Distances[i]).ThenByDescending(i => Math.Abs(c.Offsets[i])).Select(i => c.Offsets[i]).First())).Order().ToArray();
        const double Slack = 1e-9; // offsets are fractions that became doubles
        return new OffsetSummary
        {
            Clips = curves.Count,
            StepSeconds = stepSeconds,
            MedianAbsoluteSeconds = Bootstrap.Quantile(estimates, 0.5),
            Within = [.. new[] { 0, 1, 2, 5, 10 }.Select(steps =>
            {
                var tolerance = (steps * stepSeconds) + Slack;
                var hits = estimates.Count(e => e <= tolerance);
                var interval = Bootstrap.Wilson(hits, curves.Count);
                var chance = curves.Average(c => (double)c.Offsets.Count(o => Math.Abs(o) <= tolerance) / c.Offsets.Length);
                return new OffsetTolerance(steps, steps * stepSeconds, (double)hits / curves.Count, [interval.Low, interval.High], chance);
            })],
        };
    }
}
