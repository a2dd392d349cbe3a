using System.Text.Json;

namespace Duet.Reports.Input;

/// <summary>A <c>retrieval</c> result: nearest neighbours within and across modalities.</summary>
internal sealed record RetrievalResult
{
    public JsonElement? Run { get; init; }
    public JsonElement? Store { get; init; }
    public long? ClipsPerVideo { get; init; }
    public string? Distance { get; init; }
    public IReadOnlyList<RetrievalFold>? Folds { get; init; }
    public ProbeBaseline? RandomBaseline { get; init; }
    public IReadOnlyList<RetrievalRow>? Results { get; init; }
    public IReadOnlyList<LeftOutVideo>? LeftOut { get; init; }
}

/// <summary>A division: its training videos were searched for its test videos.</summary>
internal sealed record RetrievalFold
{
    public string? Name { get; init; }
    public long? Train { get; init; }
    public long? Test { get; init; }
}

/// <summary>One kind of query with one set of weights.</summary>
internal sealed record RetrievalRow
{
    public string? Modality { get; init; }
    public string? Weights { get; init; }
    public string? Layer { get; init; }
    public long? Queries { get; init; }
    public IReadOnlyList<RecallShare>? RecallAt { get; init; }
    public double? MedianRank { get; init; }
    public Interval? MedianRankCi95 { get; init; }
    public double? ChanceMedianRank { get; init; }
    public IReadOnlyList<RetrievalQuery>? Neighbours { get; init; }
}

/// <summary>The share of queries with a hit among the k nearest.</summary>
internal sealed record RecallShare
{
    public long? K { get; init; }
    public double? Recall { get; init; }
    public Interval? Ci95 { get; init; }
    public double? Chance { get; init; }
}

/// <summary>One query and its nearest.</summary>
internal sealed record RetrievalQuery
{
    public string? VideoId { get; init; }
    public string? Label { get; init; }
    public long? Rank { get; init; }
    public IReadOnlyList<RetrievedVideo>? Nearest { get; init; }
}

/// <summary>A neighbour.</summary>
internal sealed record RetrievedVideo
{
    public string? VideoId { get; init; }
    public string? Label { get; init; }
    public double? Distance { get; init; }
}
