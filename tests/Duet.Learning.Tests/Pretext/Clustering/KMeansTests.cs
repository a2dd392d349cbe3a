using Duet.Data;
using Duet.Data.Randomness;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using Duet.Learning.Pretext.Clustering;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Pretext.Clustering;

public sealed class KMeansTests
{
    public static TheoryData<int, int, int, Precision> Grid()
    {
        var data = new TheoryData<int, int, int, Precision>();
        foreach (var (rows, columns, k) in new[] { (1, 1, 1), (7, 1, 3), (40, 3, 4), (333, 17, 9), (1000, 64, 10), (5000, 33, 25), (9000, 130, 6) })
        {
            data.Add(rows, columns, k, Precision.Fp32);
            data.Add(rows, columns, k, Precision.Bf16);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Grid))]
    public void Finds_what_the_textbook_finds_from_the_same_centroids(int rows, int columns, int k, Precision precision)
    {
        var features = NaiveKMeans.Groups(rows, columns, k);
        var options = new KMeansOptions { Seeding = KMeansSeeding.Random, Precision = precision, Iterations = 100 };

        // The textbook does not split empty clusters: a seed that leaves none.
        var (seed, result) = Enumerable.Range(0, 30).Select(s => (s, KMeans.Fit(features, k, options, s))).First(x => x.Item2.Splits == 0);
        var first = Seeds.Random(rows, k, new KeyedRandom(seed, 0, "k-means", "first centroids"));
        var (clusters, objective) = NaiveKMeans.Fit(features, [.. first.Select(r => Array.ConvertAll(features.Row(r).ToArray(), v => (double)v))]);

        result.Converged.ShouldBeTrue();

        // Where two centroids share a group, rows half-way between them may fall either way by the last digit of a 32-bit centroid, and others follow.
        result.Clusters.Zip(clusters).Count(p => p.First != p.Second).ShouldBeLessThanOrEqualTo(rows / 200);
        result.Objective.ShouldBe(objective, (1e-4 * objective) + 1e-9);
    }

    [Theory]
    [InlineData(Precision.Fp32)]
    [InlineData(Precision.Bf16)]
    public void Numbers_agree_with_each_other(Precision precision)
    {
        var features = NaiveKMeans.Groups(3000, 40, 5, noise: 3);
        var result = KMeans.Fit(features, 12, new KMeansOptions { Precision = precision }, 1);
        var centroids = Enumerable.Range(0, 12).Select(c => Array.ConvertAll(result.Model.Centroids.Row(c).ToArray(), v => (double)v)).ToArray();
        var (clusters, squared) = NaiveKMeans.Assign(features, centroids);

        result.Clusters.Zip(clusters).Count(p => p.First != p.Second).ShouldBeLessThan(4); // ties in the last digit of 32-bit centroids
        result.Objective.ShouldBe(squared.Sum(), 1e-5 * squared.Sum());
        result.Objective.ShouldBe(result.Objectives[^1], 1e-5 * result.Objective);
        result.Distances.Select((d, i) => Math.Abs(d - Math.Sqrt(squared[i]))).Max().ShouldBeLessThan(1e-3);
        result.Sizes.Sum().ShouldBe(3000);
        result.Sizes.ShouldBe(Enumerable.Range(0, 12).Select(c => result.Clusters.Count(x => x == c)));
        result.Imbalance.ShouldBe(result.Iterations[^1].Imbalance, 1e-9);
        result.Precision.ShouldBe(precision);
        (result.Bf16Disagreement is null).ShouldBe(precision == Precision.Fp32);
    }

    [Fact]
    public void The_objective_never_rises()
    {
        for (var seed = 0; seed < 5; seed++)
        {
            var features = NaiveKMeans.Groups(2000, 20, 3, noise: 4, seed: seed);
            foreach (var precision in new[] { Precision.Fp32, Precision.Bf16 })
            {
                var result = KMeans.Fit(features, 30, new KMeansOptions { Precision = precision, Seeding = KMeansSeeding.Random }, seed);
                result.Iterations.Count.ShouldBeGreaterThan(3);
                for (var i = 1; i < result.Objectives.Count; i++)
                {
                    result.Objectives[i].ShouldBeLessThanOrEqualTo(result.Objectives[i - 1] * (1 + 1e-6));
                }
            }
        }
    }

    [Theory]
    [InlineData(Precision.Fp32, 1, 3)]
    [InlineData(Precision.Bf16, 1, 4)]
    public void A_seed_gives_the_same_bits_with_any_number_of_threads(Precision precision, int one, int other)
    {
        var features = NaiveKMeans.Groups(9000, 70, 8, noise: 4);
        var options = new KMeansOptions { Precision = precision, Restarts = 2, Iterations = 6, L2 = true, Pca = 50, Whiten = true };
        var a = KMeans.Fit(features, 20, options with { Threads = one }, 5);
        var b = KMeans.Fit(features, 20, options with { Threads = other }, 5);
        b.Clusters.ShouldBe(a.Clusters);
        b.Distances.ShouldBe(a.Distances);
        b.Model.Centroids.Values.ShouldBe(a.Model.Centroids.Values);
        b.Iterations.ShouldBe(a.Iterations);
        KMeans.Fit(features, 20, options, 6).Clusters.ShouldNotBe(a.Clusters);
    }

    [Fact]
    public void Libtorch_has_its_threads_back_afterwards()
    {
        var before = TorchSharp.torch.get_num_threads();
        try
        {
            TorchSharp.torch.set_num_threads(3);
            KMeans.Fit(NaiveKMeans.Groups(100, 4, 2), 2, new KMeansOptions { Threads = 2 }, 0);
            TorchSharp.torch.get_num_threads().ShouldBe(3);
            using var cancelled = new CancellationTokenSource();
            cancelled.Cancel();
            Should.Throw<OperationCanceledException>(() => KMeans.Fit(NaiveKMeans.Groups(100, 4, 2), 2, new KMeansOptions(), 0, cancel: cancelled.Token));
            TorchSharp.torch.get_num_threads().ShouldBe(3);
        }
        finally
        {
            TorchSharp.torch.set_num_threads(before);
        }
    }

    [Fact]
    public void The_model_assigns_the_same_rows_to_the_same_clusters()
    {
        var features = NaiveKMeans.Groups(2000, 30, 6, noise: 2, offset: 20);
        foreach (var options in new[] { new KMeansOptions(), new KMeansOptions { L2 = true }, new KMeansOptions { Pca = 7 }, new KMeansOptions { Whiten = true, L2 = true } })
        {
            var result = KMeans.Fit(features, 9, options, 2);
            var (clusters, distances) = result.Model.Assign(features);
            clusters.ShouldBe(result.Clusters);
            distances.ShouldBe(result.Distances);
            result.Model.Assign(features.Take([4, 700])).Clusters.ShouldBe([result.Clusters[4], result.Clusters[700]]);
        }

        KMeans.Fit(features, 3, new KMeansOptions(), 0).Model.Assign(new FeatureMatrix(0, 30)).Clusters.ShouldBeEmpty();
    }

    [Fact]
    public void Of_several_restarts_the_best_is_taken()
    {
        var features = NaiveKMeans.Groups(600, 5, 12, noise: 0.5);
        var result = KMeans.Fit(features, 12, new KMeansOptions { Restarts = 6, Seeding = KMeansSeeding.Random }, 0);
        result.RestartObjectives.Count.ShouldBe(6);
        result.RestartObjectives.Distinct().Count().ShouldBeGreaterThan(1);
        result.RestartObjectives[result.Restart].ShouldBe(result.RestartObjectives.Min());
        result.Objective.ShouldBe(result.RestartObjectives.Min(), 1e-4 * result.Objective);
    }

    [Fact]
    public void Progress_and_cancellation()
    {
        var features = NaiveKMeans.Groups(2000, 20, 3, noise: 4);
        using var stop = new CancellationTokenSource();
        var seen = new List<KMeansProgress>();
        var listener = new Listener(p =>
        {
            seen.Add(p);
            if (p.Iteration == 3)
            {
                stop.Cancel();
            }
        });
        Should.Throw<OperationCanceledException>(() => KMeans.Fit(features, 40, new KMeansOptions(), 0, listener, stop.Token));
        seen.Select(p => p.Iteration).ShouldBe([0, 1, 2, 3]);
        seen[3].Last!.Objective.ShouldBeGreaterThan(0);
        seen[3].Iterations.ShouldBe(50);
    }

    [Fact]
    public void The_features_are_not_changed()
    {
        var features = NaiveKMeans.Groups(300, 12, 3);
        var copy = (float[])features.Values.Clone();
        KMeans.Fit(features, 5, new KMeansOptions { L2 = true, Whiten = true, Pca = 4 }, 0);
        features.Values.ShouldBe(copy);
    }

    private sealed class Listener(Action<KMeansProgress> hear) : IProgress<KMeansProgress>
    {
        public void Report(KMeansProgress value) => hear(value);
    }
}
