namespace Duet.Learning.Evaluation;

/// <summary>
/// The dual of a binary linear SVM as <see cref="DualCoordinateDescent"/> has it, on the rows' products instead of the rows. The gradient of every
/// coordinate is at hand, so each sweep moves only those that are furthest from their optimum, and a move costs as many products as there are rows, however
/// many features they have.
/// </summary>
internal sealed class GramDescent(FeatureMatrix features, GramMatrix gram, LinearSvmOptions options, double positiveCost, double negativeCost)
{
    private const double Greed = 0.3; // of the largest violation: less than this waits for a later sweep

    /// <summary>Solves one problem.</summary>
    /// <param name="positive">Which rows belong to the class.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>Weights with the bias last, passes (as many moves as there are rows), and whether the tolerance was met.</returns>
    public (double[] Weights, int Iterations, bool Converged) Solve(bool[] positive, CancellationToken cancel)
    {
        var rows = gram.Size;
        var squared = options.Loss == SvmLoss.SquaredHinge;
        var alpha = new double[rows];
        var decisions = new double[rows];
        var most = (long)options.MaxIterations * rows;
        long moves = 0;
        var converged = false;
        while (!converged && moves < most)
        {
            cancel.ThrowIfCancellationRequested();
            var (highest, lowest) = (0.0, 0.0); // at the start all gradients are alike, and none is 0
            for (var i = 0; i < rows; i++)
            {
                var projected = Projected(i);
                highest = Math.Max(highest, projected);
                lowest = Math.Min(lowest, projected);
            }

            converged = highest - lowest <= options.Tolerance;
            var least = Math.Max(Greed * Math.Max(highest, -lowest), 1e-14);
            for (var i = 0; i < rows && !converged && moves < most; i++)
            {
                if (Math.Abs(Projected(i)) >= least)
                {
                    Move(i);
                    moves++;
                }
            }
        }

        var w = new double[features.Columns + 1];
        for (var i = 0; i < rows; i++)
        {
            if (alpha[i] > 0)
            {
                var pull = positive[i] ? alpha[i] : -alpha[i];
                RowProducts.AddScaled(features.Row(i), pull, w);
                w[^1] += pull * options.InterceptScaling;
            }
        }

        return (w, (int)((moves + rows - 1) / rows), converged);

        double Cost(int i) => positive[i] ? positiveCost : negativeCost;
        double Added(int i) => squared ? 0.5 / Cost(i) : 0;
        double Upper(int i) => squared ? double.PositiveInfinity : Cost(i);
        double Gradient(int i) => (positive[i] ? decisions[i] : -decisions[i]) - 1 + (alpha[i] * Added(i));

        // What of the gradient a coordinate at a bound can follow.
        double Projected(int i)
        {
            var gradient = Gradient(i);
            return alpha[i] == 0 ? Math.Min(gradient, 0) : alpha[i] == Upper(i) ? Math.Max(gradient, 0) : gradient;
        }

        void Move(int i)
        {
            var before = alpha[i];
            var curvature = gram.Diagonal(i) + Added(i);
            alpha[i] = curvature > 0 ? Math.Clamp(before - (Gradient(i) / curvature), 0, Upper(i)) : Upper(i); // a row of zeros without a bias
            RowProducts.AddScaled(gram.Row(i), (alpha[i] - before) * (positive[i] ? 1 : -1), decisions);
        }
    }
}
