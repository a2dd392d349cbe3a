using CsCheck;
using Duet.Data.Randomness;
using Duet.Learning.Evaluation;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Evaluation;

public sealed class StatisticsTests
{
    // Few different values, so that ties are common.
    private static readonly Gen<double[]> Distances = Gen.Int[0, 6].Select(i => i / 4.0).Array[1, 12];

    [Fact]
    public void Auc_is_the_share_of_pairs_in_the_right_order() =>
        Gen.Select(Distances, Distances).Sample((positive, negative) =>
        {
            var wins = 0.0;
            foreach (var p in positive)
            {
                foreach (var n in negative)
                {
                    wins += n > p ? 1 : n == p ? 0.5 : 0;
                }
            }

            Math.Abs(Scores.Auc(positive, negative) - (wins / (positive.Length * negative.Length))).ShouldBeLessThan(1e-12);
        });

    [Fact]
    public void A_cluster_drawn_twice_counts_twice() =>
        Gen.Select(Distances, Distances, Gen.Int[0, 3].Array[4]).Sample((positive, negative, counts) =>
        {
            // Repeating the items as often as their cluster was drawn must give the plain area.
            double[] Repeat(double[] distances) => [.. distances.SelectMany((d, i) => Enumerable.Repeat(d, counts[i % 4]))];
            var auc = new ClusteredAuc(positive.Select((d, i) => (d, i % 4)), negative.Select((d, i) => (d, i % 4))).Of(counts);
            var expected = Scores.Auc(Repeat(positive), Repeat(negative));
            if (double.IsNaN(expected))
            {
                double.IsNaN(auc).ShouldBeTrue();
            }
            else
            {
                auc.ShouldBe(expected, 1e-12);
            }
        });

    [Fact]
    public void No_threshold_is_better_than_the_chosen_one() =>
        Gen.Select(Distances, Distances).Sample((positive, negative) =>
        {
            var (threshold, accuracy) = Scores.ChooseThreshold(positive, negative);
            accuracy.ShouldBe(Scores.BalancedAccuracy(positive, negative, threshold), 1e-12);
            var candidates = positive.Concat(negative).SelectMany(d => new[] { d, d - 0.1, d + 0.1 });
            candidates.Max(t => Scores.BalancedAccuracy(positive, negative, t)).ShouldBe(accuracy, 1e-12);
        });

    [Fact]
    public void A_threshold_is_the_middle_between_the_classes() =>
        Scores.ChooseThreshold([0.1, 0.3], [0.9, 0.5]).ShouldBe((0.4, 1.0));

    [Fact]
    public void Of_several_best_thresholds_the_middle_one_is_taken() =>
        // 0 | 1 | 0 | 1 ...: between 0.1 and 0.2, between 0.3 and 0.4 and between 0.5 and 0.6 are equally good.
        Scores.ChooseThreshold([0.1, 0.3, 0.5], [0.2, 0.4, 0.6]).Threshold.ShouldBe(0.35, 1e-12);

