namespace Duet.Learning.Evaluation.Retrieval;

/// <summary>What <c>duet eval retrieval</c> finds: a result file of kind <c>retrieval</c>.</summary>
public sealed record RetrievalResult : EvaluationResult
{
    /// <summary>Says what was evaluated.</summary>
    /// <param name="run">The network.</param>
    /// <param name="store">The store's folder.</param>
    /// <param name="fingerprint">Which videos the store held.</param>
    public RetrievalResult(EvaluatedRun run, string store, string fingerprint)
        : base("retrieval", run, store, fingerprint)
    {
    }

    /// <summary>The data set, as the protocol names it.</summary>
    public required string Dataset { get; init; }

    /// <summary>The protocol's name; <c>default</c> where none was named.</summary>
    public required string Protocol { get; init; }

    /// <summary>How maps became vectors, within modalities.</summary>
    public required FeaturePooling Pooling { get; init; }

    /// <summary>Clips per video at most.</summary>
    public required int ClipsPerVideo { get; init; }

    /// <summary>How far two vectors lie apart.</summary>
    public required RetrievalDistance Distance { get; init; }

    /// <summary>Training and test videos of the divisions that were searched within modalities.</summary>
    public required IReadOnlyList<ClassificationFold> Folds { get; init; }

    /// <summary>What the random networks are; null where there are none.</summary>
    public required RandomBaseline? RandomBaseline { get; init; }

    /// <summary>A row per kind of query and weights.</summary>
    public required IReadOnlyList<RetrievalRow> Results { get; init; }

    /// <summary>Pretrained less random by kind of query, on the same videos.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<RecallDifference>> Differences { get; init; }
}

/// <summary>One kind of query with one kind of weights.</summary>
public sealed record RetrievalRow
{
    /// <summary>Queries and gallery: <c>video->video</c>, <c>audio->audio</c>, <c>audio->video</c>, <c>video->audio</c>.</summary>
    public required string Modality { get; init; }

    /// <summary><c>pretrained</c> or <c>random</c>.</summary>
    public required string Weights { get; init; }

    /// <summary>The layer that was read.</summary>
    public required string Layer { get; init; }

    /// <summary>Values per vector.</summary>
    public required int Features { get; init; }

    /// <summary>Queries, over all divisions.</summary>
    public required int Queries { get; init; }

    /// <summary>Vectors that were searched, in the mean of the divisions.</summary>
    public required double Gallery { get; init; }

    /// <summary>How often a hit was among the k nearest. A k that is no smaller than the gallery says nothing and is left out.</summary>
    public required IReadOnlyList<RecallAt> RecallAt { get; init; }

    /// <summary>Across modalities: the median place of the right video; null within one.</summary>
    public double? MedianRank { get; init; }

    /// <summary>Its 95 % interval.</summary>
    public double[]? MedianRankCi95 { get; init; }

    /// <summary>The median place in a random order.</summary>
    public double? ChanceMedianRank { get; init; }

    /// <summary>By the query's class, where videos have labels.</summary>
    public required IReadOnlyDictionary<string, RetrievalClass> PerClass { get; init; }

    /// <summary>Each query's nearest, for pretrained weights.</summary>
    public required IReadOnlyList<RetrievalQuery> Neighbours { get; init; }
}

/// <summary>The share of queries with a hit among the k nearest.</summary>
/// <param name="K">How many neighbours.</param>
/// <param name="Recall">The mean of the divisions (and of the seeds).</param>
/// <param name="Ci95">Its 95 % interval: bootstrap over query videos; the gallery is held fixed.</param>
/// <param name="Chance">What a random order of the gallery would give.</param>
/// <param name="PerFold">By division.</param>
public sealed record RecallAt(int K, double Recall, double[] Ci95, double Chance, double[] PerFold);

/// <summary>Pretrained less random.</summary>
/// <param name="K">How many neighbours.</param>
/// <param name="Points">The difference, percentage points.</param>
/// <param name="Ci95">Its 95 % interval: paired bootstrap over query videos.</param>
public sealed record RecallDifference(int K, double Points, double[] Ci95);

/// <summary>One class.</summary>
/// <param name="Recall">Share of its queries with a hit, for each k of <see cref="RetrievalRow.RecallAt"/>.</param>
/// <param name="Support">How many videos they are.</param>
public sealed record RetrievalClass(double[] Recall, int Support);

/// <summary>One query.</summary>
/// <param name="VideoId">Its video.</param>
/// <param name="Label">Its class; null where it has none.</param>
/// <param name="Split">The division; <c>test</c> or the part's name across modalities.</param>
/// <param name="Rank">Across modalities: the place of the same video. Within one: the place of the first of its class among the nearest that were looked at; null where there is none.</param>
/// <param name="Nearest">The nearest, first to last.</param>
public sealed record RetrievalQuery(string VideoId, string? Label, string Split, int? Rank, IReadOnlyList<RetrievedVideo> Nearest);

/// <summary>A neighbour.</summary>
/// <param name="VideoId">Its video.</param>
/// <param name="Label">Its class; null where it has none.</param>
/// <param name="Distance">1 less the cosine, or the Euclidean distance.</param>
public sealed record RetrievedVideo(string VideoId, string? Label, double Distance);
