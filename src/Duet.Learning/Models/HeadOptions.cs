using Duet.Data;

namespace Duet.Learning.Models;

/// <summary>How an embedding is normalised.</summary>
public enum EmbeddingNormalisation
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Divided by its l2 norm.</summary>
    L2,
}

/// <summary>The projection head over an encoder: a recipe's <c>head</c> section.</summary>
public sealed record HeadOptions : IValidated
{
    /// <summary>How many parts of time are pooled apart. 1 forgets when things happen; more keeps it, which synchronisation needs.</summary>
    public int TimeBins { get; init; } = 1;

    /// <summary>
    /// Whether fc6 and fc7 look at one time bin at a time, with the same weights for every bin. The embedding is then the bins'
    /// embeddings one after the other, so that the distance compares what is seen and heard bin by bin: what an event looks and
    /// sounds like is learned once and not once per bin. Off: fc6 sees all bins at once.
    /// </summary>
    public bool SharedOverTime { get; init; }

    /// <summary>Outputs of fc6.</summary>
    public int Hidden { get; init; } = 512;

    /// <summary>Outputs of fc7: the embedding's size, or its size per bin where the weights are shared over time.</summary>
    public int Embedding { get; init; } = 128;

    /// <summary>How the embedding is normalised.</summary>
    public EmbeddingNormalisation Normalise { get; init; } = EmbeddingNormalisation.None;

    /// <summary>Multiplies the embedding at the end: 0.5 after l2 keeps distances in [0, 1].</summary>
    public double Scale { get; init; } = 1.0;

    /// <summary>
    /// Whether fc6 (before its ReLU) and fc7 are batch-normalised. An embedding whose every dimension varies over the batch can't
    /// collapse to one point, where the contrastive loss has a stationary point: all pairs half a margin apart.
    /// </summary>
    public bool BatchNorm { get; init; }

    /// <summary>How many numbers an embedding has.</summary>
    public long EmbeddingSize() => SharedOverTime ? (long)TimeBins * Embedding : Embedding;

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (TimeBins is < 1 or > 1024)
        {
            yield return new ValidationError(nameof(TimeBins), "must be between 1 and 1024");
        }

        if (Hidden is < 1 or > 65536)
        {
            yield return new ValidationError(nameof(Hidden), "must be between 1 and 65536");
        }

        if (Embedding is < 1 or > 65536)
        {
            yield return new ValidationError(nameof(Embedding), "must be between 1 and 65536");
        }

        if (!(Scale > 0 && Scale <= 1000))
        {
            yield return new ValidationError(nameof(Scale), "must be above 0 and at most 1000");
        }
    }
}
