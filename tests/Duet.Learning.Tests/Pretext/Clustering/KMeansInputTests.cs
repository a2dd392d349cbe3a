using Duet.Data;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using Duet.Learning.Pretext.Clustering;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Pretext.Clustering;

/// <summary>Features that can't be clustered, and those that barely can.</summary>
public sealed class KMeansInputTests
{
    private static readonly KMeansOptions Options = new();

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    [InlineData(11)]
    public void A_number_of_clusters_that_can_not_be_is_wrong_use(int k)
    {
        var error = Should.Throw<UsageException>(() => KMeans.Fit(NaiveKMeans.Groups(10, 3, 2), k, Options, 0));
        error.Message.ShouldContain(k > 0 ? "10 rows can't make 11 clusters" : $"There can't be {k} clusters");
    }

    [Theory]
    [InlineData(float.NaN, 0, 0)]
    [InlineData(float.PositiveInfinity, 4999, 2)]
    [InlineData(-1e30f, 2500, 1)]
    public void A_value_that_is_none_is_named(float value, int row, int column)
    {
        var features = NaiveKMeans.Groups(5000, 3, 2);
        features.Row(row)[column] = value;
        foreach (var options in new[] { Options, Options with { L2 = true }, Options with { Pca = 2 } })
        {
            var error = Should.Throw<FeatureValueException>(() => KMeans.Fit(features, 2, options, 0));
            (error.Row, error.Column).ShouldBe((row, column));
        }

        var model = KMeans.Fit(NaiveKMeans.Groups(20, 3, 2), 2, Options, 0).Model;
        Should.Throw<FeatureValueException>(() => model.Assign(features)).Row.ShouldBe(row);
        Should.Throw<UsageException>(() => model.Assign(new FeatureMatrix(2, 4))).Message.ShouldContain("3 values");
    }

    [Theory]
    [InlineData(1, 2, "All 50 rows")]
    [InlineData(7, 8, "Only 7 of the 50 rows")]
    public void Fewer_different_rows_than_clusters_are_refused(int different, int k, string message)
    {
        var features = Repeated(50, different);
        Should.Throw<UsageException>(() => KMeans.Fit(features, k, Options, 0)).Message.ShouldContain(message);
    }

    [Theory]
    [InlineData(KMeansSeeding.PlusPlus, Precision.Fp32)]
    [InlineData(KMeansSeeding.Random, Precision.Fp32)]
    [InlineData(KMeansSeeding.PlusPlus, Precision.Bf16)]
    [InlineData(KMeansSeeding.Random, Precision.Bf16)]
    public void As_many_different_rows_as_clusters_are_told_apart(KMeansSeeding seeding, Precision precision)
    {
        var features = Repeated(300, 7);
        var result = KMeans.Fit(features, 7, Options with { Seeding = seeding, Precision = precision }, 1);
        result.Sizes.ShouldAllBe(s => s > 0);
        result.Objective.ShouldBe(0, 1e-6);
    }

    [Fact]
    public void Plus_plus_never_takes_equal_rows_while_there_are_others()
    {
        // 500 equal rows far from the mean beside 5 rare ones: most of what rounding leaves belongs to the equal ones.
        var features = new FeatureMatrix(505, 8);
        for (var r = 0; r < 505; r++)
        {
            features.Row(r).Fill(r < 500 ? 1000.1f : r);
        }

        using var workers = new BlockWorkers(1, CancellationToken.None);
        var rows = CentredRows.Around(features, l2: false, CentredRows.Mean(features, l2: false, workers), workers);
        for (var seed = 0; seed < 20; seed++)
        {
            var chosen = new Seeds(rows, workers).PlusPlus(6, new Data.Randomness.KeyedRandom(seed, 0, "x", "y"));
            chosen.Select(c => features.Row(c)[0]).Distinct().Count().ShouldBe(6);
        }
    }

