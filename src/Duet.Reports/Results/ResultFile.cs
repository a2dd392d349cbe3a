using System.Text.Json;
using Duet.Reports.Input;

namespace Duet.Reports.Results;

/// <summary>What <c>duet results</c> reads of any kind of result.</summary>
internal sealed record ResultFile
{
    public string? Kind { get; init; }
    public string? Method { get; init; }
    public string? Dataset { get; init; }
    public string? Protocol { get; init; }
    public string? StoreFingerprint { get; init; }
    public long? Seed { get; init; }
    public long? Step { get; init; }
    public JsonElement? Layers { get; init; }
    public JsonElement? Networks { get; init; }
    public JsonElement? Clip { get; init; }
    public int? ClipFrames { get; init; }
    public int? VideosPerClass { get; init; }
    public double? LabelShare { get; init; }
    public IReadOnlyList<ResultFileRow>? Results { get; init; }
    public IReadOnlyDictionary<string, SyncKind>? Kinds { get; init; }
}

/// <summary>A row of a classification or of a retrieval.</summary>
internal sealed record ResultFileRow
{
    public string? Modality { get; init; }
    public string? Weights { get; init; }
    public string? Network { get; init; }
    public string? Clip { get; init; }
    public string? Layer { get; init; }
    public double? Accuracy { get; init; }
    public Interval? AccuracyCi95 { get; init; }
    public double? MeanOfFolds { get; init; }
    public IReadOnlyList<double>? PerFold { get; init; }
    public IReadOnlyList<double>? PerSeed { get; init; }
    public IReadOnlyList<RecallAtK>? RecallAt { get; init; }
}

/// <summary>How often one of the k nearest is right.</summary>
internal sealed record RecallAtK
{
    public int? K { get; init; }
    public double? Recall { get; init; }
    public Interval? Ci95 { get; init; }
}
