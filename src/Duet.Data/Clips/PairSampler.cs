using System.Globalization;
using Duet.Data.Randomness;
using Duet.Data.Store;

namespace Duet.Data.Clips;

/// <summary>
/// The pairs of an epoch of AVTS: frames with their own sound (positive) and with one other stretch of sound (negative) whose
/// kind is drawn by the mix. Everything is a pure function of the videos, the options and (seed, epoch, sample id).
/// </summary>
public static class PairSampler
{
    /// <summary>Draws an epoch.</summary>
    /// <param name="videos">The videos; their order does not matter. Those shorter than one clip are left out: see <see cref="PairFeasibility"/>.</param>
    /// <param name="clip">What a clip is.</param>
    /// <param name="pairs">What a negative is.</param>
    /// <param name="mix">The share of each kind of negative. A video too short for the kind that was drawn gets an easy negative.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">The epoch's number, from 0.</param>
    /// <param name="epochSize">Clips in the epoch, more or fewer than there are videos; 0 for <see cref="PairOptions.ClipsPerVideo"/> of each video.</param>
    /// <returns>Requests in the order of training, each with two stretches of sound: positive, negative.</returns>
    /// <exception cref="UsageException">
    /// The clip is longer than every video; easy negatives are needed and there is one video only; no video is long enough for a kind in the mix.
    /// </exception>
    public static IReadOnlyList<ClipRequest> Epoch(
        IReadOnlyList<StoredVideo> videos, ClipOptions clip, PairOptions pairs, PairMix mix, long seed, int epoch, int epochSize)
    {
        ArgumentNullException.ThrowIfNull(mix);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(epochSize);
        var plan = PairPlan.Of(videos, clip, pairs);
        var shares = mix.Normalised();
        Check(plan, shares, clip, pairs);
        var partners = new EasyPartners(plan, shares);
        var usable = plan.Feasibility.Usable;
        var size = epochSize > 0 ? epochSize : checked(usable.Count * pairs.ClipsPerVideo);
        var requests = new List<ClipRequest>(size);
        foreach (var (video, number) in ClipSampling.Order(usable, seed, epoch, size))
        {
            var grid = plan.Grids[video];
            var id = ClipSampling.SampleId(grid.Video, number);
            var (start, negative) = Draw(plan, partners, shares, video, seed, epoch, id);
            requests.Add(ClipSampling.Request(
                grid, start, number, ClipSampling.RandomCrop(grid.Video, clip, seed, epoch, id), [grid.Window(start, PairKind.Positive), negative]));
        }

        return requests;
    }

    private static (int Start, AudioWindow Negative) Draw(PairPlan plan, EasyPartners partners, PairMix shares, int video, long seed, int epoch, string id)
    {
        var grid = plan.Grids[video];
        var window = new KeyedRandom(seed, epoch, id, "window");
        var kind = Kind(shares, new KeyedRandom(seed, epoch, id, "kind").NextDouble());
        var within = kind == PairKind.Hard ? plan.Hard[video] : plan.SuperHard[video];
        if (kind != PairKind.Easy && within.Count > 0)
        {
            var (own, other) = within.Draw(ref window);
            return (own, grid.Window(other, kind));
        }

        var start = (int)window.NextInteger(grid.Starts);
        var easy = new KeyedRandom(seed, epoch, id, "easy");
        var partner = plan.Grids[partners.Draw(ref easy, video)];
        return (start, partner.Window((int)easy.NextInteger(partner.Starts), PairKind.Easy));
    }

    private static PairKind Kind(PairMix shares, double draw) =>
        draw < shares.Hard ? PairKind.Hard : draw < shares.Hard + shares.SuperHard ? PairKind.SuperHard : PairKind.Easy;

    private static void Check(PairPlan plan, PairMix shares, ClipOptions clip, PairOptions pairs)
    {
        var f = plan.Feasibility;
        Reject(shares.Hard, f.WithoutHard, "hard", "lower pairs.gap_seconds, allow overlap, take shorter clips");
        Reject(shares.SuperHard, f.WithoutSuperHard, "super-hard", "widen pairs.super_hard_overlap, take shorter clips");
        if (f.Usable.Count == 1 && shares.Easy > 0)
        {
            throw new UsageException(
                $"An easy negative needs the sound of another video, and only one is long enough for a clip: {f.Usable[0].SourcePath}. Add videos or take shorter clips.");
        }

        void Reject(double share, IReadOnlyList<StoredVideo> without, string kind, string remedy)
        {
            if (share > 0 && without.Count == f.Usable.Count)
            {
                var longest = f.Usable.MaxBy(static v => v.Duration)!;
                throw new UsageException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"No video is long enough for a {kind} negative ({clip.AudioSeconds.ToDouble():0.###} s of sound, gap {pairs.GapSeconds.ToDouble():0.###} s); the longest, {longest.SourcePath}, lasts {longest.Duration.ToDouble():0.###} s. To mend it, {remedy} or leave this kind out of the mix."));
            }
        }
    }

    /// <summary>
    /// Draws the video that lends its sound to an easy negative: any other one, weighted by how often its own clips are paired
    /// with an easy negative. So each video's sound is as often a negative as it is the positive beside one, also where
    /// videos too short for hard negatives get more easy ones than the others, and the sound alone tells nothing.
    /// </summary>
    private sealed class EasyPartners
    {
        private readonly double[] ends; // running sums of the weights

        public EasyPartners(PairPlan plan, PairMix shares)
        {
            ends = new double[plan.Grids.Length];
            var sum = 0.0;
            for (var i = 0; i < ends.Length; i++)
            {
                var share = shares.Easy + (plan.Hard[i].Count == 0 ? shares.Hard : 0) + (plan.SuperHard[i].Count == 0 ? shares.SuperHard : 0);
                ends[i] = sum += share;
            }
        }

        public int Draw(ref KeyedRandom random, int own)
        {
            var start = own == 0 ? 0 : ends[own - 1];
            var weight = ends[own] - start;
            var others = ends[^1] - weight;
            if (!(others > 1e-9 * ends[^1]))
            {
                // No other video is ever paired with an easy negative: there is nothing to balance.
                var any = (int)random.NextInteger(ends.Length - 1);
                return any < own ? any : any + 1;
            }

            var draw = random.NextDouble() * others;
            if (draw >= start)
            {
                draw += weight; // skip the own stretch
            }

            var low = 0;
            var high = ends.Length - 1;
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = ends[middle] > draw ? (low, middle) : (middle + 1, high);
            }

            // Rounding of the sums must not hand a video its own sound.
            return low != own ? low : own == 0 ? 1 : own - 1;
        }
    }
}
