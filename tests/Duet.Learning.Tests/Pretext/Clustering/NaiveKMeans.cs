using Duet.Data.Randomness;
using Duet.Learning.Evaluation;

namespace Duet.Learning.Tests.Pretext.Clustering;

/// <summary>Lloyd's algorithm as a textbook has it, in doubles.</summary>
internal static class NaiveKMeans
{
    /// <summary>Well separated groups, in the order of the rows: row i belongs to group i % groups.</summary>
    public static FeatureMatrix Groups(int rows, int columns, int groups, double noise = 0.1, double offset = 0, long seed = 0)
    {
        var random = new KeyedRandom(seed, 0, "groups", "test");
        var means = new double[groups * columns];
        for (var i = 0; i < means.Length; i++)
        {
            means[i] = (5 * random.NextNormal()) + offset;
        }

        var features = new FeatureMatrix(rows, columns);
        for (var i = 0; i < features.Values.Length; i++)
        {
            features.Values[i] = (float)(means[(i / columns % groups * columns) + (i % columns)] + (noise * random.NextNormal()));
        }

        return features;
    }

    /// <summary>Squared distances and nearest centroids.</summary>
    public static (int[] Clusters, double[] Squared) Assign(FeatureMatrix features, double[][] centroids)
    {
        var clusters = new int[features.Rows];
        var squared = new double[features.Rows];
        for (var r = 0; r < features.Rows; r++)
        {
            squared[r] = double.PositiveInfinity;
            for (var c = 0; c < centroids.Length; c++)
            {
                double sum = 0;
                for (var i = 0; i < features.Columns; i++)
                {
                    var d = features.Row(r)[i] - centroids[c][i];
                    sum += d * d;
                }

                if (sum < squared[r])
                {
                    (clusters[r], squared[r]) = (c, sum);
                }
            }
        }

        return (clusters, squared);
    }

    /// <summary>Iterates until nothing changes, from given centroids; an empty cluster keeps its own.</summary>
    public static (int[] Clusters, double Objective) Fit(FeatureMatrix features, double[][] centroids)
    {
        int[] before = [];
        while (true)
        {
            var (clusters, squared) = Assign(features, centroids);
            if (clusters.SequenceEqual(before))
            {
                return (clusters, squared.Sum());
            }

            before = clusters;
            for (var c = 0; c < centroids.Length; c++)
            {
                var members = Enumerable.Range(0, features.Rows).Where(r => clusters[r] == c).ToArray();
                for (var i = 0; i < features.Columns && members.Length > 0; i++)
                {
                    centroids[c][i] = members.Average(r => (double)features.Row(r)[i]);
                }
            }
        }
    }
}
