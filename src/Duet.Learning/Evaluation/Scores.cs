namespace Duet.Learning.Evaluation;

/// <summary>Statistics of scores in two classes.</summary>
public static class Scores
{
    /// <summary>
    /// Area under the ROC curve: the probability that a negative's distance is larger than a positive's, ties counting one half
    /// (Mann-Whitney). 0.5 is chance. O(n log n).
    /// </summary>
    /// <param name="positive">Distances of positives: small is good.</param>
    /// <param name="negative">Distances of negatives.</param>
    /// <returns>The area, or NaN where a class is empty.</returns>
    public static double Auc(ReadOnlySpan<double> positive, ReadOnlySpan<double> negative)
    {
        if (positive.IsEmpty || negative.IsEmpty)
        {
            return double.NaN;
        }

        var p = positive.ToArray();
        var n = negative.ToArray();
        Array.Sort(p);
        Array.Sort(n);
        double wins = 0;
        var (below, upTo) = (0, 0);
        foreach (var x in n)
        {
            while (below < p.Length && p[below] < x)
            {
                below++;
            }

            while (upTo < p.Length && p[upTo] <= x)
            {
                upTo++;
            }

            wins += below + ((upTo - below) / 2.0);
        }

        return wins / ((double)p.Length * n.Length);
    }

    /// <summary>
    /// The distance that tells positives (at most it) from negatives (above it) best: it maximises balanced accuracy. Between two
    /// neighbouring distances every threshold is as good, so the middle is taken; of several best stretches the middle one.
    /// </summary>
    /// <param name="positive">Distances of positives.</param>
    /// <param name="negative">Distances of negatives; each counts <paramref name="weights"/>.</param>
    /// <param name="weights">A weight per negative, so that kinds can have equal shares; empty for equal weights.</param>
    /// <returns>The threshold and its balanced accuracy on these distances.</returns>
    /// <exception cref="ArgumentException">A class is empty, a distance is not finite, or the weights' number differs.</exception>
    public static (double Threshold, double BalancedAccuracy) ChooseThreshold(ReadOnlySpan<double> positive, ReadOnlySpan<double> negative, ReadOnlySpan<double> weights = default)
    {
        if (positive.IsEmpty || negative.IsEmpty)
        {
            throw new ArgumentException("A threshold needs positives and negatives.", nameof(positive));
        }

        if (!weights.IsEmpty && weights.Length != negative.Length)
        {
            throw new ArgumentException("There must be as many weights as negatives.", nameof(weights));
        }

        var all = new (double Distance, double Gain)[positive.Length + negative.Length];
        double total = 0;
        for (var i = 0; i < negative.Length; i++)
        {
            total += weights.IsEmpty ? 1 : weights[i];
        }

        for (var i = 0; i < positive.Length; i++)
        {
            all[i] = (positive[i], 1.0 / positive.Length);
        }

        for (var i = 0; i < negative.Length; i++)
        {
            all[positive.Length + i] = (negative[i], -(weights.IsEmpty ? 1 : weights[i]) / total);
        }

        if (all.Any(a => !double.IsFinite(a.Distance)))
        {
            throw new ArgumentException("A distance is not finite.", nameof(positive));
        }

        Array.Sort(all, static (a, b) => a.Distance.CompareTo(b.Distance));
        // advantage(threshold) = share of positives at most it - share of negatives at most it; balanced accuracy is (1 + that) / 2.
        const double Tie = 1e-12; // shares are sums of fractions: equal ones differ by rounding
        var best = 0.0;
        var stretches = new List<(double From, double To)> { (Math.BitDecrement(all[0].Distance), all[0].Distance) }; // everything called negative
        var advantage = 0.0;
        for (var i = 0; i < all.Length;)
        {
            var distance = all[i].Distance;
            for (; i < all.Length && all[i].Distance == distance; i++)
            {
                advantage += all[i].Gain;
            }

            if (advantage < best - Tie)
            {
                continue;
            }

            if (advantage > best + Tie)
            {
                stretches.Clear();
                best = advantage;
            }

            stretches.Add((distance, i < all.Length ? all[i].Distance : distance));
        }

        var (from, to) = stretches[(stretches.Count - 1) / 2];
        var threshold = from + ((to - from) / 2);
        // Between two doubles that are neighbours the middle rounds to one of them: the lower one still tells them apart.
        return (threshold >= to && to > from ? from : threshold, (1 + best) / 2);
    }

    /// <summary>Share of right answers when the distances up to the threshold are called positive, with both classes counting one half.</summary>
    /// <param name="positive">Distances of positives.</param>
    /// <param name="negative">Distances of negatives.</param>
    /// <param name="threshold">The threshold.</param>
    /// <returns>The accuracy, or NaN where a class is empty.</returns>
    public static double BalancedAccuracy(ReadOnlySpan<double> positive, ReadOnlySpan<double> negative, double threshold)
    {
        double right = 0;
        double rejected = 0;
        foreach (var d in positive)
        {
            right += d <= threshold ? 1 : 0;
        }

        foreach (var d in negative)
        {
            rejected += d > threshold ? 1 : 0;
        }

        return ((right / positive.Length) + (rejected / negative.Length)) / 2;
    }
}

/// <summary>The area under the ROC curve when each cluster counts as often as it was drawn: sorted once, then one pass per draw.</summary>
internal sealed class ClusteredAuc
{
    private readonly (double Distance, int Cluster, bool Positive)[] sorted;

    /// <summary>Sorts the distances.</summary>
    /// <param name="positive">Distances of positives with their cluster.</param>
    /// <param name="negative">Distances of negatives with their cluster.</param>
    public ClusteredAuc(IEnumerable<(double Distance, int Cluster)> positive, IEnumerable<(double Distance, int Cluster)> negative)
    {
        sorted = [.. positive.Select(p => (p.Distance, p.Cluster, true)), .. negative.Select(n => (n.Distance, n.Cluster, false))];
        Array.Sort(sorted, static (a, b) => a.Distance.CompareTo(b.Distance));
    }

    /// <summary>The area for one draw; NaN where a class has no weight.</summary>
    /// <param name="counts">How often each cluster was drawn.</param>
    public double Of(int[] counts)
    {
        double wins = 0;
        double positives = 0;
        double negatives = 0;
        for (var i = 0; i < sorted.Length;)
        {
            var distance = sorted[i].Distance;
            double tiedPositives = 0;
            double tiedNegatives = 0;
            for (; i < sorted.Length && sorted[i].Distance == distance; i++)
            {
                if (sorted[i].Positive)
                {
                    tiedPositives += counts[sorted[i].Cluster];
                }
                else
                {
                    tiedNegatives += counts[sorted[i].Cluster];
                }
            }

            wins += tiedNegatives * (positives + (tiedPositives / 2));
            positives += tiedPositives;
            negatives += tiedNegatives;
        }

        return wins / (positives * negatives);
    }
}
