namespace Duet.Learning.Pretext.Clustering;

/// <summary>What early stopping remembers of an iteration: a function of its epochs' validation losses in their order.</summary>
/// <param name="Last">The last epoch's loss; null before the first.</param>
/// <param name="Best">The lowest so far.</param>
/// <param name="Rises">Epochs in a row whose loss was above the one before.</param>
/// <param name="SinceBest">Epochs since the lowest.</param>
internal sealed record EarlyStop(double? Last, double? Best, int Rises, int SinceBest)
{
    /// <summary>Before an iteration's first epoch.</summary>
    public static EarlyStop Start { get; } = new(null, null, 0, 0);

    /// <summary>After one more epoch.</summary>
    public EarlyStop After(double loss) => new(
        loss,
        Best is { } best && best <= loss ? best : loss,
        Last is { } last && loss > last ? Rises + 1 : 0,
        Best is { } before && before <= loss ? SinceBest + 1 : 0);

    /// <summary>Whether the iteration is over.</summary>
    public bool Ends(EarlyStopRule rule, int patience) => patience > 0 && (rule == EarlyStopRule.Rises ? Rises : SinceBest) >= patience;
}
