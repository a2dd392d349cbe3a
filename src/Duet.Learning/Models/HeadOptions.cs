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

    /// <summary>Outputs of fc6.</summary>
    public int Hidden { get; init; } = 512;

    /// <summary>Outputs of fc7: the embedding's size.</summary>
    public int Embedding { get; init; } = 128;

    /// <summary>How the embedding is normalised.</summary>
    public EmbeddingNormalisation Normalise { get; init; } = EmbeddingNormalisation.None;

    /// <summary>Multiplies the embedding at the end: 0.5 after l2 keeps distances in [0, 1].</summary>
    public double Scale { get; init; } = 1.0;

    /// <summary>Whether fc6 is batch-normalised before its ReLU.</summary>
    public bool BatchNorm { get; init; }

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
