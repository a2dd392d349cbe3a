using System.Text.Json;

namespace Duet.Reports.Input;

/// <summary>A <c>probe</c> result: a linear classifier on frozen features, learned weights beside random ones.</summary>
internal sealed record ProbeResult
{
    public JsonElement? Run { get; init; }
    public JsonElement? Recipe { get; init; }
    public JsonElement? Store { get; init; }
    public JsonElement? Layer { get; init; }
    public long? ClipsPerVideo { get; init; }
    public long? VideosPerClass { get; init; }
    public JsonElement? C { get; init; }
    public JsonElement? Folds { get; init; }
    public IReadOnlyList<ProbeRow>? Results { get; init; }
    public IReadOnlyDictionary<string, ProbeDifference>? Differences { get; init; }
    public ProbeBaseline? RandomBaseline { get; init; }
    public IReadOnlyList<LeftOutVideo>? LeftOut { get; init; }
}

/// <summary>What the random networks are: their seeds, and whether their batch normalisation was calibrated.</summary>
internal sealed record ProbeBaseline
{
    public IReadOnlyList<long>? Seeds { get; init; }
    public string? BatchNorm { get; init; }
}

/// <summary>One modality with one set of weights.</summary>
internal sealed record ProbeRow
{
    public string? Modality { get; init; }
    public string? Weights { get; init; }
    public string? Layer { get; init; }
    public double? Accuracy { get; init; }
    public Interval? AccuracyCi95 { get; init; }
    public double? MeanOfFolds { get; init; }
    public IReadOnlyList<double?>? PerSeed { get; init; }
    public bool? Converged { get; init; }
    public IReadOnlyDictionary<string, ProbeClass>? PerClass { get; init; }
    public ConfusionCounts? Confusion { get; init; }
    public IReadOnlyList<ProbeAnswer>? Predictions { get; init; }
}

/// <summary>What one test video was named.</summary>
internal sealed record ProbeAnswer
{
    public string? VideoId { get; init; }
    public string? Label { get; init; }
    public string? Predicted { get; init; }
    public string? Split { get; init; }

    /// <summary>Whether it was named right.</summary>
    public bool IsRight => string.Equals(Label, Predicted, StringComparison.Ordinal);
}

/// <summary>One class: the share of its videos that were named right, and how many there are.</summary>
internal sealed record ProbeClass
{
    public double? Accuracy { get; init; }
    public long? Support { get; init; }
}

/// <summary>Rows are true labels, columns predicted ones.</summary>
internal sealed record ConfusionCounts
{
    public IReadOnlyList<string>? Labels { get; init; }
    public IReadOnlyList<IReadOnlyList<long>>? Counts { get; init; }
}

/// <summary>Learned minus random, in percentage points.</summary>
internal sealed record ProbeDifference
{
    public double? Points { get; init; }
    public Interval? Ci95 { get; init; }
}
