using Duet.Data.Randomness;
using Duet.Data.Store;

namespace Duet.Data.Clips;

/// <summary>Random training windows: frames with the sound of the same time slice.</summary>
public static class RandomClips
{
    /// <summary>Draws an epoch, a pure function of the videos, the options and (seed, epoch, sample id).</summary>
    /// <param name="videos">The videos; their order does not matter. Those shorter than one clip are left out.</param>
    /// <param name="clip">What a clip is.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">The epoch's number, from 0.</param>
    /// <param name="epochSize">Clips in the epoch, more or fewer than there are videos; 0 for one of each.</param>
    /// <returns>Requests in the order of training, each with one stretch of sound.</returns>
    /// <exception cref="UsageException">The clip is longer than every video.</exception>
    public static IReadOnlyList<ClipRequest> Epoch(IReadOnlyList<StoredVideo> videos, ClipOptions clip, long seed, int epoch, int epochSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(epochSize);
        var (grids, _) = PairPlan.UsableGrids(videos, clip);
        var usable = Array.ConvertAll(grids, static g => g.Video);
        var size = epochSize > 0 ? epochSize : usable.Length;
        var requests = new List<ClipRequest>(size);
        foreach (var (video, number) in ClipSampling.Order(usable, seed, epoch, size))
        {
            var grid = grids[video];
            var id = ClipSampling.SampleId(grid.Video, number);
            var start = (int)new KeyedRandom(seed, epoch, id, "window").NextInteger(grid.Starts);
            requests.Add(ClipSampling.Request(
                grid, start, number, ClipSampling.RandomCrop(grid.Video, clip, seed, epoch, id), [grid.Window(start, PairKind.Positive)]));
        }

        return requests;
    }
}
