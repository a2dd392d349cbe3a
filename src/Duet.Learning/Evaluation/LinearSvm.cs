namespace Duet.Learning.Evaluation;

/// <summary>
/// One-vs-rest linear support vector machines. Each class is one binary problem, and the problems run side by side: the answer
/// does not depend on the number of threads. At convergence the decision values are LinearSVC's, whichever solver found them.
/// </summary>
public sealed class LinearSvm
{
    private const int MostRowsForProducts = 8192; // 0.5 GB of products

    private readonly double[][] weights; // per class: one per feature, then the bias

    private LinearSvm(double[][] weights, double interceptScaling, IReadOnlyList<int> iterations, bool converged)
    {
        this.weights = weights;
        InterceptScaling = interceptScaling;
        Iterations = iterations;
        Converged = converged;
    }

    /// <summary>Classes.</summary>
    public int Classes => weights.Length;

    /// <summary>The constant behind the bias.</summary>
    public double InterceptScaling { get; }

    /// <summary>Passes (coordinate descent) or steps (Newton) that each class took.</summary>
    public IReadOnlyList<int> Iterations { get; }

    /// <summary>Whether every class met the tolerance before its iterations ran out.</summary>
    public bool Converged { get; }

    /// <summary>Fits one machine per class.</summary>
    /// <param name="features">Training rows, standardised.</param>
    /// <param name="labels">A class in [0, classes) per row.</param>
    /// <param name="classes">How many classes; each needs a row, and there must be at least two.</param>
    /// <param name="options">The machine's options.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <exception cref="ArgumentException">Labels and rows differ in number, a label lies outside, or a class has no row.</exception>
    public static LinearSvm Fit(FeatureMatrix features, IReadOnlyList<int> labels, int classes, LinearSvmOptions options, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(options);
        if (labels.Count != features.Rows)
        {
            throw new ArgumentException($"{labels.Count} labels for {features.Rows} rows.", nameof(labels));
        }

        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new ArgumentException($"{error.Property} {error.Message}.", nameof(options));
        }

        var sizes = new int[classes];
        foreach (var label in labels)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(label, nameof(labels));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(label, classes, nameof(labels));
            sizes[label]++;
        }

        if (classes < 2 || sizes.Contains(0))
        {
            throw new ArgumentException("There must be at least two classes, each with a row.", nameof(classes));
        }

        var solutions = new double[classes][];
        var iterations = new int[classes];
        var converged = new bool[classes];
        var parallel = new ParallelOptions { CancellationToken = cancel };
        bool[] Own(int k) => [.. labels.Select(label => label == k)];
        double Weight(int k) => options.ClassWeights == SvmClassWeights.Balanced ? (double)features.Rows / ((double)classes * sizes[k]) : 1;
        // liblinear weighs a class's own rows; the rest keep C, except where the rest is one class.
        (double Own, double Others) Costs(int k) => (options.C * Weight(k), options.C * (classes == 2 ? Weight(1 - k) : 1));

        var solver = SolverFor(features, options);
        if (solver == SvmSolver.PrimalNewton)
        {
            Parallel.For(0, classes, parallel, () => new PrimalNewton(features, options), (k, _, newton) =>
            {
                var (own, rest) = Costs(k);
                (solutions[k], iterations[k], converged[k]) = newton.Solve(Own(k), own, rest, cancel);
                return newton;
            }, static _ => { });
        }
        else if (solver == SvmSolver.GramDescent)
        {
            var gram = GramMatrix.Of(features, options.InterceptScaling, cancel);
            Parallel.For(0, classes, parallel, k =>
            {
                var (own, rest) = Costs(k);
                (solutions[k], iterations[k], converged[k]) = new GramDescent(features, gram, options, own, rest).Solve(Own(k), cancel);
            });
        }
        else
        {
            var squares = new double[features.Rows];
            Parallel.For(0, features.Rows, r => squares[r] = RowProducts.SquaredNorm(features.Row(r)) + (options.InterceptScaling * options.InterceptScaling));
            Parallel.For(0, classes, parallel, k =>
            {
                var (own, rest) = Costs(k);
                (solutions[k], iterations[k], converged[k]) = new DualCoordinateDescent(features, squares, options, own, rest).Solve(Own(k), k, cancel);
            });
        }

        return new LinearSvm(solutions, options.InterceptScaling, iterations, converged.All(static c => c));
    }

    /// <summary>The decision values of one row.</summary>
    /// <param name="row">Features, standardised as the training rows were.</param>
    /// <param name="decisions">Receives one value per class.</param>
    public void Decide(ReadOnlySpan<float> row, Span<double> decisions)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(row.Length, weights[0].Length - 1);
        for (var k = 0; k < weights.Length; k++)
        {
            decisions[k] = RowProducts.Dot(row, weights[k]) + (weights[k][^1] * InterceptScaling);
        }
    }

    /// <summary>The weights of one class, one per feature, and its bias.</summary>
    /// <param name="classIndex">Which class.</param>
    public (ReadOnlyMemory<double> Weights, double Bias) Of(int classIndex) =>
        (weights[classIndex].AsMemory(0, weights[classIndex].Length - 1), weights[classIndex][^1] * InterceptScaling);

    private static SvmSolver SolverFor(FeatureMatrix features, LinearSvmOptions options) => options.Solver != SvmSolver.Auto ? options.Solver
        : TakesProducts(features.Rows, features.Columns) ? SvmSolver.GramDescent
        : options.Loss == SvmLoss.SquaredHinge && features.Rows >= features.Columns ? SvmSolver.PrimalNewton
        : SvmSolver.DualCoordinateDescent;

    /// <summary>Whether the solver that is chosen by itself holds all rows' products.</summary>
    internal static bool TakesProducts(long rows, long columns) => rows < columns && rows <= MostRowsForProducts;
}