    [Fact]
    public void Plus_plus_draws_by_squared_distance()
    {
        // Rows at 0 (many), 1 and 3. From a first centroid at 0 the second is the row at 3 nine times as often as that at 1; at 1: 0 (98 rows) against 4; and so on.
        var features = new FeatureMatrix(100, 1);
        features.Values[98] = 1;
        features.Values[99] = 3;
        using var workers = new BlockWorkers(1, CancellationToken.None);
        var rows = CentredRows.Around(features, l2: false, CentredRows.Mean(features, l2: false, workers), workers);
        var (three, all) = (0, 0);
        for (var seed = 0; seed < 800; seed++)
        {
            var chosen = new Seeds(rows, workers).PlusPlus(2, new Data.Randomness.KeyedRandom(seed, 0, "x", "y"));
            if (chosen[0] < 98)
            {
                all++;
                three += chosen[1] == 99 ? 1 : 0;
            }
        }

        ((double)three / all).ShouldBe(0.9, 0.03);
    }

    [Fact]
    public void Rejection_draws_third_rows_as_one_after_the_other_would()
    {
        // Rows at 0, 1, 5 and 6 of which the first is 0: P(second) is 1, 25, 36 of 62; the third by what is left.
        float[] places = [0, 1, 5, 6];
        var features = new FeatureMatrix(4, 1);
        places.CopyTo(features.Values, 0);
        using var workers = new BlockWorkers(1, CancellationToken.None);
        var rows = CentredRows.Around(features, l2: false, CentredRows.Mean(features, l2: false, workers), workers);
        var counts = new Dictionary<(int, int), int>();
        var all = 0;
        for (var seed = 0; seed < 2000; seed++)
        {
            var chosen = new Seeds(rows, workers).PlusPlus(3, new Data.Randomness.KeyedRandom(seed, 0, "x", "y"));
            if (chosen[0] == 0)
            {
                all++;
                counts[(chosen[1], chosen[2])] = counts.GetValueOrDefault((chosen[1], chosen[2])) + 1;
            }
        }

        foreach (var second in new[] { 1, 2, 3 })
        {
            double Weight(int row, params int[] chosen) => chosen.Min(c => Math.Pow(places[row] - places[c], 2));
            var first = Weight(second, 0) / (1 + 25 + 36);
            foreach (var third in new[] { 1, 2, 3 }.Where(t => t != second))
            {
                var left = new[] { 1, 2, 3 }.Where(t => t != second).Sum(t => Weight(t, 0, second));
                ((double)counts.GetValueOrDefault((second, third)) / all).ShouldBe(first * Weight(third, 0, second) / left, 0.05);
            }
        }
    }

    [Theory]
    [InlineData(Precision.Fp32)]
    [InlineData(Precision.Bf16)]
    public void Empty_clusters_are_split_off_large_ones(Precision precision)
    {
        // 990 equal rows and 10 more: evenly drawn centroids are nearly all the same, so nearly all clusters start empty.
        var features = new FeatureMatrix(1000, 4);
        for (var r = 0; r < 1000; r++)
        {
            features.Row(r).Fill(r < 990 ? 1 : r - 985);
        }

        var result = KMeans.Fit(features, 6, Options with { Seeding = KMeansSeeding.Random, Precision = precision, Iterations = 200 }, 3);
        result.Iterations[0].Splits.ShouldBeGreaterThan(0);
        result.Splits.ShouldBe(result.Iterations.Sum(i => i.Splits));
        result.Sizes.ShouldAllBe(s => s > 0);
        result.Converged.ShouldBeTrue();
        for (var i = 1; i < result.Objectives.Count; i++)
        {
            result.Objectives[i].ShouldBeLessThanOrEqualTo(result.Objectives[i - 1] + 1e-6);
        }
    }

    [Fact]
    public void A_mean_far_from_the_origin_costs_no_precision()
    {
        // Spread 1 around 1000 in each of 64 columns: uncentred, products in 32-bit floats would be off by more than the groups' distances, and bf16 blind.
        var near = NaiveKMeans.Groups(1500, 64, 5, noise: 1);
        var far = new FeatureMatrix(1500, 64);
        for (var i = 0; i < far.Values.Length; i++)
        {
            far.Values[i] = MathF.Round(near.Values[i] * 256) / 256;
            near.Values[i] = far.Values[i];
            far.Values[i] += 1024;
        }

        foreach (var precision in new[] { Precision.Fp32, Precision.Bf16 })
        {
            var a = KMeans.Fit(near, 5, Options with { Precision = precision }, 2);
            var b = KMeans.Fit(far, 5, Options with { Precision = precision }, 2);
            b.Clusters.ShouldBe(a.Clusters);
            b.Objective.ShouldBe(a.Objective, 1e-4 * a.Objective);
        }
    }

