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

/// <summary>How the optimum is found. All solvers minimise the same objective.</summary>
public enum SvmSolver
{
    /// <summary>Newton for squared hinge where there are at least as many rows as features; where there are fewer, descent on their products; else coordinate descent.</summary>
    Auto,

    /// <summary>Newton's method on the primal (Keerthi and DeCoste, JMLR 2005). Squared hinge only; not troubled by correlated features.</summary>
    PrimalNewton,

    /// <summary>Coordinate descent on the dual (Hsieh et al., ICML 2008). For the hinge, and for very many rows.</summary>
    DualCoordinateDescent,

    /// <summary>The same dual on the rows' inner products, which all classes share: for more features than rows. Takes 8 bytes per pair of rows.</summary>
    GramDescent,
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

    /// <summary>The solver.</summary>
    public SvmSolver Solver { get; init; } = SvmSolver.Auto;

    /// <summary>Coordinate descent stops when the largest and the smallest projected gradient of the dual differ by no more than this.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>
    /// Newton stops when the gradient's norm is at most this share of its norm at weights 0, times the smaller side's share of the rows:
    /// liblinear's measure, held far tighter than its 1e-4 because the last steps cost next to nothing.
    /// </summary>
    public double GradientTolerance { get; init; } = 1e-8;

    /// <summary>Passes over the rows (coordinate descent) or steps (Newton) at most.</summary>
    public int MaxIterations { get; init; } = 1000;

    /// <summary>Seed of the order in which coordinate descent visits the rows.</summary>
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

        if (Solver == SvmSolver.PrimalNewton && Loss != SvmLoss.SquaredHinge)
        {
            yield return new ValidationError(nameof(Solver), "must be auto or dual_coordinate_descent for the hinge, which has no second derivative");
        }

        if (!(GradientTolerance > 0))
        {
            yield return new ValidationError(nameof(GradientTolerance), "must be above 0");
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
