using System.Globalization;
using Duet.Data.Randomness;
using Duet.Data.Store;

namespace Duet.Data.Clips;

/// <summary>What a clip is read for.</summary>
public enum ClipContent
{
    /// <summary>Frames with the sound of the same time slice.</summary>
    FramesAndSound,

    /// <summary>Frames alone; only they must fit into the video.</summary>
    Frames,

    /// <summary>Sound alone. A track shorter than one stretch of sound lies in the middle of silence.</summary>
    Sound,
}

/// <summary>
/// Videos cut into parts, each of which has one name for good: what pseudo-labels are given to. The possible starts of a clip in a video are
/// divided into as many equal ranges as there are parts; a part's centre is its middle start, and training draws any of them.
/// </summary>
public sealed class ClipParts
{
    private readonly ClipOptions clip;
    private readonly ClipContent content;
    private readonly VideoStarts[] videos;
    private readonly int[] firstPart; // of each video, and at the end their number
    private readonly Dictionary<string, int> videoOf;

    private ClipParts(ClipOptions clip, ClipContent content, VideoStarts[] videos, int partsPerVideo, IReadOnlyList<StoredVideo> leftOut)
    {
        this.clip = clip;
        this.content = content;
        this.videos = videos;
        LeftOut = leftOut;
        firstPart = new int[videos.Length + 1];
        videoOf = new Dictionary<string, int>(videos.Length, StringComparer.Ordinal);
        for (var v = 0; v < videos.Length; v++)
        {
            videoOf.Add(videos[v].Video.Id, v);
            firstPart[v + 1] = checked(firstPart[v] + (int)Math.Min(partsPerVideo, videos[v].Starts));
        }
    }

    /// <summary>How many parts there are.</summary>
    public int Count => firstPart[^1];

    /// <summary>How many videos have parts.</summary>
    public int VideoCount => videos.Length;

    /// <summary>Videos that are shorter than a clip.</summary>
    public IReadOnlyList<StoredVideo> LeftOut { get; }

    /// <summary>Cuts videos; their order does not matter.</summary>
    /// <param name="videos">The videos.</param>
    /// <param name="clip">What a clip is.</param>
    /// <param name="partsPerVideo">Parts of a video; one with fewer possible starts has fewer.</param>
    /// <param name="content">What is read.</param>
    /// <exception cref="UsageException">The store's frame rate is no multiple of the clip's, or a video is listed twice.</exception>
    public static ClipParts Of(IReadOnlyList<StoredVideo> videos, ClipOptions clip, int partsPerVideo, ClipContent content)
    {
        ArgumentNullException.ThrowIfNull(videos);
        ArgumentNullException.ThrowIfNull(clip);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(partsPerVideo);
        var all = Array.ConvertAll(ClipSampling.ById(videos), v => VideoStarts.Of(v, clip, content));
        return new ClipParts(clip, content, [.. all.Where(v => v.Starts > 0)], partsPerVideo, [.. all.Where(v => v.Starts <= 0).Select(v => v.Video)]);
    }

    /// <summary>A part's video.</summary>
    /// <param name="part">From 0 to <see cref="Count"/> - 1: by video id, then by time.</param>
    public StoredVideo VideoOf(int part) => videos[Locate(part).Video].Video;

    /// <summary>The part that a request was drawn from.</summary>
    /// <param name="request">A request that this object made, or another one over the same videos and parts.</param>
    /// <returns>Its index, or -1 where it is none of these parts.</returns>
    public int IndexOf(ClipRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return IndexOf(request.Video.Id, request.Clip);
    }

    /// <summary>A part by name.</summary>
    /// <param name="video">The video's id.</param>
    /// <param name="number">The part's number in it, from 0.</param>
    /// <returns>Its index, or -1 where there is no such part.</returns>
    public int IndexOf(string video, int number) =>
        videoOf.TryGetValue(video, out var v) && number >= 0 && number < firstPart[v + 1] - firstPart[v] ? firstPart[v] + number : -1;

