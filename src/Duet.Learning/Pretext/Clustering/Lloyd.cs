using Duet.Data.Randomness;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>Lloyd's iterations from one set of first centroids: assign, average, split what is empty, until nothing changes.</summary>
internal sealed class Lloyd(
    CentredRows rows, NearestCentroids nearest, BlockWorkers workers, KMeansOptions options, Precision precision, long seed, IProgress<KMeansProgress>? progress)
{
    /// <summary>Where a restart ended.</summary>
    /// <param name="Restart">Which.</param>
    /// <param name="Centroids">Around the rows' origin.</param>
    /// <param name="Clusters">The last iteration's.</param>
    /// <param name="Iterations">All of them.</param>
    /// <param name="Converged">Whether it ended by itself.</param>
    /// <param name="Final">Whether another assignment in 32-bit floats would change nothing.</param>
    internal sealed record Outcome(int Restart, float[] Centroids, int[] Clusters, IReadOnlyList<KMeansIteration> Iterations, bool Converged, bool Final);

    private readonly Dictionary<int, CentroidSums> memory = [];

    /// <summary>Runs one restart.</summary>
    public Outcome Run(int k, int restart)
    {
        progress?.Report(new KMeansProgress(restart, options.Restarts, 0, options.Iterations, null));
        var sums = memory.TryGetValue(k, out var old) ? old : memory[k] = new CentroidSums(rows, k, workers);
        var centroids = First(k, restart);
        var clusters = new int[rows.Rows];
        Array.Fill(clusters, -1);
        sums.Clear();
        var done = new List<KMeansIteration>();
        var used = precision;
        while (done.Count < options.Iterations)
        {
            var changed = nearest.Assign(centroids, used, clusters);
            var objective = sums.Update(clusters, changed, centroids);
            var splits = EmptyClusters.Split(centroids, sums.Sizes, sums.Spread, rows.Columns, new KeyedRandom(seed, done.Count, $"restart {restart}", "k-means split"));
            var before = done.Count == 0 ? double.PositiveInfinity : done[^1].Objective;
            done.Add(new KMeansIteration(objective, ClusterQuality.Imbalance(sums.Sizes), splits, changed));
            progress?.Report(new KMeansProgress(restart, options.Restarts, done.Count, options.Iterations, done[^1]));
            if (splits > 0 || !Ends(before, objective, changed))
            {
                continue;
            }

            if (used == Precision.Fp32)
            {
                return new Outcome(restart, centroids, clusters, done, Converged: true, Final: changed == 0);
            }

            // bf16 finds no better: 32-bit floats say whether there is one.
            used = Precision.Fp32;
        }

        return new Outcome(restart, centroids, clusters, done, Converged: false, Final: false);
    }

    private bool Ends(double before, double objective, int changed) => changed == 0 || before - objective <= options.Tolerance * before;

    private float[] First(int k, int restart)
    {
        var random = new KeyedRandom(seed, restart, "k-means", "first centroids");
        var chosen = options.Seeding == KMeansSeeding.Random ? Seeds.Random(rows.Rows, k, random) : new Seeds(rows, workers).PlusPlus(k, random);
        var centroids = new float[k * rows.Columns];
        for (var c = 0; c < k; c++)
        {
            rows.Copy(chosen[c], centroids.AsSpan(c * rows.Columns, rows.Columns));
        }

        return centroids;
    }
}
