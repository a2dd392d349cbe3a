using Duet.Data;
using Duet.Data.Store;

namespace Duet.Reports.Input;

/// <summary>A file that was set aside at ingest. <see cref="Kind"/> groups files of one cause.</summary>
internal sealed record QuarantinedFile(string Path, string Kind, string Reason);

/// <summary>Frames of one video, as JPEG.</summary>
internal sealed record FrameStrip(IReadOnlyList<byte[]> Jpegs, double Aspect);

/// <summary>What a report takes from a store: pictures, and what was set aside. Reads only.</summary>
internal interface IStoreView
{
    string? Fingerprint { get; }

    long ReadyVideos { get; }

    /// <summary>Null where the store doesn't say.</summary>
    IReadOnlyList<QuarantinedFile>? Quarantined { get; }

    /// <summary>Frames spread evenly over a stretch of a video, as many as a strip holds; null where the store has no such video.</summary>
    FrameStrip? Frames(string videoId, double from, double to);
}

/// <summary>A store on disk.</summary>
internal sealed class DiskStoreView(VideoStore store, IReadOnlyList<QuarantinedSource> quarantined) : IStoreView, IDisposable
{
    /// <summary>A larger frame is no thumbnail, and would make the page heavy.</summary>
    private const int LargestFrame = 1 << 20;

    private readonly Dictionary<string, StoredVideo> videos = store.Videos.ToDictionary(v => v.Id, StringComparer.Ordinal);
    private readonly FrameBuffer buffer = new();

    public string? Fingerprint => store.Fingerprint;

    public long ReadyVideos => store.Videos.Count;

    public IReadOnlyList<QuarantinedFile>? Quarantined { get; } = [.. quarantined.Select(Describe)];

    public FrameStrip? Frames(string videoId, double from, double to)
    {
        if (!videos.TryGetValue(videoId, out var video) || !video.HasFrames || !(to > from))
        {
            return null;
        }

        double aspect = (double)video.Width / video.Height;
        int count = Charts.SyncStrip.FramesFor(aspect).Count;
        double rate = video.FrameRate.ToDouble();
        var jpegs = new List<byte[]>(count);
        for (int i = 0; i < count; i++)
        {
            // The frame that is on screen in the middle of its share of the strip; before the start and behind the end, the nearest there is.
            double seconds = from + ((to - from) * (i + 0.5) / count);
            int frame = (int)Math.Clamp(Math.Floor(seconds * rate), 0, video.FrameCount - 1);
            if (store.ReadFrames(video, frame, 1, 1, buffer) == 1 && buffer.Frames[0].Length <= LargestFrame)
            {
                var (offset, length) = buffer.Frames[0];
                jpegs.Add(buffer.Bytes.AsSpan(offset, length).ToArray());
            }
        }

        return jpegs.Count == count ? new FrameStrip(jpegs, aspect) : null;
    }

    /// <summary>Opens a store.</summary>
    /// <exception cref="StoreException">It isn't one, or is damaged.</exception>
    public static DiskStoreView Open(string directory)
    {
        var info = StoreInfo.Read(directory);
        return new DiskStoreView(VideoStore.Open(directory), info.Quarantined);
    }

    private static QuarantinedFile Describe(QuarantinedSource source)
    {
        string reason = source.Reason.Replace('_', ' ');
        return new QuarantinedFile(source.Path, reason, source.Detail.Length > 0 ? $"{reason}: {source.Detail}" : reason);
    }

    public void Dispose() => store.Dispose();
}
