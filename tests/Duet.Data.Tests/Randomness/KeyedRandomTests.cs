using CsCheck;
using Duet.Data.Randomness;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Randomness;

public sealed class KeyedRandomTests
{
    private static ulong[] Draw(long seed, long epoch, string id, string purpose, int count = 8)
    {
        var random = new KeyedRandom(seed, epoch, id, purpose);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextUInt64())];
    }

    [Fact]
    public void Equal_keys_give_equal_streams_and_each_part_of_the_key_matters() =>
        Gen.Select(Gen.Long, Gen.Long[0, 1000], Gen.String, Gen.String).Sample((seed, epoch, id, purpose) =>
        {
            var stream = Draw(seed, epoch, id, purpose);
            Draw(seed, epoch, id, purpose).ShouldBe(stream);
            Draw(unchecked(seed + 1), epoch, id, purpose).ShouldNotBe(stream);
            Draw(seed, epoch + 1, id, purpose).ShouldNotBe(stream);
            Draw(seed, epoch, id + "a", purpose).ShouldNotBe(stream);
            Draw(seed, epoch, id, purpose + "a").ShouldNotBe(stream);
            Draw(seed, epoch, id + "a", purpose).ShouldNotBe(Draw(seed, epoch, id, "a" + purpose));
        });

    [Fact]
    public void The_streams_are_fixed_for_good()
    {
        // A change here changes every run that was ever recorded.
        Draw(0, 0, "", "", 2).ShouldBe([0x56D52A30588B0F28UL, 0x16B0A13583DF0149UL]);
        Draw(42, 3, "video", "window", 2).ShouldBe([0x3E33279F73771C0BUL, 0xB33C9A4BC5B57A50UL]);
    }

    [Fact]
    public void Neighbouring_keys_are_uncorrelated()
    {
        // First draws over consecutive epochs: uniform (mean 1/2, variance 1/12) and without serial correlation.
        var draws = Enumerable.Range(0, 20_000).Select(e => new KeyedRandom(1, e, "video", "window").NextDouble()).ToArray();
        var mean = draws.Average();
        var variance = draws.Average(d => (d - mean) * (d - mean));
        var serial = draws.Zip(draws.Skip(1), (a, b) => (a - mean) * (b - mean)).Average() / variance;
        mean.ShouldBe(0.5, 0.01);
        variance.ShouldBe(1 / 12.0, 0.002);
        serial.ShouldBe(0, 0.035);
    }

    [Fact]
    public void Integers_stay_below_their_bound_and_are_even() =>
        Gen.Select(Gen.Long[1, 30], Gen.Long).Sample(
            (bound, seed) =>
            {
                var random = new KeyedRandom(seed, 0, "a", "b");
                var counts = new int[bound];
                for (var i = 0; i < 3000; i++)
                {
                    counts[random.NextInteger(bound)]++;
                }

                var expected = 3000.0 / bound;
                counts.Sum(c => (c - expected) * (c - expected) / expected).ShouldBeLessThan(bound + (8 * Math.Sqrt(2 * bound)) + 20);
            },
            iter: 60);

    [Fact]
    public void Large_bounds_do_not_overflow() =>
        Gen.Long[1, long.MaxValue].Sample(bound => new KeyedRandom(bound, 0, "", "").NextInteger(bound) is var d && d >= 0 && d < bound);

    [Fact]
    public void Shuffling_keeps_every_item_and_is_even_over_permutations()
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < 6000; i++)
        {
            char[] items = ['a', 'b', 'c'];
            new KeyedRandom(7, i, "", "shuffle").Shuffle(items.AsSpan());
            var key = new string(items);
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }

        counts.Count.ShouldBe(6);
        counts.Values.ShouldAllBe(c => c > 850 && c < 1150);
    }

    [Fact]
    public void Normal_draws_have_mean_zero_and_variance_one()
    {
        var random = new KeyedRandom(5, 0, "", "normal");
        var draws = Enumerable.Range(0, 50_000).Select(_ => random.NextNormal()).ToArray();
        draws.Average().ShouldBe(0, 0.025);
        draws.Average(d => d * d).ShouldBe(1, 0.04);
    }

    [Fact]
    public void A_bound_that_is_not_positive_is_refused()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new KeyedRandom(0, 0, "", "").NextInteger(0));
        Should.Throw<ArgumentNullException>(() => new KeyedRandom(0, 0, null!, ""));
    }
}
