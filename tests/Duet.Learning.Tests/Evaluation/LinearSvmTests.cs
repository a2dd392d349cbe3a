using System.Globalization;
using System.Text.Json;
using Duet.Data.Randomness;
using Duet.Learning.Evaluation;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Evaluation;

public sealed class LinearSvmTests
{
    public static TheoryData<string> Cases => ["squared_hinge", "small_c", "hinge", "balanced", "binary_balanced_hinge", "intercept_scaling"];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Decides_as_LinearSVC(string name)
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
            Tolerance = 1e-7,
            MaxIterations = 1_000_000,
        };
        var (x, y) = Data(90, 13, classes, 0);
        var (test, _) = Data(25, 13, classes, 1000);
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

        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {largest:E2}, passes {string.Join(' ', svm.Iterations)}"));
        largest.ShouldBeLessThan(1e-3);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.05)]
    public void The_gradient_of_the_primal_is_zero(double c)
    {
        // Squared hinge is smooth, so the optimum is where w = 2 C sum y x max(0, 1 - y f): a check that knows nothing of duals.
        var (x, y) = Data(60, 9, 3, 7);
        var svm = LinearSvm.Fit(x, y, 3, new LinearSvmOptions { C = c, Tolerance = 1e-9, MaxIterations = 1_000_000 }, TestContext.Current.CancellationToken);
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

            gradient.Max(Math.Abs).ShouldBeLessThan(1e-6);
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits_and_another_the_same_answer()
    {
        var (x, y) = Data(80, 6, 3, 0);
        double[] Fit(long seed)
        {
            var svm = LinearSvm.Fit(x, y, 3, new LinearSvmOptions { Seed = seed, Tolerance = 1e-8, MaxIterations = 1_000_000 }, TestContext.Current.CancellationToken);
            return [.. Enumerable.Range(0, 3).SelectMany(k => svm.Of(k).Weights.ToArray())];
        }

        Fit(1).ShouldBe(Fit(1));
        Fit(2).ShouldBe(Fit(1), 1e-5);
    }

    [Fact]
    public void Says_when_the_passes_ran_out()
    {
        var (x, y) = Data(80, 6, 3, 0);
        var svm = LinearSvm.Fit(x, y, 3, new LinearSvmOptions { Tolerance = 1e-9, MaxIterations = 2 }, TestContext.Current.CancellationToken);
        svm.Converged.ShouldBeFalse();
        svm.Iterations.ShouldBe([2, 2, 2]);
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

        DualCoordinateDescent.Dot(row, w).ShouldBe(expected, 1e-12);
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

    private static double Noise(long i, long j)
    {
        unchecked
        {
            var h = (uint)(((i * 7919) + (j * 104729) + 1) * 2654435761L);
            h = (h ^ (h >> 15)) * 2246822519u;
            return ((h ^ (h >> 13)) / 4294967296.0) - 0.5;
        }
    }

    private static (FeatureMatrix X, int[] Y) Data(int rows, int columns, int classes, int offset)
    {
        var x = new FeatureMatrix(rows, columns);
        var y = new int[rows];
        for (var i = 0; i < rows; i++)
        {
            y[i] = Math.Min((int)((double)(((i * 7) + offset) % rows) / rows * (classes + 1)), classes - 1);
            for (var j = 0; j < columns; j++)
            {
                x.Row(i)[j] = (float)((2 * Noise(i + offset, j)) + (0.25 * Math.Cos((2.0 * y[i]) + j)));
            }
        }

        return (x, y);
    }
}
