using Duet.Data.Clips;
using Duet.Data.Randomness;
using Duet.Learning.Evaluation;
using Duet.Learning.Recipes;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>What k-means found in one clustering.</summary>
/// <param name="Assignment">Every part's label.</param>
/// <param name="Fit">k-means's own account.</param>
/// <param name="Dimension">Numbers per clip that were clustered.</param>
internal sealed record FoundClusters(ClusterAssignment Assignment, KMeansResult Fit, int Dimension);

/// <summary>Labels all parts anew: features from the present encoders, then k-means on the training parts, then everything else to the nearest centroid.</summary>
internal sealed class Clusterer(Recipe recipe, ClusteringPlan plan, IReadOnlyList<FeatureTap> taps, ClipParts training, ClipParts validation)
{
    /// <summary>Parts whose features are held at a time where k-means was fitted on some of them only.</summary>
    private const int Block = 1 << 16;

    /// <summary>Clips that could not be read, and why: each once.</summary>
    public SortedDictionary<string, string> Failures { get; } = new(StringComparer.Ordinal);

    /// <summary>Clusters.</summary>
    /// <param name="iteration">The deep clustering iteration, from 1.</param>
    /// <param name="extractor">Reads features.</param>
    /// <param name="stop">Asks to stop.</param>
    /// <returns>By the clusterings' names.</returns>
    public IReadOnlyDictionary<string, FoundClusters> Run(int iteration, FeatureExtractor extractor, CancellationToken stop)
    {
        var options = recipe.Clustering;
        var some = options.FitClips > 0 && options.FitClips < training.Count;
        int[] fitted = some ? Chosen(options.FitClips) : [.. Enumerable.Range(0, training.Count)];
        var (features, kept) = Read("features", training, fitted, extractor);
        var found = new Dictionary<string, FoundClusters>(StringComparer.Ordinal);
        foreach (var clustering in plan.Clusterings)
        {
            var matrix = FeaturesOf(clustering, features);
            var fit = KMeans.Fit(matrix, clustering.K, options.Kmeans, SeedOf(clustering.Name, iteration), null, stop);
            var assignment = ClusterAssignment.Empty(training.Count, validation.Count);
            for (var i = 0; i < kept.Length; i++)
            {
                assignment.Training[fitted[kept[i]]] = fit.Clusters[i];
                assignment.TrainingDistances[fitted[kept[i]]] = fit.Distances[i];
            }

            found.Add(clustering.Name, new FoundClusters(assignment, fit, matrix.Columns));
        }

        if (some)
        {
            Assign(training, found, a => (a.Training, a.TrainingDistances), "assignment", extractor, stop);
        }

        Assign(validation, found, a => (a.Validation, a.ValidationDistances), "validation features", extractor, stop);
        return found;
    }

    /// <summary>Assigns parts to the nearest centroids, a block at a time.</summary>
    private void Assign(
        ClipParts parts,
        Dictionary<string, FoundClusters> found,
        Func<ClusterAssignment, (int[] Clusters, float[] Distances)> side,
        string what,
        FeatureExtractor extractor,
        CancellationToken stop)
    {
        for (var first = 0; first < parts.Count; first += Block)
        {
            var count = Math.Min(Block, parts.Count - first);
            var (features, kept) = Read(what, parts, [.. Enumerable.Range(first, count)], extractor);
            foreach (var clustering in plan.Clusterings)
            {
                var (toClusters, toDistances) = side(found[clustering.Name].Assignment);
                toClusters.AsSpan(first, count).Fill(ClusterAssignment.None);
                toDistances.AsSpan(first, count).Clear();
                if (kept.Length == 0)
                {
                    continue;
                }

                var (clusters, distances) = found[clustering.Name].Fit.Model.Assign(FeaturesOf(clustering, features), stop);
                for (var i = 0; i < kept.Length; i++)
                {
                    toClusters[first + kept[i]] = clusters[i];
                    toDistances[first + kept[i]] = distances[i];
                }
            }
        }
    }

    /// <summary>Reads parts' features by encoder.</summary>
    /// <returns>A matrix per encoder's name, and for each of its rows the place among the chosen parts: those that could be read.</returns>
    private (Dictionary<string, FeatureMatrix> Features, int[] Kept) Read(string what, ClipParts parts, IReadOnlyList<int> chosen, FeatureExtractor extractor)
    {
        ClipRequest[] requests = [.. chosen.Select(parts.Centre)];
        var read = extractor.Extract(what, taps, requests);
        foreach (var (index, reason) in read.Failures)
        {
            Failures[requests[index].SampleId] = reason;
        }

        return (taps.Select((t, i) => (t.Network.Name, read.Features[i])).ToDictionary(p => p.Name, p => p.Item2, StringComparer.Ordinal),
            [.. Enumerable.Range(0, requests.Length).Where(i => read.RowOf[i] >= 0)]);
    }

    /// <summary>A clustering's features: one encoder's as they are, those of several l2-normalised each and put side by side (XDC, section 3, CDC).</summary>
    internal static FeatureMatrix FeaturesOf(PlannedClustering clustering, IReadOnlyDictionary<string, FeatureMatrix> features)
    {
        if (clustering.Streams.Count == 1)
        {
            return features[clustering.Streams[0]];
        }

        FeatureMatrix[] sides = [.. clustering.Streams.Select(s => features[s])];
        var joint = new FeatureMatrix(sides[0].Rows, sides.Sum(s => s.Columns));
        for (var row = 0; row < joint.Rows; row++)
        {
            var target = joint.Row(row);
            foreach (var side in sides)
            {
                var source = side.Row(row);
                var sum = 0.0;
                foreach (var value in source)
                {
                    sum += (double)value * value;
                }

                var factor = sum > 0 ? (float)(1 / Math.Sqrt(sum)) : 0;
                for (var i = 0; i < source.Length; i++)
                {
                    target[i] = source[i] * factor;
                }

                target = target[source.Length..];
            }
        }

        return joint;
    }

    private int[] Chosen(int count)
    {
        int[] all = [.. Enumerable.Range(0, training.Count)];
        new KeyedRandom(recipe.Seed, 0, "", "clustering/fit").Shuffle(all.AsSpan());
        int[] chosen = [.. all.Take(count)];
        Array.Sort(chosen);
        return chosen;
    }

    private long SeedOf(string clustering, int iteration) => (long)(new KeyedRandom(recipe.Seed, iteration, clustering, "clustering/kmeans").NextDouble() * (1L << 53));
}
