namespace Duet.Reports.Clusters;

/// <summary>What <c>duet clusters</c> found; its JSON is this record.</summary>
public sealed record ClustersResult
{
    /// <summary>The format's name and version.</summary>
    public string Format { get; init; } = "duet.result/1";

    /// <summary>The result's kind.</summary>
    public string Kind { get; init; } = "clusters";

    /// <summary>The run's folder, as it was given.</summary>
    public required string Run { get; init; }

    /// <summary>The run's method: <c>xdc</c>, <c>sdc</c>, <c>mdc</c>, <c>cdc</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The iteration that is shown, from 1.</summary>
    public required int Iteration { get; init; }

    /// <summary>How many iterations the run has so far.</summary>
    public required int Iterations { get; init; }

    /// <summary>The store that labels, pictures and sound are from; null where there was none.</summary>
    public string? Store { get; init; }

    /// <summary>Clips of videos that the store doesn't have (any more): they have a cluster but no path and no label here.</summary>
    public required int ClipsNotInStore { get; init; }

    /// <summary>The videos of <see cref="ClipsNotInStore"/>.</summary>
    public required int VideosNotInStore { get; init; }

    /// <summary>What a reader must know: a missing or changed store, degenerate clusterings, what the page leaves out.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>One per table of the iteration.</summary>
    public required IReadOnlyList<ClusteringResult> Clusterings { get; init; }

    /// <summary>The page's path; null where none was written.</summary>
    public string? Page { get; init; }

    /// <summary>The page's length, bytes.</summary>
    public long? PageBytes { get; init; }

    /// <summary>The export's path; null where none was written.</summary>
    public string? Export { get; init; }
}

/// <summary>One clustering of an iteration, its clusters ranked. Everything is over training clips.</summary>
public sealed record ClusteringResult
{
    /// <summary>The features that were clustered: <c>audio</c>, <c>video</c>, <c>joint</c>.</summary>
    public required string Features { get; init; }

    /// <summary>The encoders that learn from it.</summary>
    public required IReadOnlyList<string> Teaches { get; init; }

    /// <summary>The table's file name.</summary>
    public required string File { get; init; }

    /// <summary>How many clusters were asked for.</summary>
    public required int K { get; init; }

    /// <summary>Training clips.</summary>
    public required int Clips { get; init; }

    /// <summary>Validation clips, which were only assigned.</summary>
    public required int ValidationClips { get; init; }

    /// <summary><c>purity</c>, or <c>tightness</c> where the store has no labels for these clips.</summary>
    public required string RankedBy { get; init; }

    /// <summary>Training clips whose video has a label.</summary>
    public required int LabelledClips { get; init; }

    /// <summary>Different labels among them.</summary>
    public required int Classes { get; init; }

    /// <summary>The share of labelled clips that carry their cluster's most frequent label.</summary>
    public double? Purity { get; init; }

    /// <summary>The purity that clusters of the same sizes reach by chance: labels shuffled, the mean of ten. Many small clusters are pure by chance.</summary>
    public double? PurityOfShuffledLabels { get; init; }

    /// <summary>Normalised mutual information with the labels, as the run wrote it down.</summary>
    public double? NmiLabels { get; init; }

    /// <summary>Normalised mutual information with the iteration before, as the run wrote it down.</summary>
    public double? NmiPrevious { get; init; }

    /// <summary>Entropy of the cluster sizes over log2 k: 1 where all are of one size.</summary>
    public double? NormalisedEntropy { get; init; }

    /// <summary>Clusters without a training clip.</summary>
    public required int Empty { get; init; }

    /// <summary>The largest cluster's share of the clips.</summary>
    public required double LargestShare { get; init; }

    /// <summary>Why this clustering is degenerate, and what else the run noted.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>All clusters, best first.</summary>
    public required IReadOnlyList<RankedCluster> Clusters { get; init; }
}

/// <summary>A cluster.</summary>
/// <param name="Rank">Its place, from 1.</param>
/// <param name="Cluster">Its number, from 0.</param>
/// <param name="Size">Training clips.</param>
/// <param name="ValidationClips">Validation clips that were assigned to it.</param>
/// <param name="LabelledClips">Training clips with a label.</param>
/// <param name="Purity">The most frequent label's share of the labelled clips; null where there are none.</param>
/// <param name="Tightness">Mean distance of its training clips to the centroid; null where it is empty.</param>
/// <param name="Labels">The most frequent labels.</param>
/// <param name="Nearest">The training clips nearest to the centroid, at most one of each video.</param>
public sealed record RankedCluster(
    int Rank, int Cluster, int Size, int ValidationClips, int LabelledClips, double? Purity, double? Tightness, IReadOnlyList<LabelShare> Labels, IReadOnlyList<NearestClip> Nearest);

/// <summary>A label and its share of a cluster's labelled clips.</summary>
/// <param name="Label">The label.</param>
/// <param name="Share">Its share.</param>
public sealed record LabelShare(string Label, double Share);

/// <summary>A clip near a centroid.</summary>
/// <param name="Clip">The clip's id.</param>
/// <param name="Video">The video's id.</param>
/// <param name="Start">When its middle window starts, seconds.</param>
/// <param name="Distance">Distance to the centroid.</param>
/// <param name="Path">The source file; null where the store doesn't have the video.</param>
/// <param name="Label">The video's label; null where it has none.</param>
public sealed record NearestClip(string Clip, string Video, double Start, double Distance, string? Path, string? Label);
