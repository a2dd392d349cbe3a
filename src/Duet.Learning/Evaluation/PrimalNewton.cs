namespace Duet.Learning.Evaluation;

/// <summary>
/// The primal of a binary linear SVM with squared hinge, min over w of 1/2 |w|^2 + sum(cost max(0, 1 - y w'x)^2), by Newton's method
/// on the active rows with an exact line search (Keerthi and DeCoste, JMLR 2005). Piecewise quadratic: once the active rows are the
/// right ones one step ends it, however correlated the features are. Up to <see cref="ExactColumns"/> features the Hessian is
/// factored; beyond, conjugate gradients solve for the step. One instance serves one thread, for any number of problems.
/// </summary>
internal sealed class PrimalNewton
{
    /// <summary>Features up to which factoring a Hessian costs less than conjugate gradients' passes over the rows.</summary>
    public const int ExactColumns = 512;

    private const double Rounding = 1e-12; // of the first gradient: sums of doubles carry no more
    private readonly FeatureMatrix features;
    private readonly LinearSvmOptions options;
    private readonly ActiveHessian? hessian;
    private readonly double[] signs; // y
    private readonly double[] costs;
    private readonly double[] decisions; // w'x
    private readonly double[] slopes; // step'x
    private readonly double[] curvatures; // 2 cost where the row is active, else 0
    private readonly double[] gradient;
    private readonly double[] direction;

    /// <summary>Makes room for problems on these rows.</summary>
    /// <param name="features">Rows.</param>
    /// <param name="options">Tolerance, steps, the bias's constant.</param>
    /// <param name="exactColumns">Features up to which the Hessian is factored.</param>
    public PrimalNewton(FeatureMatrix features, LinearSvmOptions options, int exactColumns = ExactColumns)
    {
        this.features = features;
        this.options = options;
        hessian = features.Columns <= exactColumns ? new ActiveHessian(features, options.InterceptScaling) : null;
        signs = new double[features.Rows];
        costs = new double[features.Rows];
        decisions = new double[features.Rows];
        slopes = new double[features.Rows];
        curvatures = new double[features.Rows];
        gradient = new double[features.Columns + 1];
        direction = new double[features.Columns + 1];
    }

    /// <summary>Solves one problem.</summary>
    /// <param name="positive">Which rows belong to the class.</param>
    /// <param name="positiveCost">Their cost.</param>
    /// <param name="negativeCost">The others' cost.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>Weights with the bias last, steps, and whether the tolerance was met.</returns>
    public (double[] Weights, int Iterations, bool Converged) Solve(bool[] positive, double positiveCost, double negativeCost, CancellationToken cancel)
    {
        var own = 0;
        for (var i = 0; i < positive.Length; i++)
        {
            own += positive[i] ? 1 : 0;
            signs[i] = positive[i] ? 1 : -1;
            costs[i] = positive[i] ? positiveCost : negativeCost;
        }

        Array.Clear(decisions);
        hessian?.Reset();
        var w = new double[gradient.Length];
        // liblinear's measure: a rare class, whose rows make up little of the first gradient, is held to more.
        var share = Math.Max(Math.Min(own, positive.Length - own), 1) / (double)positive.Length;
        var first = 0.0;
        for (var step = 0; ; step++)
        {
            cancel.ThrowIfCancellationRequested();
            Differentiate(w);
            var norm = Math.Sqrt(RowProducts.Dot(gradient, gradient));
            first = step == 0 ? norm : first;
            if (norm <= Math.Max(options.GradientTolerance * share, Rounding) * first)
            {
                return (w, step, true);
            }

            if (step == options.MaxIterations)
            {
                return (w, step, false);
            }

            if (hessian is not null)
            {
                hessian.Update(curvatures);
                for (var j = 0; j < direction.Length; j++)
                {
                    direction[j] = -gradient[j];
                }

                hessian.Solve(direction);
            }
            else
            {
                // Solving ever more closely keeps the last steps quadratic without work wasted on the first.
                ConjugateGradients(norm * Math.Min(0.1, norm / first), cancel);
            }

            for (var i = 0; i < slopes.Length; i++)
            {
                slopes[i] = Product(features.Row(i), direction);
            }

            var length = SearchLine(w);
            RowProducts.AddScaled(direction, length, w);
            RowProducts.AddScaled(slopes, length, decisions);
        }
    }