    /// <summary>The clip in the middle of a part, with the centre crop: what features are read from.</summary>
    /// <param name="part">The part's index.</param>
    public ClipRequest Centre(int part)
    {
        var (v, number) = Locate(part);
        var (first, last) = Range(v, number);
        var crop = content == ClipContent.Sound ? default : ClipSampling.CentreCrop(videos[v].Video, clip);
        return videos[v].Request((first + last) / 2, number, crop);
    }

    /// <summary>The clips in the middle of all parts, by index.</summary>
    public IReadOnlyList<ClipRequest> Centres() => [.. Enumerable.Range(0, Count).Select(Centre)];

    /// <summary>
    /// Draws an epoch, a pure function of the parts and (seed, epoch): all epochs together are one endless row of shuffled passes over the
    /// parts; of each part a random start, with a random crop.
    /// </summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">The epoch's number, from 0.</param>
    /// <param name="size">Clips in the epoch.</param>
    /// <returns>Requests in the order of training; their <see cref="ClipRequest.Clip"/> is the part's number in its video.</returns>
    /// <exception cref="InvalidOperationException">There is no part.</exception>
    public IReadOnlyList<ClipRequest> Epoch(long seed, int epoch, int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        if (Count == 0)
        {
            throw new InvalidOperationException("No video is as long as a clip.");
        }

        var requests = new List<ClipRequest>(size);
        foreach (var (part, repetition) in ClipSampling.Order(Count, seed, epoch, size))
        {
            var (v, number) = Locate(part);
            var video = videos[v].Video;
            var id = string.Create(CultureInfo.InvariantCulture, $"{video.Id}/{number}/{repetition}");
            var (first, last) = Range(v, number);
            var start = first + new KeyedRandom(seed, epoch, id, "window").NextInteger(last - first + 1);
            var crop = content == ClipContent.Sound ? default : ClipSampling.RandomCrop(video, clip, seed, epoch, id);
            requests.Add(videos[v].Request(start, number, crop));
        }

        return requests;
    }

    private (int Video, int Number) Locate(int part)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(part);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(part, Count);
        var found = Array.BinarySearch(firstPart, part);
        var video = found >= 0 ? found : ~found - 1;
        return (video, part - firstPart[video]);
    }

    /// <summary>The first and the last start of a part.</summary>
    private (long First, long Last) Range(int video, int number)
    {
        var parts = firstPart[video + 1] - firstPart[video];
        var starts = videos[video].Starts;
        return ((long)((Int128)starts * number / parts), (long)((Int128)starts * (number + 1) / parts) - 1);
    }

    /// <summary>Where in a video a clip may start, whatever is read of it.</summary>
    private sealed record VideoStarts(StoredVideo Video, long Starts, Func<long, int, CropBox, ClipRequest> Request)
    {
        public static VideoStarts Of(StoredVideo video, ClipOptions clip, ClipContent content)
        {
            switch (content)
            {
                case ClipContent.FramesAndSound:
                    var grid = ClipGrid.Of(video, clip);
                    return new(video, grid.Starts, (start, number, crop) =>
                        ClipSampling.Request(grid, (int)start, number, crop, [grid.Window((int)start, PairKind.Positive)]));
                case ClipContent.Frames:
                    var step = ClipGrid.StepBetween(video.FrameRate, clip.FrameRate);
                    return new(video, video.FrameCount - ((clip.Frames - 1L) * step), (start, number, crop) => new ClipRequest
                    {
                        Video = video,
                        Clip = number,
                        FirstFrame = (int)start,
                        FrameStep = step,
                        FrameCount = clip.Frames,
                        Crop = crop,
                        Audio = [],
                    });
                default:
                    var length = ClipGrid.SamplesIn(clip.AudioSeconds, video.SampleRate);
                    var room = video.SampleCount - length;
                    return new(video, video.SampleCount == 0 ? 0 : Math.Max(1, room + 1), (start, number, _) => UniformClips.Sound(video, room < 0 ? room / 2 : start, length, number));
            }
        }
    }
}
