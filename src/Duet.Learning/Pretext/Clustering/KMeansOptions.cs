using Duet.Data;
using Duet.Learning.Models;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>Where the first centroids come from.</summary>
public enum KMeansSeeding
{
    /// <summary>k-means++ (Arthur and Vassilvitskii, SODA 2007): each next centroid is a row drawn with a probability proportional to its squared distance to those that there are.</summary>
    PlusPlus,

    /// <summary>Rows drawn evenly, none twice.</summary>
    Random,
}

/// <summary>How features are clustered; the seed and the number of clusters are given apart.</summary>
public sealed record KMeansOptions : IValidated
{
    /// <summary>Iterations at most.</summary>
    public int Iterations { get; init; } = 50;

    /// <summary>The relative fall of the objective at or below which an iteration is the last; 0: it ends when no assignment changes any more.</summary>
    public double Tolerance { get; init; }

    /// <summary>Where the first centroids come from.</summary>
    public KMeansSeeding Seeding { get; init; } = KMeansSeeding.PlusPlus;

    /// <summary>Runs from different first centroids, of which that with the least objective is taken.</summary>
    public int Restarts { get; init; } = 1;

    /// <summary>Scales each row to length 1, after PCA and whitening where those are on. A row of zeros stays.</summary>
    public bool L2 { get; init; }

    /// <summary>Principal components to keep; 0: no PCA.</summary>
    public int Pca { get; init; }

    /// <summary>Scales each principal component to variance 1; without <see cref="Pca"/> all components are kept.</summary>
    public bool Whiten { get; init; }

    /// <summary>What finds the candidates for the nearest centroid. Whatever this says, 32-bit floats decide between them, and the last assignment is wholly in 32-bit floats.</summary>
    public Precision Precision { get; init; } = Precision.Auto;

    /// <summary>Threads; 0: as many as libtorch uses. The result does not depend on it.</summary>
    public int Threads { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (Iterations < 1)
        {
            yield return new ValidationError(nameof(Iterations), "must be at least 1");
        }

        if (!(Tolerance >= 0) || !double.IsFinite(Tolerance))
        {
            yield return new ValidationError(nameof(Tolerance), "must be 0 (until no assignment changes) or above");
        }

        if (Restarts < 1)
        {
            yield return new ValidationError(nameof(Restarts), "must be at least 1");
        }

        if (Pca < 0)
        {
            yield return new ValidationError(nameof(Pca), "must be 0 (off) or a number of components");
        }

        if (Threads < 0)
        {
            yield return new ValidationError(nameof(Threads), "must be 0 (as many as libtorch uses) or a number");
        }
    }
}
