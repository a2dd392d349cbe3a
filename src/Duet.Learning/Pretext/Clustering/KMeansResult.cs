using Duet.Learning.Models;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>One iteration of one restart.</summary>
/// <param name="Objective">Sum of squared distances of the rows to the means of their clusters.</param>
/// <param name="Imbalance">k * sum(n_i^2) / n^2: 1 where all clusters are equally large.</param>
/// <param name="Splits">Empty clusters that were given a part of a large one.</param>
/// <param name="Changed">Rows whose cluster changed.</param>
public sealed record KMeansIteration(double Objective, double Imbalance, int Splits, int Changed);

/// <summary>How far a clustering is.</summary>
/// <param name="Restart">Which restart, from 0.</param>
/// <param name="Restarts">How many there are.</param>
/// <param name="Iteration">Iterations that this restart has done; 0 while it seeds.</param>
/// <param name="Iterations">Iterations that it may do.</param>
/// <param name="Last">The newest iteration; null while it seeds.</param>
public sealed record KMeansProgress(int Restart, int Restarts, int Iteration, int Iterations, KMeansIteration? Last);

/// <summary>A clustering.</summary>
public sealed record KMeansResult
{
    /// <summary>The cluster of each row: that of the nearest centroid, in 32-bit floats.</summary>
    public required int[] Clusters { get; init; }

    /// <summary>The l2 distance of each row to its centroid, in the space that was clustered.</summary>
    public required float[] Distances { get; init; }

    /// <summary>Assigns other rows.</summary>
    public required KMeansModel Model { get; init; }

    /// <summary>Sum of the squared <see cref="Distances"/>.</summary>
    public required double Objective { get; init; }

    /// <summary>The iterations of the restart that was taken.</summary>
    public required IReadOnlyList<KMeansIteration> Iterations { get; init; }

    /// <summary>The last iteration's objective of every restart.</summary>
    public required IReadOnlyList<double> RestartObjectives { get; init; }

    /// <summary>Which restart was taken, from 0.</summary>
    public required int Restart { get; init; }

    /// <summary>Whether it ended because nothing changed any more, or too little; else it ran out of iterations.</summary>
    public required bool Converged { get; init; }

    /// <summary>Rows of each cluster.</summary>
    public required int[] Sizes { get; init; }

    /// <summary>k * sum(n_i^2) / n^2 of <see cref="Sizes"/>.</summary>
    public required double Imbalance { get; init; }

    /// <summary>What found the candidates.</summary>
    public required Precision Precision { get; init; }

    /// <summary>
    /// The share of a sample's rows that the bf16 search, its candidates decided in 32-bit floats, assigns to another of the final centroids than 32-bit floats
    /// alone do; null where no bf16 was used.
    /// </summary>
    public double? Bf16Disagreement { get; init; }

    /// <summary>Each iteration's objective.</summary>
    public IReadOnlyList<double> Objectives => [.. Iterations.Select(i => i.Objective)];

    /// <summary>Splits over all iterations.</summary>
    public int Splits => Iterations.Sum(i => i.Splits);
}
