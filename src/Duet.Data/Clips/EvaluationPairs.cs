using Duet.Data.Randomness;
using Duet.Data.Store;

namespace Duet.Data.Clips;

/// <summary>
/// The fixed pairs on which synchronisation is judged: for each kind of negative, as many positives as negatives, whose
/// sounds have the same distribution over videos and over the track. Centre crop, nothing mirrored.
/// </summary>
public static class EvaluationPairs
{
    private static readonly PairKind[] Kinds = [PairKind.Easy, PairKind.Hard, PairKind.SuperHard];

    /// <summary>The pairs of every kind that at least one video can serve.</summary>
    /// <param name="videos">The held-out videos; their order does not matter.</param>
    /// <param name="clip">What a clip is.</param>
    /// <param name="pairs">What a negative is.</param>
    /// <param name="clipsPerVideo">Clips per video and kind.</param>
    /// <param name="seed">Which windows: the same seed gives the same pairs.</param>
    /// <exception cref="UsageException">The clip is longer than every video.</exception>
    public static EvaluationPairSet Of(IReadOnlyList<StoredVideo> videos, ClipOptions clip, PairOptions pairs, int clipsPerVideo, long seed)
    {
        var plan = PairPlan.Of(videos, clip, pairs);
        List<ClipRequest> requests = [];
        foreach (var kind in Kinds)
        {
            requests.AddRange(Draw(plan, clip, kind, clipsPerVideo, seed));
        }

        return new EvaluationPairSet { Requests = requests, Feasibility = plan.Feasibility };
    }

    /// <summary>The pairs of one kind.</summary>
    /// <param name="videos">The held-out videos; their order does not matter.</param>
    /// <param name="clip">What a clip is.</param>
    /// <param name="pairs">What a negative is.</param>
    /// <param name="kind">The kind of the negatives.</param>
    /// <param name="clipsPerVideo">Clips per video; they are spread over the video, each at a place that the seed draws within its share of it.</param>
    /// <param name="seed">Which windows: the same seed gives the same pairs.</param>
    /// <returns>
    /// Requests with two stretches of sound, positive and negative, ordered by video and clip; a video that can't serve the kind has none.
    /// Easy: all videos form one ring, drawn anew for each clip number, and each takes its neighbour's positive sound as its
    /// negative, so positives and negatives are the same set of sounds. Hard and super-hard: exchangeable pairs of windows of the same video.
    /// </returns>
    /// <exception cref="UsageException">The clip is longer than every video.</exception>
    public static IReadOnlyList<ClipRequest> For(
        IReadOnlyList<StoredVideo> videos, ClipOptions clip, PairOptions pairs, PairKind kind, int clipsPerVideo, long seed) =>
        Draw(PairPlan.Of(videos, clip, pairs), clip, kind, clipsPerVideo, seed);

    private static List<ClipRequest> Draw(PairPlan plan, ClipOptions clip, PairKind kind, int clipsPerVideo, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(clipsPerVideo);
        return kind switch
        {
            PairKind.Easy => Easy(plan, clip, clipsPerVideo, seed),
            PairKind.Hard => Within(plan, plan.Hard, clip, kind, clipsPerVideo, seed),
            PairKind.SuperHard => Within(plan, plan.SuperHard, clip, kind, clipsPerVideo, seed),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "A negative is easy, hard or super-hard."),
        };
    }

    private static List<ClipRequest> Within(PairPlan plan, WindowPairs[] pairs, ClipOptions clip, PairKind kind, int clips, long seed)
    {
        List<ClipRequest> requests = [];
        for (var v = 0; v < plan.Grids.Length; v++)
        {
            var grid = plan.Grids[v];
            for (var c = 0; c < clips && pairs[v].Count > 0; c++)
            {
                var random = new KeyedRandom(seed, 0, ClipSampling.SampleId(grid.Video, c), kind == PairKind.Hard ? "evaluation/hard" : "evaluation/super_hard");
                var (own, other) = pairs[v].Draw(ref random, c, clips);
                requests.Add(ClipSampling.Request(
                    grid, own, c, ClipSampling.CentreCrop(grid.Video, clip), [grid.Window(own, PairKind.Positive), grid.Window(other, kind)]));
            }
        }

        return requests;
    }

    private static List<ClipRequest> Easy(PairPlan plan, ClipOptions clip, int clips, long seed)
    {
        var count = plan.Grids.Length;
        if (count < 2)
        {
            return []; // no other video: the kind can't be judged, and the set's feasibility shows why
        }

        var starts = new int[count, clips];
        var neighbour = new int[count, clips];
        var ring = new int[count];
        for (var c = 0; c < clips; c++)
        {
            for (var v = 0; v < count; v++)
            {
                var random = new KeyedRandom(seed, 0, ClipSampling.SampleId(plan.Grids[v].Video, c), "evaluation/easy");
                starts[v, c] = (int)Math.Min(plan.Grids[v].Starts - 1, (c + random.NextDouble()) / clips * plan.Grids[v].Starts);
                ring[v] = v;
            }

            new KeyedRandom(seed, c, "", "evaluation/ring").Shuffle(ring.AsSpan());
            for (var i = 0; i < count; i++)
            {
                neighbour[ring[i], c] = ring[(i + 1) % count];
            }
        }

        var requests = new List<ClipRequest>(count * clips);
        for (var v = 0; v < count; v++)
        {
            var grid = plan.Grids[v];
            for (var c = 0; c < clips; c++)
            {
                var other = neighbour[v, c];
                requests.Add(ClipSampling.Request(
                    grid,
                    starts[v, c],
                    c,
                    ClipSampling.CentreCrop(grid.Video, clip),
                    [grid.Window(starts[v, c], PairKind.Positive), plan.Grids[other].Window(starts[other, c], PairKind.Easy)]));
            }
        }

        return requests;
    }
}

/// <summary>The pairs of an evaluation and what the videos could serve.</summary>
public sealed record EvaluationPairSet
{
    /// <summary>Requests with two stretches of sound, positive and negative; the negative's <see cref="AudioWindow.Kind"/> says which kind the request judges.</summary>
    public required IReadOnlyList<ClipRequest> Requests { get; init; }

    /// <summary>Which videos were left out or can't serve a kind.</summary>
    public required PairFeasibility Feasibility { get; init; }
}
