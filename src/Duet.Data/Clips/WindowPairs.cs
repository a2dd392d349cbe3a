using Duet.Data.Randomness;

namespace Duet.Data.Clips;

/// <summary>
/// All ordered pairs of starts (own, other) of one video whose distance lies in a band of frames, numbered.
/// Drawing a number uniformly makes the pair exchangeable: (a, b) is as likely as (b, a), so the clip's own sound and
/// the negative's have exactly the same distribution over the track. (Drawing the own start first and then the other among
/// what is left would push negatives to the track's ends, and the position alone would tell them.)
/// </summary>
internal readonly struct WindowPairs
{
    private readonly long starts;
    private readonly long nearest;
    private readonly long farthest;

    private WindowPairs(long starts, long nearest, long farthest)
    {
        this.starts = starts;
        this.nearest = nearest;
        this.farthest = Math.Min(farthest, starts - 1);
        Count = this.farthest < nearest ? 0 : UpTo(this.farthest);
    }

    /// <summary>Unordered pairs.</summary>
    public long Count { get; }

    /// <summary>The pairs of a kind that a video can serve.</summary>
    public static WindowPairs Of(ClipGrid grid, PairOptions options, PairKind kind)
    {
        switch (kind)
        {
            case PairKind.Hard:
                var gap = Math.Max(1, grid.FramesIn(options.GapSeconds));
                return new WindowPairs(grid.Starts, options.AllowOverlap ? gap : Math.Max(gap, grid.FramesWithoutOverlap), long.MaxValue);
            case PairKind.SuperHard:
                // Overlap o of a window of w frames is a distance of (1 - o) w.
                var window = new Rational(grid.SamplesPerWindow) * grid.Video.FrameRate / grid.Video.SampleRate;
                var least = (long)Math.Ceiling(((1 - options.SuperHardOverlap[1]) * window.ToDouble()) - 1e-9);
                var most = (long)Math.Floor(((1 - options.SuperHardOverlap[0]) * window.ToDouble()) + 1e-9);
                return new WindowPairs(grid.Starts, Math.Max(1, least), Math.Min(most, grid.FramesWithoutOverlap - 1));
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "Only hard and super-hard negatives are pairs of starts within one video.");
        }
    }

    /// <summary>Draws an ordered pair, uniformly over the stratum <paramref name="part"/> of <paramref name="parts"/> equal ones (by distance).</summary>
    public (int Own, int Other) Draw(ref KeyedRandom random, int part = 0, int parts = 1)
    {
        var from = (long)((Int128)Count * part / parts);
        var to = (long)((Int128)Count * (part + 1) / parts);
        var rank = from + random.NextInteger(Math.Max(1, to - from));
        var (low, high) = At(Math.Min(rank, Count - 1));
        return random.NextBoolean() ? (low, high) : (high, low);
    }

    /// <summary>The pair of a number: numbers run over distances, and within one distance over the first start.</summary>
    internal (int Low, int High) At(long rank)
    {
        var (low, high) = (nearest, farthest);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (UpTo(middle) > rank)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        var first = rank - (low == nearest ? 0 : UpTo(low - 1));
        return ((int)first, (int)(first + low));
    }

    /// <summary>Pairs at distances nearest .. <paramref name="distance"/>: each distance d has starts - d of them.</summary>
    private long UpTo(long distance)
    {
        var n = distance - nearest + 1;
        return (n * starts) - (n * (nearest + distance) / 2);
    }
}
