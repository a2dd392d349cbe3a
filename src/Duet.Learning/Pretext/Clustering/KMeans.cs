using Duet.Data;
using Duet.Data.Randomness;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using Duet.Learning.Native;
using TorchSharp;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>
/// Lloyd's k-means on blocks of rows: memory beyond the features is a few blocks and a few numbers per row. The same features, options and seed give the same bits on the same
/// kind of processor with the same libtorch, whatever the number of threads. See docs/kmeans.md.
/// </summary>
public static class KMeans
{
    /// <summary>Rows of the sample on which bf16 is compared with 32-bit floats.</summary>
    private const int SampleRows = 16384;

    /// <summary>Clusters rows.</summary>
    /// <param name="features">Finite rows; they are not changed.</param>
    /// <param name="k">Clusters.</param>
    /// <param name="options">How.</param>
    /// <param name="seed">The seed of the first centroids and of the splits.</param>
    /// <param name="progress">Hears of every iteration.</param>
    /// <param name="cancel">Stops between blocks.</param>
    /// <exception cref="UsageException">There are fewer rows, or fewer different rows, than clusters; an option can't be.</exception>
    /// <exception cref="FeatureValueException">A value is not finite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static KMeansResult Fit(
        FeatureMatrix features,
        int k,
        KMeansOptions options,
        long seed,
        IProgress<KMeansProgress>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(options);
        Check(features, k, options);
        TorchRuntime.EnsureLoaded();
        using var workers = new BlockWorkers(Threads(options.Threads), cancel);
        var rawMean = CentredRows.Mean(features, l2: false, workers);
        DistinctRows.Check(features, k);
        var space = options.Pca > 0 || options.Whiten ? FeatureSpace.Fit(features, rawMean, options.Pca, options.Whiten, workers) : null;
        var clustered = space?.Apply(features, workers) ?? features;
        var centre = space is null && !options.L2 ? rawMean : CentredRows.Mean(clustered, options.L2, workers);
        var rows = CentredRows.Around(clustered, options.L2, centre, workers);

        using var nearest = new NearestCentroids(rows, k, workers);
        var (precision, _) = PrecisionPolicy.Resolve(options.Precision, DeviceType.CPU);
        var lloyd = new Lloyd(rows, nearest, workers, options, precision, seed, progress);
        Lloyd.Outcome? best = null;
        var ends = new List<double>();
        for (var restart = 0; restart < options.Restarts; restart++)
        {
            var outcome = lloyd.Run(k, restart);
            ends.Add(outcome.Iterations[^1].Objective);
            best = best is null || ends[restart] < ends[best.Restart] ? outcome : best;
        }

        return Finish(rows, nearest, workers, best!, ends, new KMeansModel(features.Columns, space, options.L2, centre, best!.Centroids, options.Threads), precision);
    }

    /// <summary>Threads: those that were asked for, or libtorch's.</summary>
    internal static int Threads(int asked) => asked > 0 ? asked : Math.Max(1, TorchRuntime.Threads);

    private static void Check(FeatureMatrix features, int k, KMeansOptions options)
    {
        foreach (var error in options.Validate())
        {
            throw new UsageException($"k-means: {error.Property} {error.Message}.");
        }

        if (k < 1)
        {
            throw new UsageException($"There can't be {k} clusters; take 1 or more.");
        }

        if (k > features.Rows)
        {
            throw new UsageException($"{features.Rows} rows can't make {k} clusters: take fewer clusters or more clips.");
        }

        if ((long)k * features.Columns > 1 << 29)
        {
            throw new UsageException($"{k} centroids with {features.Columns} values each are more than are supported; take fewer clusters, or PCA.");
        }
    }

    private static KMeansResult Finish(
        CentredRows rows, NearestCentroids nearest, BlockWorkers workers, Lloyd.Outcome best, List<double> ends, KMeansModel model, Precision precision)
    {
        var k = model.K;
        var clusters = best.Clusters;
        if (!best.Final)
        {
            nearest.Assign(best.Centroids, Precision.Fp32, clusters);
        }

        double? disagreement = null;
        if (precision == Precision.Bf16)
        {
            // Whole blocks, evenly spaced.
            var count = Math.Clamp(SampleRows / rows.BlockRows, 1, rows.Blocks);
            int[] sample = [.. Enumerable.Range(0, count).Select(i => (int)((long)i * rows.Blocks / count))];
            var narrow = (int[])clusters.Clone();
            var different = nearest.Assign(best.Centroids, Precision.Bf16, narrow, sample);
            disagreement = (double)different / sample.Sum(b => rows.Range(b).Count);
        }

        var (distances, objective) = KMeansModel.Distances(rows, best.Centroids, clusters, workers);
        var sizes = new int[k];
        foreach (var c in clusters)
        {
            sizes[c]++;
        }

        return new KMeansResult
        {
            Clusters = clusters,
            Distances = distances,
            Model = model,
            Objective = objective,
            Iterations = best.Iterations,
            RestartObjectives = ends,
            Restart = best.Restart,
            Converged = best.Converged,
            Sizes = sizes,
            Imbalance = ClusterQuality.Imbalance(sizes),
            Precision = precision,
            Bf16Disagreement = disagreement,
        };
    }
}