    [Fact]
    public void Bf16_assigns_as_32_bit_floats_do()
    {
        // No groups at all: the hardest case, every row lies between centroids.
        var features = NaiveKMeans.Groups(20000, 96, 1, noise: 1);
        var result = KMeans.Fit(features, 64, Options with { Precision = Precision.Bf16, Iterations = 8 }, 0);
        result.Bf16Disagreement.ShouldNotBeNull();
        result.Bf16Disagreement.Value.ShouldBeLessThan(0.001);
        var fp32 = KMeans.Fit(features, 64, Options with { Precision = Precision.Fp32, Iterations = 8 }, 0);
        result.Objective.ShouldBe(fp32.Objective, 1e-3 * fp32.Objective);
    }

    [Fact]
    public void Pca_keeps_what_varies_and_whitening_evens_it_out()
    {
        var random = new Data.Randomness.KeyedRandom(0, 0, "pca", "test");
        var features = new FeatureMatrix(3000, 6);
        for (var r = 0; r < features.Rows; r++)
        {
            // Columns 0 and 1 are one direction of deviation 10, column 2 one of deviation 2, the others 0.01; the mean is 7.
            var (a, b) = (10 * random.NextNormal(), 2 * random.NextNormal());
            float[] row = [(float)(a * 0.6), (float)(a * 0.8), (float)b, 0, 0, 0];
            for (var c = 0; c < 6; c++)
            {
                features.Row(r)[c] = row[c] + 7 + (float)(0.01 * random.NextNormal());
            }
        }

        using var workers = new BlockWorkers(2, CancellationToken.None);
        var mean = CentredRows.Mean(features, l2: false, workers);
        mean.ShouldAllBe(m => Math.Abs(m - 7) < 1);
        var plain = FeatureSpace.Fit(features, mean, 2, whiten: false, workers).Apply(features, workers);
        Deviation(plain, 0).ShouldBe(10, 0.5);
        Deviation(plain, 1).ShouldBe(2, 0.1);
        var white = FeatureSpace.Fit(features, mean, 2, whiten: true, workers).Apply(features, workers);
        Deviation(white, 0).ShouldBe(1, 1e-3);
        Deviation(white, 1).ShouldBe(1, 1e-3);
        Enumerable.Range(0, 3000).Average(r => (double)white.Row(r)[0] * white.Row(r)[1]).ShouldBe(0, 1e-3);
        Should.Throw<UsageException>(() => KMeans.Fit(features, 3, Options with { Pca = 7 }, 0)).Message.ShouldContain("at most 6");
        Should.Throw<UsageException>(() => KMeans.Fit(Repeated(50, 3), 3, Options with { Whiten = true }, 0)).Message.ShouldContain("vary");
    }

    [Fact]
    public void L2_clusters_directions()
    {
        var features = new FeatureMatrix(200, 2);
        for (var r = 0; r < 199; r++)
        {
            features.Row(r)[r % 2] = 1 + (10 * r);
            features.Row(r)[1 - (r % 2)] = 0.01f * r;
        }

        var result = KMeans.Fit(features, 3, Options with { L2 = true, Restarts = 5 }, 0);
        Enumerable.Range(0, 199).ShouldAllBe(r => result.Clusters[r] == result.Clusters[r % 2]);
        result.Clusters[0].ShouldNotBe(result.Clusters[1]);
        result.Clusters[199].ShouldNotBeOneOf(result.Clusters[0], result.Clusters[1]); // the row of zeros stays at the origin
    }

    private static double Deviation(FeatureMatrix features, int column) =>
        Math.Sqrt(Enumerable.Range(0, features.Rows).Average(r => (double)features.Row(r)[column] * features.Row(r)[column]));

    private static FeatureMatrix Repeated(int rows, int different)
    {
        var features = new FeatureMatrix(rows, 5);
        for (var r = 0; r < rows; r++)
        {
            for (var c = 0; c < 5; c++)
            {
                features.Row(r)[c] = MathF.Sin((r % different * 5) + c);
            }
        }

        return features;
    }
}
