using Duet.Data.Datasets;
using Duet.Data.Files;
using Duet.Data.Media;

namespace Duet.Data.Store;

/// <summary>Where labels come from.</summary>
public enum LabelSource
{
    /// <summary>A CSV list's columns, if any.</summary>
    None,

    /// <summary>The name of the folder that a file lies in. Where class folders lie in folders called <c>train</c>, <c>val</c> or <c>test</c>, those are the split.</summary>
    Folders,
}

/// <summary>What to ingest, and how.</summary>
public sealed record IngestOptions : IValidated
{
    /// <summary>A folder, a data set's folder, a list (<c>.txt</c>, <c>.csv</c>) or one video.</summary>
    public required string Source { get; init; }

    /// <summary>The store's folder; made where it is missing.</summary>
    public required string Store { get; init; }

    /// <summary>Frames per second; null for the store's own, or 25 for a new one.</summary>
    public Rational? FrameRate { get; init; }

    /// <summary>Short side, pixels; null for the store's own, or 128 for a new one.</summary>
    public int? ShortSide { get; init; }

    /// <summary>Sample rate, Hz; null for the store's own, or 16000 for a new one.</summary>
    public int? SampleRate { get; init; }

    /// <summary>JPEG quality on ffmpeg's scale, 2 (best) to 31; null for the store's own, or 3 for a new one.</summary>
    public int? JpegQuality { get; init; }

    /// <summary>Level below which sound is silence, dB; null for the store's own, or -60 for a new one.</summary>
    public double? SilenceDb { get; init; }

    /// <summary>What every video of the store has; null for the store's own, or for a new one what the layout has, which is both where it does not say.</summary>
    public StoreStreams? Streams { get; init; }

    /// <summary>How the source is laid out.</summary>
    public DatasetLayout Layout { get; init; }

    /// <summary>ffmpeg processes at once; 0 for one per processor.</summary>
    public int Jobs { get; init; }

    /// <summary>Where labels come from.</summary>
    public LabelSource Labels { get; init; }

    /// <summary>What is quarantined; null for the standard limits, or for a data set's own: a benchmark's silent recordings belong to it.</summary>
    public QualityLimits? Limits { get; init; }

    /// <summary>How long ffmpeg may make no progress on a file, seconds.</summary>
    public int StallSeconds { get; init; } = 120;

    /// <summary>
    /// Processor seconds that ffmpeg may take for a file, those of all of its threads together. Null: 600, and a millisecond more for each byte of the file or 200 seconds
    /// for each second that it lasts, whichever is less.
    /// </summary>
    public int? CpuSeconds { get; init; }

    /// <summary>Memory that ffmpeg may take for a file, MiB.</summary>
    public int MemoryMegabytes { get; init; } = 4096;

    /// <summary>Largest picture that is decoded, millions of pixels.</summary>
    public int FrameMegapixels { get; init; } = 128;

    /// <summary>From which size on a shard is full, MiB.</summary>
    public int ShardMegabytes { get; init; } = 1024;

    /// <summary>The file operations under the shards; the operating system's by default.</summary>
    public IDurableFiles Files { get; init; } = DurableFiles.Instance;

    /// <summary>Where ffmpeg is; looked up on the PATH where null.</summary>
    public MediaTools? Tools { get; init; }

    /// <summary>What one file may cost.</summary>
    internal MediaLimits MediaLimits => new()
    {
        Stall = TimeSpan.FromSeconds(StallSeconds),
        ProcessorTime = CpuSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        MemoryMegabytes = MemoryMegabytes,
        FrameMegapixels = FrameMegapixels,
    };

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (FrameRate is { } rate && (!StoreLayout.IsFrameRate(rate) || rate > 240))
        {
            yield return new(nameof(FrameRate), "must be more than 0 and at most 240 frames per second, with at most nine digits above and below the stroke");
        }

        if (ShortSide is not null and not (>= 16 and <= 2160))
        {
            yield return new(nameof(ShortSide), "must be 16 to 2160 pixels");
        }

        if (SampleRate is not null and not (>= 4000 and <= 192000))
        {
            yield return new(nameof(SampleRate), "must be 4000 to 192000 Hz");
        }

