using Duet.Data;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using Duet.Learning.Native;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>Centroids, and what was done to the features before they were clustered; assigns other features in the same way.</summary>
public sealed class KMeansModel
{
    private readonly FeatureSpace? space;
    private readonly bool l2;
    private readonly float[] centre;
    private readonly float[] centroids;
    private readonly int threads;

    internal KMeansModel(int columns, FeatureSpace? space, bool l2, float[] centre, float[] centroids, int threads)
    {
        Columns = columns;
        this.space = space;
        this.l2 = l2;
        this.centre = centre;
        this.centroids = centroids;
        this.threads = threads;
        K = centroids.Length / centre.Length;
        Centroids = new FeatureMatrix(K, centre.Length);
        for (var i = 0; i < centroids.Length; i++)
        {
            Centroids.Values[i] = centroids[i] + centre[i % centre.Length];
        }
    }

    /// <summary>Clusters.</summary>
    public int K { get; }

    /// <summary>Values that a row must have.</summary>
    public int Columns { get; }

    /// <summary>The centroids in the space that was clustered, <c>[k, components]</c>: after PCA, whitening and l2.</summary>
    public FeatureMatrix Centroids { get; }

    /// <summary>Finds the nearest centroid of each row, in 32-bit floats.</summary>
    /// <param name="features">Rows with as many values as those that were clustered.</param>
    /// <param name="cancel">Stops between blocks.</param>
    /// <returns>The clusters, and the l2 distances in the space that was clustered.</returns>
    /// <exception cref="UsageException">The rows have another length.</exception>
    /// <exception cref="FeatureValueException">A value is not finite.</exception>
    public (int[] Clusters, float[] Distances) Assign(FeatureMatrix features, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Columns != Columns)
        {
            throw new UsageException($"The centroids are of features with {Columns} values; these rows have {features.Columns}.");
        }

        if (features.Rows == 0)
        {
            return ([], []);
        }

        TorchRuntime.EnsureLoaded();
        using var workers = new BlockWorkers(KMeans.Threads(threads), cancel);
        _ = CentredRows.Mean(features, l2: false, workers); // refuses what is not finite
        var rows = CentredRows.Around(space?.Apply(features, workers) ?? features, l2, centre, workers);
        var clusters = new int[rows.Rows];
        using (var nearest = new NearestCentroids(rows, K, workers))
        {
            nearest.Assign(centroids, Precision.Fp32, clusters);
        }

        return (clusters, Distances(rows, centroids, clusters, workers).Distances);
    }

    /// <summary>The exact distances of rows to their centroids, and the sum of their squares.</summary>
    internal static (float[] Distances, double Objective) Distances(CentredRows rows, float[] centroids, int[] clusters, BlockWorkers workers)
    {
        var distances = new float[rows.Rows];
        var sums = new double[rows.Blocks];
        workers.ForEach(rows.Blocks, (_, block) =>
        {
            var (from, count) = rows.Range(block);
            for (var r = from; r < from + count; r++)
            {
                var squared = rows.SquaredDistance(r, centroids.AsSpan(clusters[r] * rows.Columns, rows.Columns));
                distances[r] = MathF.Sqrt(squared);
                sums[block] += squared;
            }
        });
        return (distances, sums.Sum());
    }
}
