namespace Duet.Learning.Pretext.Clustering;

/// <summary>Where a clustering run stands: what a checkpoint says of it.</summary>
/// <param name="Iteration">The deep clustering iteration, from 1; 0 before the first.</param>
/// <param name="FirstEpoch">Its first epoch.</param>
/// <param name="EarlyStop">Early stopping's memory.</param>
/// <param name="Tables">The SHA-256 of each clustering's table.</param>
internal sealed record ClusteringState(int Iteration, int FirstEpoch, EarlyStop EarlyStop, IReadOnlyDictionary<string, string> Tables)
{
    /// <summary>Before the first iteration.</summary>
    public static ClusteringState Start { get; } = new(0, 0, EarlyStop.Start, new Dictionary<string, string>(StringComparer.Ordinal));

    /// <summary>Whether new labels are due before an epoch.</summary>
    public bool IsOver(int epoch, ClusteringOptions options) =>
        Iteration == 0 || epoch - FirstEpoch >= options.EpochsPerIteration || EarlyStop.Ends(options.EarlyStop, options.Patience);
}
