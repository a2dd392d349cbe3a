using Duet.Data;

namespace Duet.Learning.Evaluation;

/// <summary>What a margin that is too small costs.</summary>
public enum SvmLoss
{
    /// <summary>max(0, 1 - y f)^2.</summary>
    SquaredHinge,

    /// <summary>max(0, 1 - y f).</summary>
    Hinge,
}

/// <summary>How classes of different size count.</summary>
public enum SvmClassWeights
{
    /// <summary>Every clip alike.</summary>
    None,

    /// <summary>A class's own clips count rows / (classes * its rows), as scikit-learn's <c>class_weight="balanced"</c> has it.</summary>
    Balanced,
}

/// <summary>A linear support vector machine's options, with the meaning that liblinear and scikit-learn's LinearSVC give them.</summary>
public sealed record LinearSvmOptions : IValidated
{
    /// <summary>The cost of errors: minimise 1/2 |w|^2 + C sum(loss).</summary>
    public double C { get; init; } = 1;

    /// <summary>The loss.</summary>
    public SvmLoss Loss { get; init; } = SvmLoss.SquaredHinge;

    /// <summary>How classes count.</summary>
    public SvmClassWeights ClassWeights { get; init; } = SvmClassWeights.None;

    /// <summary>The constant that is appended to every row, whose weight is the bias; it is regularised like the others.</summary>
    public double InterceptScaling { get; init; } = 1;

    /// <summary>Stop when the largest and the smallest projected gradient of the dual differ by no more than this.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Passes over the rows at most.</summary>
    public int MaxIterations { get; init; } = 1000;

    /// <summary>Seed of the order in which rows are visited.</summary>
    public long Seed { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (!(C > 0) || !double.IsFinite(C))
        {
            yield return new ValidationError(nameof(C), "must be a number above 0");
        }

        if (!(InterceptScaling >= 0) || !double.IsFinite(InterceptScaling))
        {
            yield return new ValidationError(nameof(InterceptScaling), "must be 0 (no bias) or above");
        }

        if (!(Tolerance > 0))
        {
            yield return new ValidationError(nameof(Tolerance), "must be above 0");
        }

        if (MaxIterations < 1)
        {
            yield return new ValidationError(nameof(MaxIterations), "must be at least 1");
        }
    }
}