    private double Product(ReadOnlySpan<float> row, ReadOnlySpan<double> w) => RowProducts.Dot(row, w) + (w[^1] * options.InterceptScaling);

    /// <summary>Finds the active rows and the gradient, w - sum over them of 2 cost y (1 - y w'x) x.</summary>
    private void Differentiate(double[] w)
    {
        w.CopyTo(gradient, 0);
        for (var i = 0; i < decisions.Length; i++)
        {
            var slack = 1 - (signs[i] * decisions[i]);
            curvatures[i] = slack > 0 ? 2 * costs[i] : 0;
            if (slack > 0)
            {
                var pull = -curvatures[i] * signs[i] * slack;
                RowProducts.AddScaled(features.Row(i), pull, gradient);
                gradient[^1] += pull * options.InterceptScaling;
            }
        }
    }

    /// <summary>The least objective along the direction: the root of a rising, piecewise linear derivative, by Newton within a bracket.</summary>
    private double SearchLine(double[] w)
    {
        var linear = RowProducts.Dot(w, direction);
        var square = RowProducts.Dot(direction, direction);
        var target = 1e-3 * Math.Abs(RowProducts.Dot(gradient, direction));
        var (low, high, t) = (0.0, double.PositiveInfinity, 1.0);
        while (true)
        {
            var (slope, bend) = (linear + (t * square), square);
            for (var i = 0; i < slopes.Length; i++)
            {
                var slack = 1 - (signs[i] * (decisions[i] + (t * slopes[i])));
                if (slack > 0)
                {
                    slope -= 2 * costs[i] * signs[i] * slopes[i] * slack;
                    bend += 2 * costs[i] * slopes[i] * slopes[i];
                }
            }

            if (Math.Abs(slope) <= target)
            {
                return t;
            }

            (low, high) = slope < 0 ? (t, high) : (low, t);
            var next = t - (slope / bend);
            if (!(next > low && next < high))
            {
                next = double.IsFinite(high) ? low + ((high - low) / 2) : 2 * low;
            }

            if (next == t || next <= low || next >= high)
            {
                return t; // no double lies between
            }

            t = next;
        }
    }

    /// <summary>The step, from (I + sum over active rows of 2 cost x x') step = -gradient, preconditioned with the diagonal.</summary>
    private void ConjugateGradients(double target, CancellationToken cancel)
    {
        var size = gradient.Length;
        var diagonal = new double[size];
        var residual = new double[size];
        var search = new double[size];
        var image = new double[size];
        Array.Fill(diagonal, 1);
        for (var i = 0; i < curvatures.Length; i++)
        {
            if (curvatures[i] > 0)
            {
                var row = features.Row(i);
                for (var j = 0; j < row.Length; j++)
                {
                    diagonal[j] += curvatures[i] * row[j] * row[j];
                }

                diagonal[^1] += curvatures[i] * options.InterceptScaling * options.InterceptScaling;
            }
        }

        Array.Clear(direction);
        var product = 0.0;
        for (var j = 0; j < size; j++)
        {
            residual[j] = -gradient[j];
            search[j] = residual[j] / diagonal[j];
            product += residual[j] * search[j];
        }

        // Exact arithmetic needs at most one pass per weight; a direction cut short still leads downhill.
        for (var pass = 0; pass < 2 * size && RowProducts.Dot(residual, residual) > target * target; pass++)
        {
            cancel.ThrowIfCancellationRequested();
            search.CopyTo(image, 0);
            for (var i = 0; i < curvatures.Length; i++)
            {
                if (curvatures[i] > 0)
                {
                    var row = features.Row(i);
                    var pull = curvatures[i] * Product(row, search);
                    RowProducts.AddScaled(row, pull, image);
                    image[^1] += pull * options.InterceptScaling;
                }
            }

            var length = product / RowProducts.Dot(search, image);
            RowProducts.AddScaled(search, length, direction);
            RowProducts.AddScaled(image, -length, residual);
            var before = product;
            product = 0;
            for (var j = 0; j < size; j++)
            {
                image[j] = residual[j] / diagonal[j];
                product += residual[j] * image[j];
            }

            for (var j = 0; j < size; j++)
            {
                search[j] = image[j] + (product / before * search[j]);
            }
        }
    }
}
