using Duet.Data.Randomness;

namespace Duet.Learning.Evaluation;

/// <summary>
/// The dual of a binary linear SVM, min over a in [0, U] of 1/2 a'(Q + D)a - sum(a), one coordinate at a time
/// (Hsieh et al. 2008, algorithm 3). Rows whose coordinate rests at a bound and pushes against it are left out of the passes
/// (shrinking) and looked at again before the end is declared. Rows stay 32-bit floats; the weights are doubles.
/// </summary>
internal sealed class DualCoordinateDescent(FeatureMatrix features, double[] squares, LinearSvmOptions options, double positiveCost, double negativeCost)
{
    /// <summary>Solves one problem.</summary>
    /// <param name="positive">Which rows belong to the class.</param>
    /// <param name="problem">The problem's number: keys the order of visits.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>Weights with the bias last, passes, and whether the tolerance was met.</returns>
    public (double[] Weights, int Iterations, bool Converged) Solve(bool[] positive, int problem, CancellationToken cancel)
    {
        var rows = features.Rows;
        var squared = options.Loss == SvmLoss.SquaredHinge;
        var w = new double[features.Columns + 1];
        var alpha = new double[rows];
        var order = new int[rows];
        for (var i = 0; i < rows; i++)
        {
            order[i] = i;
        }

        var active = rows;
        var (highest, lowest) = (double.PositiveInfinity, double.NegativeInfinity);
        for (var pass = 1; pass <= options.MaxIterations; pass++)
        {
            cancel.ThrowIfCancellationRequested();
            new KeyedRandom(options.Seed, pass, "", FormattableString.Invariant($"svm/{problem}")).Shuffle(order.AsSpan(0, active));
            var (newHighest, newLowest) = (double.NegativeInfinity, double.PositiveInfinity);
            for (var s = 0; s < active; s++)
            {
                var i = order[s];
                var y = positive[i] ? 1.0 : -1.0;
                var cost = positive[i] ? positiveCost : negativeCost;
                var diagonal = squared ? 0.5 / cost : 0;
                var upper = squared ? double.PositiveInfinity : cost;
                var row = features.Row(i);
                var gradient = (y * (RowProducts.Dot(row, w) + (w[^1] * options.InterceptScaling))) - 1 + (alpha[i] * diagonal);

                var projected = gradient;
                if (alpha[i] == 0)
                {
                    if (gradient > highest)
                    {
                        active--;
                        (order[s], order[active]) = (order[active], order[s]);
                        s--;
                        continue;
                    }

                    projected = Math.Min(gradient, 0);
                }
                else if (alpha[i] == upper)
                {
                    if (gradient < lowest)
                    {
                        active--;
                        (order[s], order[active]) = (order[active], order[s]);
                        s--;
                        continue;
                    }

                    projected = Math.Max(gradient, 0);
                }

                newHighest = Math.Max(newHighest, projected);
                newLowest = Math.Min(newLowest, projected);
                if (Math.Abs(projected) > 1e-14)
                {
                    var before = alpha[i];
                    var curvature = squares[i] + diagonal;
                    alpha[i] = curvature > 0 ? Math.Clamp(before - (gradient / curvature), 0, upper) : upper; // a row of zeros without a bias
                    var step = (alpha[i] - before) * y;
                    RowProducts.AddScaled(row, step, w);
                    w[^1] += step * options.InterceptScaling;
                }
            }

            if (newHighest - newLowest <= options.Tolerance || active == 0)
            {
                if (active == rows)
                {
                    return (w, pass, true);
                }

                // The rows that were left out may have something to say by now.
                active = rows;
                (highest, lowest) = (double.PositiveInfinity, double.NegativeInfinity);
                continue;
            }

            highest = newHighest <= 0 ? double.PositiveInfinity : newHighest;
            lowest = newLowest >= 0 ? double.NegativeInfinity : newLowest;
        }

        return (w, options.MaxIterations, false);
    }
}
