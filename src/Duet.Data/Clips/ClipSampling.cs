using System.Globalization;
using Duet.Data.Randomness;
using Duet.Data.Store;

namespace Duet.Data.Clips;

/// <summary>What the samplers share: sample ids, the order of an epoch, crops.</summary>
internal static class ClipSampling
{
    public static string SampleId(StoredVideo video, int clip) =>
        string.Create(CultureInfo.InvariantCulture, $"{video.Id}/{clip}");

    /// <summary>
    /// The videos of an epoch, in order. All epochs together are one endless row of shuffled passes over the videos, from which
    /// epoch e takes the stretch [e * size, (e + 1) * size): whatever the size, no video is ever more than one clip ahead of another.
    /// </summary>
    /// <returns>Index into <paramref name="videos"/> and number of the clip within its video and epoch.</returns>
    public static IEnumerable<(int Video, int Clip)> Order(IReadOnlyList<StoredVideo> videos, long seed, int epoch, int size) => Order(videos.Count, seed, epoch, size);

    /// <summary>As above, of anything that is numbered from 0.</summary>
    public static IEnumerable<(int Index, int Repetition)> Order(int count, long seed, int epoch, int size)
    {
        var clips = new int[count];
        var order = new int[count];
        var shuffled = -1L;
        for (var i = 0; i < size; i++)
        {
            var position = ((long)epoch * size) + i;
            var pass = position / count;
            if (pass != shuffled)
            {
                for (var v = 0; v < order.Length; v++)
                {
                    order[v] = v;
                }

                new KeyedRandom(seed, pass, "", "order").Shuffle(order.AsSpan());
                shuffled = pass;
            }

            var video = order[position % count];
            yield return (video, clips[video]++);
        }
    }

    /// <summary>The videos by id: what is drawn must not depend on the order in which they were listed.</summary>
    /// <exception cref="UsageException">A video is listed twice.</exception>
    public static StoredVideo[] ById(IReadOnlyList<StoredVideo> videos)
    {
        var sorted = videos.ToArray();
        Array.Sort(sorted, static (a, b) => string.CompareOrdinal(a.Id, b.Id));
        for (var i = 1; i < sorted.Length; i++)
        {
            if (string.Equals(sorted[i].Id, sorted[i - 1].Id, StringComparison.Ordinal))
            {
                throw new UsageException($"The video {sorted[i].Id} ({sorted[i].SourcePath}) is listed twice; list each video once.");
            }
        }

        return sorted;
    }

    /// <summary>A square crop whose side is one of the scales' share of the short side, anywhere in the frame, mirrored half of the time.</summary>
    public static CropBox RandomCrop(StoredVideo video, ClipOptions clip, long seed, int epoch, string sampleId)
    {
        var random = new KeyedRandom(seed, epoch, sampleId, "crop");
        var side = Side(video, clip.Scales[(int)random.NextInteger(clip.Scales.Count)]);
        var x = (int)random.NextInteger(video.Width - side + 1);
        var y = (int)random.NextInteger(video.Height - side + 1);
        return new CropBox(x, y, side, side, clip.Flip && random.NextBoolean());
    }

    /// <summary>The centre crop of evaluation, at the first scale.</summary>
    public static CropBox CentreCrop(StoredVideo video, ClipOptions clip)
    {
        var side = Side(video, clip.Scales[0]);
        return new CropBox((video.Width - side) / 2, (video.Height - side) / 2, side, side, Flip: false);
    }

    public static ClipRequest Request(ClipGrid grid, int start, int clip, CropBox crop, IReadOnlyList<AudioWindow> audio) => new()
    {
        Video = grid.Video,
        Clip = clip,
        FirstFrame = grid.FrameAt(start),
        FrameStep = grid.FrameStep,
        FrameCount = grid.FrameCount,
        Crop = crop,
        Audio = audio,
    };

    private static int Side(StoredVideo video, double scale)
    {
        var shortSide = Math.Min(video.Width, video.Height);
        return shortSide == 0 ? 0 : Math.Clamp((int)Math.Round(scale * shortSide, MidpointRounding.AwayFromZero), 1, shortSide);
    }
}
