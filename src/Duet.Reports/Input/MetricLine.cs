using System.Text.Json;
using System.Text.Json.Serialization;

namespace Duet.Reports.Input;

/// <summary>One line of <c>metrics.jsonl</c>; which fields are there depends on <see cref="Kind"/>.</summary>
internal sealed record MetricLine
{
    public string? Kind { get; init; }
    public long? Step { get; init; }
    public double? Epoch { get; init; }
    public double? Loss { get; init; }
    public double? Accuracy { get; init; }
    public double? AccuracyEasy { get; init; }
    public double? AccuracyHard { get; init; }
    public double? PositiveDistance { get; init; }
    public double? NegativeDistance { get; init; }
    public double? LearningRate { get; init; }
    public double? ClipsPerSecond { get; init; }
    public double? DataWaitShare { get; init; }
    public double? Seconds { get; init; }
    public double? EmbeddingStdVideo { get; init; }
    public double? EmbeddingStdAudio { get; init; }
    public JsonElement? Stage { get; init; }
    public string? Message { get; init; }

    /// <summary>Numbers whose names depend on the method, such as <c>accuracy_video</c>.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; init; }

    /// <summary>One of <see cref="Others"/>.</summary>
    public double? Other(string name) =>
        Others is not null && Others.TryGetValue(name, out var element) && element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var value) ? value : null;
}

/// <summary>A run's metrics, in the order of their steps, without what a resumed run did again.</summary>
internal sealed record Metrics(IReadOnlyList<MetricLine> Train, IReadOnlyList<MetricLine> Validation, IReadOnlyList<MetricLine> Events, bool TornLastLine)
{
    public static Metrics Empty { get; } = new([], [], [], TornLastLine: false);

    /// <summary>What was decided between epochs, such as a clustering.</summary>
    public IReadOnlyList<MetricLine> Plans { get; init; } = [];

    public bool IsEmpty => Train.Count == 0 && Validation.Count == 0;
}
