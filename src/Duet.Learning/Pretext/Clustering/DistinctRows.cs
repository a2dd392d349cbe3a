using System.Runtime.InteropServices;
using Duet.Data;
using Duet.Learning.Evaluation;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>Whether there are as many different rows as clusters. It looks no further than it must: usually at the first k rows.</summary>
internal static class DistinctRows
{
    /// <summary>Checks.</summary>
    /// <exception cref="UsageException">There are fewer.</exception>
    public static void Check(FeatureMatrix features, int k)
    {
        var seen = new HashSet<int>(new Comparer(features));
        for (var row = 0; row < features.Rows && seen.Count < k; row++)
        {
            seen.Add(row);
        }

        if (seen.Count < k)
        {
            throw new UsageException(seen.Count == 1
                ? $"All {features.Rows} rows of the features are the same, so {k} clusters can't be told apart: is the encoder's output constant?"
                : $"Only {seen.Count} of the {features.Rows} rows of the features differ, fewer than the {k} clusters: take fewer clusters, or see why clips have equal features.");
        }
    }

    private sealed class Comparer(FeatureMatrix features) : IEqualityComparer<int>
    {
        public bool Equals(int x, int y) => features.Row(x).SequenceEqual(features.Row(y));

        public int GetHashCode(int row)
        {
            var hash = new HashCode();
            foreach (var value in features.Row(row))
            {
                hash.Add(value); // 0 and -0 are equal, and hash alike
            }

            return hash.ToHashCode();
        }
    }
}
