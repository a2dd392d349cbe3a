using System.Text.Json;

namespace Duet.Reports.Input;

/// <summary>A <c>sync</c> result: how well distances tell sound that is in time from sound that is not.</summary>
internal sealed record SyncResult
{
    public JsonElement? Run { get; init; }
    public JsonElement? Recipe { get; init; }
    public JsonElement? Store { get; init; }
    public long? Seed { get; init; }
    public double? Threshold { get; init; }
    public SyncPart? Validation { get; init; }
    public SyncPart? Test { get; init; }
    public IReadOnlyDictionary<string, SyncKind>? Kinds { get; init; }
    public SyncHistograms? Histograms { get; init; }
    public IReadOnlyList<string>? ThresholdKinds { get; init; }
    public SyncOffsets? Offsets { get; init; }
    public IReadOnlyList<LeftOutVideo>? LeftOut { get; init; }
    public IReadOnlyList<SyncExample>? Examples { get; init; }
}

/// <summary>How much a part of the data held.</summary>
internal sealed record SyncPart
{
    public long? Videos { get; init; }
    public long? Pairs { get; init; }
}

/// <summary>Accuracy against one kind of negative.</summary>
internal sealed record SyncKind
{
    public double? Accuracy { get; init; }
    public Interval? AccuracyCi95 { get; init; }
    public double? Auc { get; init; }
    public Interval? AucCi95 { get; init; }
    public long? Pairs { get; init; }
    public long? Videos { get; init; }
}

/// <summary>Counts of distances per bin; <see cref="Edges"/> has one more entry than each row of counts.</summary>
internal sealed record SyncHistograms
{
    public IReadOnlyList<double>? Edges { get; init; }
    public IReadOnlyList<double>? Positive { get; init; }
    public IReadOnlyList<double>? Easy { get; init; }
    public IReadOnlyList<double>? Hard { get; init; }
    public IReadOnlyList<double>? SuperHard { get; init; }
}

/// <summary>How often the least distance over offsets lies near zero, one clip per video.</summary>
internal sealed record SyncOffsets
{
    public long? Clips { get; init; }
    public double? StepSeconds { get; init; }
    public double? MedianAbsoluteSeconds { get; init; }
    public IReadOnlyList<OffsetTolerance>? Within { get; init; }
}

/// <summary>The share of clips whose least distance lies within a tolerance of zero, and what drawing an offset at random would give.</summary>
internal sealed record OffsetTolerance
{
    public double? Seconds { get; init; }
    public double? Share { get; init; }
    public Interval? ShareCi95 { get; init; }
    public double? Chance { get; init; }
}

/// <summary>A video that could not take part.</summary>
internal sealed record LeftOutVideo
{
    public string? VideoId { get; init; }
    public string? SourcePath { get; init; }
    public string? Reason { get; init; }
}

/// <summary>One clip and its distance to the same video's sound at several offsets. A positive offset takes sound from later than the picture.</summary>
internal sealed record SyncExample
{
    public string? VideoId { get; init; }
    public string? Label { get; init; }
    public string? SourcePath { get; init; }
    public double? StartSeconds { get; init; }
    public double? ClipSeconds { get; init; }
    public IReadOnlyList<double?>? OffsetsSeconds { get; init; }
    public IReadOnlyList<double?>? Distances { get; init; }
    public ExampleSpectrogram? Spectrogram { get; init; }
}

/// <summary>A spectrogram as bytes: frame by frame, lowest mel band first, 0 quiet, 255 loud.</summary>
internal sealed record ExampleSpectrogram
{
    public int Frames { get; init; }
    public int Mels { get; init; }
    public double? HopSeconds { get; init; }

    /// <summary>Where in the video the first frame lies; the clip's start where it isn't said.</summary>
    public double? StartSeconds { get; init; }
    public string? ValuesBase64 { get; init; }
}
