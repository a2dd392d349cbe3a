using System.Text.Json;

namespace Duet.Reports.Input;

/// <summary>A <c>finetune</c> result: a classifier over encoders that were trained on with labels, or from scratch.</summary>
internal sealed record FinetuneResult
{
    public JsonElement? Run { get; init; }
    public string? Method { get; init; }
    public string? Dataset { get; init; }
    public string? Protocol { get; init; }
    public JsonElement? Store { get; init; }
    public string? Layers { get; init; }
    public IReadOnlyList<string>? Networks { get; init; }
    public string? Clip { get; init; }
    public double? LabelShare { get; init; }
    public long? TestClips { get; init; }
    public IReadOnlyList<ProbeRow>? Results { get; init; }
    public IReadOnlyList<FinetunedSplitSummary>? Splits { get; init; }
    public IReadOnlyList<LeftOutVideo>? LeftOut { get; init; }
}

/// <summary>One split's training and test.</summary>
internal sealed record FinetunedSplitSummary
{
    public string? Name { get; init; }
    public long? Train { get; init; }
    public long? Test { get; init; }
    public double? LearningRate { get; init; }
    public double? Accuracy { get; init; }
}