        if (JpegQuality is not null and not (>= 2 and <= 31))
        {
            yield return new(nameof(JpegQuality), "must be 2 (best) to 31");
        }

        if (SilenceDb is { } level && level is not (>= -120 and <= 0))
        {
            yield return new(nameof(SilenceDb), "must be -120 to 0 dB");
        }

        if (Jobs is < 0 or > 1024)
        {
            yield return new(nameof(Jobs), "must be 1 to 1024, or 0 for one per processor");
        }

        if (StallSeconds is < 1 or > 86_400)
        {
            yield return new(nameof(StallSeconds), "must be 1 second to a day (86400)");
        }

        if (CpuSeconds is < 1 or > 31_536_000)
        {
            yield return new(nameof(CpuSeconds), "must be 1 second to a year (31536000)");
        }

        if (MemoryMegabytes is < 256 or > 1 << 24)
        {
            yield return new(nameof(MemoryMegabytes), "must be 256 to 16777216 MiB");
        }

        if (FrameMegapixels is < 1 or > 2147)
        {
            yield return new(nameof(FrameMegapixels), "must be 1 to 2147 million pixels");
        }

        if (ShardMegabytes is < 1 or > 1 << 20)
        {
            yield return new(nameof(ShardMegabytes), "must be 1 to 1048576 MiB");
        }

        foreach (var error in Limits?.Validate() ?? [])
        {
            yield return error;
        }
    }
}

/// <summary>How far an ingest is.</summary>
/// <param name="Done">Files done, with the share done of those in work; unchanged files are not counted.</param>
/// <param name="Total">Files to do.</param>
/// <param name="Ready">New ready videos.</param>
/// <param name="Quarantined">Newly quarantined files.</param>
/// <param name="MediaSeconds">Seconds of video converted.</param>
public sealed record IngestProgress(double Done, int Total, int Ready, int Quarantined, double MediaSeconds);

/// <summary>A source that is not used, and why.</summary>
/// <param name="Path">The source's path.</param>
/// <param name="Reason">One of <see cref="QuarantineReason"/>.</param>
/// <param name="Detail">What was found, in a few words.</param>
public sealed record QuarantinedSource(string Path, string Reason, string Detail);

/// <summary>What an ingest did.</summary>
public sealed record IngestSummary
{
    /// <summary>The store's folder.</summary>
    public required string Store { get; init; }

    /// <summary>How the source was read, in a few words.</summary>
    public required string Layout { get; init; }

    /// <summary>What every video of the store has.</summary>
    public required StoreStreams Streams { get; init; }

    /// <summary>Files that the source names.</summary>
    public required int Files { get; init; }

    /// <summary>Files that this call converted or tried to.</summary>
    public required int Processed { get; init; }

    /// <summary>Files that were done before and have not changed since.</summary>
    public required int Unchanged { get; init; }

    /// <summary>How many of the source's files are ready.</summary>
    public required int Ready { get; init; }

    /// <summary>The source's files that are not used, in the order of their paths; of a data set's missing files the first ten thousand.</summary>
    public required IReadOnlyList<QuarantinedSource> Quarantined { get; init; }

    /// <summary>How many files a data set's lists name that are not there.</summary>
    public required int Missing { get; init; }

    /// <summary>Files that lie where the layout keeps its media but that its list does not name, in the order of their paths; they are not touched.</summary>
    public required IReadOnlyList<string> Unlisted { get; init; }

    /// <summary>Links to folders, in the order of their paths; they are not followed, because they may lead back.</summary>
    public required IReadOnlyList<string> LinkedFolders { get; init; }

    /// <summary>Files of the folder that hold no media by their extension, counted by extension; they are not touched.</summary>
    public required IReadOnlyDictionary<string, int> OtherFiles { get; init; }

    /// <summary>Seconds of video in the store now.</summary>
    public required double StoreSeconds { get; init; }

    /// <summary>Ready videos in the store now.</summary>
    public required int StoreVideos { get; init; }

    /// <summary>How long it took, seconds.</summary>
    public required double Elapsed { get; init; }
}
