using System.Globalization;
using System.Text.Json;
using Duet.Data.Randomness;
using Duet.Learning.Evaluation;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Evaluation;

public sealed class LinearSvmTests
{
    public static TheoryData<string, SvmSolver> Cases
    {
        get
        {
            var cases = new TheoryData<string, SvmSolver>();
            foreach (var name in new[] { "squared_hinge", "small_c", "balanced", "intercept_scaling" })
            {
                cases.Add(name, SvmSolver.PrimalNewton);
                cases.Add(name, SvmSolver.DualCoordinateDescent);
                cases.Add(name, SvmSolver.GramDescent);
            }

            cases.Add("hinge", SvmSolver.GramDescent);
            cases.Add("binary_balanced_hinge", SvmSolver.GramDescent);

            cases.Add("hinge", SvmSolver.Auto);
            cases.Add("binary_balanced_hinge", SvmSolver.Auto);
            cases.Add("correlated", SvmSolver.Auto);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Decides_as_LinearSVC(string name, SvmSolver solver)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "svm.json")));
        var json = document.RootElement.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);
        var classes = json.GetProperty("classes").GetInt32();
        var o = json.GetProperty("options");
        var options = new LinearSvmOptions
        {
            C = o.GetProperty("C").GetDouble(),
            Loss = o.TryGetProperty("loss", out _) ? SvmLoss.Hinge : SvmLoss.SquaredHinge,
            ClassWeights = o.TryGetProperty("class_weight", out _) ? SvmClassWeights.Balanced : SvmClassWeights.None,
            InterceptScaling = o.TryGetProperty("intercept_scaling", out var scaling) ? scaling.GetDouble() : 1,
            Solver = solver,
            Tolerance = 1e-7, // Newton keeps its default: what the probe fits with
            MaxIterations = solver is SvmSolver.DualCoordinateDescent or SvmSolver.GramDescent || o.TryGetProperty("loss", out _) ? 1_000_000 : 10, // right rows, right Hessian: 6 steps
        };
        var (rows, columns, shared) = (json.GetProperty("rows").GetInt32(), json.GetProperty("columns").GetInt32(), json.GetProperty("shared").GetDouble());
        var (x, y) = Data(rows, columns, classes, 0, shared);
        var (test, _) = Data(25, columns, classes, 1000, shared);
        Enumerable.Range(0, classes).Select(c => y.Count(l => l == c)).ShouldBe(json.GetProperty("sizes").EnumerateArray().Select(s => s.GetInt32()));

        var svm = LinearSvm.Fit(x, y, classes, options, TestContext.Current.CancellationToken);
        svm.Converged.ShouldBeTrue();
        var expected = json.GetProperty("decisions").EnumerateArray().Select(v => v.GetDouble()).ToArray();
        var decisions = new double[classes];
        var largest = 0.0;
        for (var r = 0; r < test.Rows; r++)
        {
            svm.Decide(test.Row(r), decisions);
            for (var c = 0; c < classes; c++)
            {
                var reference = expected[(r * classes) + c];
                largest = Math.Max(largest, Math.Abs(decisions[c] - reference) / Math.Max(0.1, Math.Abs(reference)));
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}, {solver}: {largest:E2}, passes {string.Join(' ', svm.Iterations)}"));
        largest.ShouldBeLessThan(1e-3);
    }

    [Theory]
    [InlineData(1.0, SvmSolver.DualCoordinateDescent)]
    [InlineData(0.05, SvmSolver.DualCoordinateDescent)]
    [InlineData(1.0, SvmSolver.GramDescent)]
    [InlineData(0.05, SvmSolver.GramDescent)]
    [InlineData(1.0, SvmSolver.PrimalNewton)]
    [InlineData(0.05, SvmSolver.PrimalNewton)]
    [InlineData(1000.0, SvmSolver.PrimalNewton)]
    public void The_gradient_of_the_primal_is_zero(double c, SvmSolver solver)
    {
        // Squared hinge is smooth, so the optimum is where w = 2 C sum y x max(0, 1 - y f): a check that knows nothing of duals.
        var (x, y) = Data(60, 9, 3, 7);
        var svm = LinearSvm.Fit(x, y, 3, new LinearSvmOptions { C = c, Solver = solver, Tolerance = 1e-9, GradientTolerance = 1e-12, MaxIterations = 1_000_000 }, TestContext.Current.CancellationToken);
        var decisions = new double[3];
        for (var k = 0; k < 3; k++)
        {
            var (weights, bias) = svm.Of(k);
            var gradient = weights.ToArray().Append(bias).ToArray();
            for (var r = 0; r < x.Rows; r++)
            {
                svm.Decide(x.Row(r), decisions);
                var sign = y[r] == k ? 1 : -1;
                var slack = Math.Max(0, 1 - (sign * decisions[k]));
                for (var j = 0; j < 9; j++)
                {
                    gradient[j] -= 2 * c * sign * x.Row(r)[j] * slack;
                }

                gradient[9] -= 2 * c * sign * slack;
            }

            gradient.Max(Math.Abs).ShouldBeLessThan(1e-6 * Math.Max(1, c));
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits_and_another_the_same_answer()
    {
        var (x, y) = Data(80, 6, 3, 0);
        double[] Fit(long seed)
        {
            var svm = LinearSvm.Fit(x, y, 3, new LinearSvmOptions { Solver = SvmSolver.DualCoordinateDescent, Seed = seed, Tolerance = 1e-8, MaxIterations = 1_000_000 }, TestContext.Current.CancellationToken);
            return [.. Enumerable.Range(0, 3).SelectMany(k => svm.Of(k).Weights.ToArray())];
        }

        Fit(1).ShouldBe(Fit(1));
        Fit(2).ShouldBe(Fit(1), 1e-5);
    }

    [Theory]
    [InlineData(SvmSolver.DualCoordinateDescent)]
    [InlineData(SvmSolver.PrimalNewton)]
    [InlineData(SvmSolver.GramDescent)]
    public void Says_when_the_iterations_ran_out(SvmSolver solver)
    {
        var (x, y) = Data(80, 6, 3, 0);
        var svm = LinearSvm.Fit(x, y, 3, new LinearSvmOptions { C = 100, Solver = solver, MaxIterations = 1 }, TestContext.Current.CancellationToken);
        svm.Converged.ShouldBeFalse();
        svm.Iterations.ShouldBe([1, 1, 1]);
    }

    [Fact]
    public void Newton_takes_the_squared_hinge_with_at_least_as_many_rows_as_features_and_products_take_fewer_rows()
    {
        // With two iterations only, each solver leaves its own mark on the weights.
        double[] Fit(int columns, SvmLoss loss, SvmSolver solver)
        {
            var (x, y) = Data(20, columns, 2, 0);
            return LinearSvm.Fit(x, y, 2, new LinearSvmOptions { Solver = solver, Loss = loss, MaxIterations = 2 }, TestContext.Current.CancellationToken).Of(0).Weights.ToArray();
        }

        Fit(20, SvmLoss.SquaredHinge, SvmSolver.Auto).ShouldBe(Fit(20, SvmLoss.SquaredHinge, SvmSolver.PrimalNewton));
        Fit(20, SvmLoss.SquaredHinge, SvmSolver.Auto).ShouldNotBe(Fit(20, SvmLoss.SquaredHinge, SvmSolver.DualCoordinateDescent));
        Fit(21, SvmLoss.SquaredHinge, SvmSolver.Auto).ShouldBe(Fit(21, SvmLoss.SquaredHinge, SvmSolver.GramDescent));
        Fit(21, SvmLoss.SquaredHinge, SvmSolver.Auto).ShouldNotBe(Fit(21, SvmLoss.SquaredHinge, SvmSolver.DualCoordinateDescent));
        Fit(21, SvmLoss.Hinge, SvmSolver.Auto).ShouldBe(Fit(21, SvmLoss.Hinge, SvmSolver.GramDescent));
        Fit(20, SvmLoss.Hinge, SvmSolver.Auto).ShouldBe(Fit(20, SvmLoss.Hinge, SvmSolver.DualCoordinateDescent));
        Should.Throw<ArgumentException>(() => Fit(20, SvmLoss.Hinge, SvmSolver.PrimalNewton)).Message.ShouldContain("hinge");
    }

    [Theory]
    [InlineData(SvmClassWeights.None, 1.0)]
    [InlineData(SvmClassWeights.Balanced, 1.0)]
    [InlineData(SvmClassWeights.Balanced, 0.0)]
    public void Both_solvers_find_the_same_weights(SvmClassWeights classWeights, double interceptScaling)
    {
        var (x, y) = Data(150, 20, 4, 0, 3);
        LinearSvm Fit(SvmSolver solver) => LinearSvm.Fit(
            x,
            y,
            4,
            new LinearSvmOptions { Solver = solver, ClassWeights = classWeights, InterceptScaling = interceptScaling, Tolerance = 1e-9, MaxIterations = 1_000_000 },
            TestContext.Current.CancellationToken);
        var (newton, descent) = (Fit(SvmSolver.PrimalNewton), Fit(SvmSolver.DualCoordinateDescent));
        for (var k = 0; k < 4; k++)
        {
            newton.Of(k).Weights.ToArray().ShouldBe(descent.Of(k).Weights.ToArray(), 1e-6);
            newton.Of(k).Bias.ShouldBe(descent.Of(k).Bias, 1e-6);
        }
    }

    [Theory]
    [InlineData(SvmLoss.SquaredHinge, 3.0)]
    [InlineData(SvmLoss.Hinge, 3.0)]
    [InlineData(SvmLoss.Hinge, 0.001)]
    [InlineData(SvmLoss.SquaredHinge, 0.001)]
    public void With_more_features_than_rows_their_products_give_the_same_weights(SvmLoss loss, double c)
    {
        var (x, y) = Data(61, 203, 4, 0, 3); // neither is a multiple of a vector or a tile
        LinearSvm Fit(SvmSolver solver) => LinearSvm.Fit(
            x, y, 4, new LinearSvmOptions { C = c, Loss = loss, Solver = solver, ClassWeights = SvmClassWeights.Balanced, InterceptScaling = 2, Tolerance = 1e-10, MaxIterations = 1_000_000 }, TestContext.Current.CancellationToken);
        var (products, rows) = (Fit(SvmSolver.GramDescent), Fit(SvmSolver.DualCoordinateDescent));
        products.Converged.ShouldBeTrue();
        for (var k = 0; k < 4; k++)
        {
            products.Of(k).Weights.ToArray().ShouldBe(rows.Of(k).Weights.ToArray(), 1e-8);
            products.Of(k).Bias.ShouldBe(rows.Of(k).Bias, 1e-8);
        }
    }

    [Fact]
    public void Products_are_those_of_the_rows()
    {
        var (x, _) = Data(11, 37, 2, 0);
        var gram = GramMatrix.Of(x, 3, TestContext.Current.CancellationToken);
        for (var i = 0; i < 11; i++)
        {
            for (var j = 0; j < 11; j++)
            {
                var expected = 9.0;
                for (var c = 0; c < 37; c++)
                {
                    expected += (double)x.Row(i)[c] * x.Row(j)[c];
                }

                gram.Row(i)[j].ShouldBe(expected, 1e-12);
            }
        }
    }

    [Fact]
    public void Factoring_and_conjugate_gradients_find_the_same_weights()
    {
        var (x, y) = Data(300, 40, 3, 0, 20);
        var options = new LinearSvmOptions();
        bool[] positive = [.. y.Select(l => l == 1)];
        var exact = new PrimalNewton(x, options).Solve(positive, 2, 1, TestContext.Current.CancellationToken);
        var truncated = new PrimalNewton(x, options, exactColumns: 39).Solve(positive, 2, 1, TestContext.Current.CancellationToken);
        exact.Converged.ShouldBeTrue();
        truncated.Converged.ShouldBeTrue();
        truncated.Iterations.ShouldBeGreaterThan(exact.Iterations, "else the same path was taken twice");
        truncated.Weights.ShouldBe(exact.Weights, 1e-6);
    }

    [Fact]
    public void A_solver_that_was_used_before_and_classes_beside_it_change_no_bit()
    {
        var (x, y) = Data(120, 17, 5, 0, 3);
        var together = LinearSvm.Fit(x, y, 5, new LinearSvmOptions(), TestContext.Current.CancellationToken);
        for (var k = 0; k < 5; k++)
        {
            var alone = LinearSvm.Fit(x, [.. y.Select(l => l == k ? 0 : 1)], 2, new LinearSvmOptions(), TestContext.Current.CancellationToken);
            alone.Of(0).Weights.ToArray().ShouldBe(together.Of(k).Weights.ToArray());
        }
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Converges_on_correlated_features_where_coordinate_descent_does_not()
    {
        // 64 columns that three hidden values dominate, standardised: the Hessian's eigenvalues span five orders of magnitude.
        var (x, y) = Data(3000, 64, 12, 0, 100);
        Standardiser.Fit(x).Apply(x);
        LinearSvm Fit(SvmSolver solver, int iterations) =>
            LinearSvm.Fit(x, y, 12, new LinearSvmOptions { Solver = solver, MaxIterations = iterations }, TestContext.Current.CancellationToken);
        var newton = Fit(SvmSolver.Auto, 10); // takes 5; a Hessian of the wrong rows still converges, but not so soon
        newton.Converged.ShouldBeTrue();
        var descent = Fit(SvmSolver.DualCoordinateDescent, 300);
        descent.Converged.ShouldBeFalse();
        var (found, reference) = (Objectives(newton, x, y), Objectives(descent, x, y));
        for (var k = 0; k < 12; k++)
        {
            found[k].ShouldBeLessThanOrEqualTo(reference[k] * (1 + 1e-12));
        }
    }

    [Fact]
    public void A_class_without_rows_is_refused()
    {
        var (x, _) = Data(10, 3, 2, 0);
        Should.Throw<ArgumentException>(() => LinearSvm.Fit(x, new int[10], 2, new LinearSvmOptions()));
        Should.Throw<ArgumentException>(() => LinearSvm.Fit(x, [.. Enumerable.Repeat(5, 10)], 2, new LinearSvmOptions()));
        Should.Throw<ArgumentException>(() => LinearSvm.Fit(x, [0, 1], 2, new LinearSvmOptions())).Message.ShouldContain("2 labels for 10 rows");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(129)]
    public void Products_equal_the_plain_sum(int length)
    {
        var random = new KeyedRandom(0, 0, "dot", "test");
        var row = new float[length];
        var w = new double[length + 1];
        double expected = 0;
        for (var i = 0; i < length; i++)
        {
            row[i] = (float)random.NextNormal();
            w[i] = random.NextNormal();
            expected += row[i] * w[i];
        }

        RowProducts.Dot(row, w).ShouldBe(expected, 1e-12);
        RowProducts.Dot(row.Select(v => (double)v).ToArray(), w).ShouldBe(expected, 1e-12);
    }

    [Fact]
    public void Standardising_uses_the_training_rows_numbers()
    {
        var train = new FeatureMatrix(4, 3);
        float[] values = [1, 5, 0.1f, 3, 5, 0.1f, 5, 5, 0.1f, 7, 5, 0.1f];
        values.CopyTo(train.Values, 0);
        var test = new FeatureMatrix(1, 3);
        test.Row(0)[0] = 9;
        test.Row(0)[1] = 6;
        test.Row(0)[2] = 3;
        var standardiser = Standardiser.Fit(train);
        standardiser.Apply(train);
        standardiser.Apply(test);
        ((double)train.Row(0)[0]).ShouldBe(-3 / Math.Sqrt(5), 1e-6);
        ((double)test.Row(0)[0]).ShouldBe(5 / Math.Sqrt(5), 1e-6);
        test.Row(0)[1].ShouldBe(0, "a feature that never changed in training tells nothing");
        test.Row(0)[2].ShouldBe(0);
    }

    /// <summary>1/2 |w|^2 + C sum(loss) of every class, by the book.</summary>
    private static double[] Objectives(LinearSvm svm, FeatureMatrix x, int[] y)
    {
        var decisions = new double[svm.Classes];
        var sums = new double[svm.Classes];
        for (var k = 0; k < sums.Length; k++)
        {
            var (weights, bias) = svm.Of(k);
            sums[k] = (weights.ToArray().Sum(static v => v * v) + (bias * bias)) / 2;
        }

        for (var r = 0; r < x.Rows; r++)
        {
            svm.Decide(x.Row(r), decisions);
            for (var k = 0; k < sums.Length; k++)
            {
                sums[k] += Math.Pow(Math.Max(0, 1 - ((y[r] == k ? 1 : -1) * decisions[k])), 2);
            }
        }

        return sums;
    }

    private static double Noise(long i, long j)
    {
        unchecked
        {
            var h = (uint)(((i * 7919) + (j * 104729) + 1) * 2654435761L);
            h = (h ^ (h >> 15)) * 2246822519u;
            return ((h ^ (h >> 13)) / 4294967296.0) - 0.5;
        }
    }

    private static (FeatureMatrix X, int[] Y) Data(int rows, int columns, int classes, int offset, double shared = 0)
    {
        var x = new FeatureMatrix(rows, columns);
        var y = new int[rows];
        for (var i = 0; i < rows; i++)
        {
            y[i] = Math.Min((int)((double)(((i * 7) + offset) % rows) / rows * (classes + 1)), classes - 1);
            for (var j = 0; j < columns; j++)
            {
                x.Row(i)[j] = (float)((2 * Noise(i + offset, j)) + (0.25 * Math.Cos((2.0 * y[i]) + j)) + (shared * Noise(i + offset, 1000 + (j % 3))));
            }
        }

        return (x, y);
    }
}