    [Fact]
    public void Weights_give_kinds_equal_shares()
    {
        // Two hard negatives near the positives against six easy ones far off: unweighted, the easy ones would hide the hard.
        double[] positive = [0.1, 0.2, 0.3, 0.4];
        double[] negative = [0.25, 0.26, 1, 1, 1, 1, 1, 1];
        Scores.ChooseThreshold(positive, negative).Threshold.ShouldBe(0.7, 1e-12);
        double[] weights = [3, 3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
        Scores.ChooseThreshold(positive, negative, weights).Threshold.ShouldBe(0.225, 1e-12);
    }

    [Fact]
    public void Neighbouring_doubles_are_still_told_apart()
    {
        var next = Math.BitIncrement(0.5);
        var (threshold, accuracy) = Scores.ChooseThreshold([0.5], [next]);
        accuracy.ShouldBe(1);
        Scores.BalancedAccuracy([0.5], [next], threshold).ShouldBe(1);
    }

    [Fact]
    public void A_class_that_is_empty_or_not_finite_is_refused()
    {
        Should.Throw<ArgumentException>(() => Scores.ChooseThreshold([], [1]));
        Should.Throw<ArgumentException>(() => Scores.ChooseThreshold([double.NaN], [1]));
        double.IsNaN(Scores.Auc([], [1])).ShouldBeTrue();
    }

    [Theory]
    [InlineData(8, 10, 0.4901625, 0.9433178)]
    [InlineData(0, 20, 0, 0.1611252)]
    [InlineData(20, 20, 0.8388748, 1)]
    [InlineData(450, 1000, 0.4194154, 0.4809673)]
    public void Wilson_equals_scipy(double successes, double trials, double low, double high)
    {
        var interval = Bootstrap.Wilson(successes, trials);
        interval.Low.ShouldBe(low, 1e-6);
        interval.High.ShouldBe(high, 1e-6);
    }

    [Fact]
    public void For_independent_items_the_bootstrap_agrees_with_Wilson()
    {
        var random = new KeyedRandom(3, 0, "items", "test");
        var items = Enumerable.Range(0, 600).Select(_ => random.NextBoolean(0.8) ? 1.0 : 0).ToArray();
        var bootstrap = Bootstrap.OfMean(items, [.. items.Select(_ => 1.0)], 0, "test");
        var wilson = Bootstrap.Wilson(items.Sum(), items.Length);
        bootstrap.Low.ShouldBe(wilson.Low, 0.006);
        bootstrap.High.ShouldBe(wilson.High, 0.006);
    }

    [Fact]
    public void Clips_of_one_video_do_not_count_as_independent()
    {
        // 40 videos whose 25 clips all agree: the interval must be that of 40 trials, not of 1000.
        var random = new KeyedRandom(5, 0, "videos", "test");
        var right = Enumerable.Range(0, 40).Select(_ => random.NextBoolean(0.7) ? 25.0 : 0).ToArray();
        var clusters = Bootstrap.OfMean(right, [.. right.Select(_ => 25.0)], 0, "test");
        var wilson = Bootstrap.Wilson(right.Sum() / 25, 40);
        (clusters.High - clusters.Low).ShouldBe(wilson.High - wilson.Low, 0.04);
    }

    [Fact]
    public void Resampling_is_what_it_says()
    {
        // Against a plain loop over the same keyed draws.
        double[] sums = [3, 0, 5, 2];
        double[] counts = [4, 1, 5, 8];
        var values = new List<double>();
        for (var r = 0; r < 300; r++)
        {
            var random = new KeyedRandom(11, r, "naive", "bootstrap");
            double s = 0;
            double c = 0;
            for (var i = 0; i < 4; i++)
            {
                var drawn = (int)random.NextInteger(4);
                s += sums[drawn];
                c += counts[drawn];
            }

            values.Add(s / c);
        }

        values.Sort();
        var interval = Bootstrap.OfMean(sums, counts, 11, "naive", 300);
        interval.Low.ShouldBe(Bootstrap.Quantile(values.ToArray(), 0.025), 1e-12);
        interval.High.ShouldBe(Bootstrap.Quantile(values.ToArray(), 0.975), 1e-12);
        Bootstrap.OfMean(sums, counts, 11, "naive", 300).ShouldBe(interval);
        Bootstrap.OfMean(sums, counts, 12, "naive", 300).ShouldNotBe(interval);
    }

    [Fact]
    public void Draws_without_a_value_are_left_out()
    {
        Bootstrap.Interval(2, drawn => drawn[0] == 2 ? double.NaN : drawn[0], 0, "nan").ShouldBe(new Interval(0, 1));
        double.IsNaN(Bootstrap.Interval(2, _ => double.NaN, 0, "nan").Low).ShouldBeTrue();
    }

    [Fact]
    public void Quantiles_interpolate() // numpy.quantile([1, 2, 4, 8], [0, .25, .5, 1])
    {
        double[] sorted = [1, 2, 4, 8];
        Bootstrap.Quantile(sorted, 0).ShouldBe(1);
        Bootstrap.Quantile(sorted, 0.25).ShouldBe(1.75);
        Bootstrap.Quantile(sorted, 0.5).ShouldBe(3);
        Bootstrap.Quantile(sorted, 1).ShouldBe(8);
    }
}
