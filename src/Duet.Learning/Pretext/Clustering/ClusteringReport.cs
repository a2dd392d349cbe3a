namespace Duet.Learning.Pretext.Clustering;

/// <summary>What a deep clustering iteration's labels are like: <c>pseudo-labels/iteration-01.json</c>.</summary>
public sealed record ClusteringReport
{
    /// <summary>The format's name and version.</summary>
    public const string CurrentFormat = "duet.clustering/1";

    /// <summary>The format's name and version.</summary>
    public string Format { get; init; } = CurrentFormat;

    /// <summary>The run's method.</summary>
    public required string Method { get; init; }

    /// <summary>The iteration, from 1.</summary>
    public required int Iteration { get; init; }

    /// <summary>The epoch that was first trained with these labels, from 0.</summary>
    public required int Epoch { get; init; }

    /// <summary>The clusterings.</summary>
    public required IReadOnlyList<ClusteringSummary> Clusterings { get; init; }
}

/// <summary>One clustering of an iteration. Sizes, entropy, purity and mutual information are over the training clips.</summary>
public sealed record ClusteringSummary
{
    /// <summary>Which features were clustered: an encoder's name, or <c>joint</c>.</summary>
    public required string Features { get; init; }

    /// <summary>The encoders that learn these labels.</summary>
    public required IReadOnlyList<string> Teaches { get; init; }

    /// <summary>The table of labels, beside this file.</summary>
    public required string File { get; init; }

    /// <summary>Its SHA-256, hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Clusters.</summary>
    public required int K { get; init; }

    /// <summary>Training clips.</summary>
    public int Clips { get; init; }

    /// <summary>Validation clips.</summary>
    public int ValidationClips { get; init; }

    /// <summary>Clips that could not be read, and have no label.</summary>
    public int Unreadable { get; init; }

    /// <summary>Numbers per clip that were clustered; 0 where the labels were given.</summary>
    public int Dimension { get; init; }

    /// <summary>k-means's objective: the sum of the squared distances to the centroids; null where the labels were given.</summary>
    public double? Objective { get; init; }

    /// <summary>The objective after each of k-means's iterations.</summary>
    public IReadOnlyList<double> Objectives { get; init; } = [];

    /// <summary>Empty clusters that k-means filled by splitting a large one.</summary>
    public int Splits { get; init; }

    /// <summary>Which of k-means's restarts was the best, from 0.</summary>
    public int Restart { get; init; }

    /// <summary>Whether k-means came to rest before its last iteration.</summary>
    public bool Converged { get; init; }

    /// <summary>What k-means searched in: <c>bf16</c> or <c>fp32</c>; null where the labels were given.</summary>
    public string? Precision { get; init; }

    /// <summary>Share of a sample that the search in bf16 would have assigned to another centroid; null in fp32. The labels themselves are decided in fp32.</summary>
    public double? Bf16Disagreement { get; init; }

    /// <summary>k times the sum of squared shares: 1 where all clusters are of one size, k where there is only one.</summary>
    public double Imbalance { get; init; }

    /// <summary>Clips of each cluster.</summary>
    public IReadOnlyList<int> Sizes { get; init; } = [];

    /// <summary>The sizes' entropy, bits.</summary>
    public double EntropyBits { get; init; }

    /// <summary>The same as a share of the most that k clusters can have.</summary>
    public double NormalisedEntropy { get; init; }

    /// <summary>Clusters without a clip.</summary>
    public int Empty { get; init; }

    /// <summary>The largest cluster's share of the clips.</summary>
    public double LargestShare { get; init; }

    /// <summary>Normalised mutual information with the iteration before; null in the first.</summary>
    public double? NmiPrevious { get; init; }

    /// <summary>Clips whose video has a label in the store.</summary>
    public int LabelledClips { get; init; }

    /// <summary>Different labels.</summary>
    public int Classes { get; init; }

    /// <summary>Normalised mutual information with the labels, which took no part in training; null where there are none.</summary>
    public double? NmiLabels { get; init; }

    /// <summary>Share of the labelled clips that bear the most frequent label of their cluster; null where there are none.</summary>
    public double? Purity { get; init; }

    /// <summary>What is wrong with it, in words.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
