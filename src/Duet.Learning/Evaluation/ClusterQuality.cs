namespace Duet.Learning.Evaluation;

/// <summary>How good a clustering is: beside labels, beside another clustering, and by itself.</summary>
public static class ClusterQuality
{
    /// <summary>
    /// Normalised mutual information, 0 to 1: <c>I(a, b) / ((H(a) + H(b)) / 2)</c>, by the arithmetic mean of the entropies as scikit-learn has it. It does not
    /// matter which is called the clustering, nor how clusters are numbered. Two groupings of a single group each agree wholly (1); where only one of them has a single group it is 0.
    /// </summary>
    /// <param name="a">Each item's group, from 0.</param>
    /// <param name="b">Each item's group in the other grouping, from 0.</param>
    /// <exception cref="ArgumentException">They have different lengths, are empty, or hold a negative number.</exception>
    public static double NormalisedMutualInformation(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        CheckPair(a, b);
        var (of, sizesA, sizesB) = Count(a, b);
        if (sizesA.Count == 1 && sizesB.Count == 1)
        {
            return 1;
        }

        double n = a.Length;
        double information = 0;
        foreach (var ((x, y), both) in of)
        {
            information += both / n * Math.Log(both * n / ((double)sizesA[x] * sizesB[y]));
        }

        var mean = (Entropy(sizesA.Values) + Entropy(sizesB.Values)) / 2;
        return information <= 0 || mean <= 0 ? 0 : Math.Min(1, information / mean);
    }

    /// <summary>The share of items whose label is the most frequent one of their cluster, 0 to 1. It rises with the number of clusters.</summary>
    /// <param name="clusters">Each item's cluster, from 0.</param>
    /// <param name="labels">Each item's label, from 0.</param>
    /// <exception cref="ArgumentException">They have different lengths, are empty, or hold a negative number.</exception>
    public static double Purity(ReadOnlySpan<int> clusters, ReadOnlySpan<int> labels)
    {
        CheckPair(clusters, labels);
        var most = new Dictionary<int, int>();
        foreach (var ((cluster, _), both) in Count(clusters, labels).Both)
        {
            most[cluster] = Math.Max(most.GetValueOrDefault(cluster), both);
        }

        return (double)most.Values.Sum() / clusters.Length;
    }

    /// <summary>The entropy of the clusters' sizes, bits: log2(k) where all are equally large, 0 where one holds everything.</summary>
    /// <param name="sizes">Items of each cluster; empty ones count nothing.</param>
    public static double EntropyBits(ReadOnlySpan<int> sizes) => Entropy(sizes.ToArray()) / Math.Log(2);

    /// <summary><see cref="EntropyBits"/> relative to its most, log2(k): 0 to 1; 1 for a single cluster.</summary>
    /// <param name="sizes">Items of each cluster.</param>
    public static double NormalisedEntropy(ReadOnlySpan<int> sizes) => sizes.Length <= 1 ? 1 : EntropyBits(sizes) / Math.Log2(sizes.Length);

    /// <summary>faiss's imbalance factor, <c>k * sum(n_i^2) / n^2</c>: 1 where all clusters are equally large, k where one holds everything.</summary>
    /// <param name="sizes">Items of each cluster.</param>
    public static double Imbalance(ReadOnlySpan<int> sizes)
    {
        double sum = 0;
        double squares = 0;
        foreach (var size in sizes)
        {
            sum += size;
            squares += (double)size * size;
        }

        return sum > 0 ? sizes.Length * squares / (sum * sum) : 0;
    }

    private static void CheckPair(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        if (a.Length != b.Length || a.IsEmpty)
        {
            throw new ArgumentException($"The groupings must be of the same items, and of at least one; they have {a.Length} and {b.Length}.", nameof(b));
        }

        foreach (var group in a)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(group, nameof(a));
        }

        foreach (var group in b)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(group, nameof(b));
        }
    }

    private static (Dictionary<(int A, int B), int> Both, Dictionary<int, int> A, Dictionary<int, int> B) Count(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        var both = new Dictionary<(int A, int B), int>();
        var (sizesA, sizesB) = (new Dictionary<int, int>(), new Dictionary<int, int>());
        for (var i = 0; i < a.Length; i++)
        {
            both[(a[i], b[i])] = both.GetValueOrDefault((a[i], b[i])) + 1;
            sizesA[a[i]] = sizesA.GetValueOrDefault(a[i]) + 1;
            sizesB[b[i]] = sizesB.GetValueOrDefault(b[i]) + 1;
        }

        return (both, sizesA, sizesB);
    }

    /// <summary>Nats.</summary>
    private static double Entropy(IEnumerable<int> sizes)
    {
        var counts = sizes.Where(s => s > 0).ToArray();
        double n = counts.Sum(s => (long)s);
        return counts.Sum(s => s / n * Math.Log(n / s));
    }
}
