using Duet.Learning.Models;
using Duet.Learning.Models.Fused;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Models.Fused;

/// <summary>The kernels against libtorch's operators in fp64, on channel counts that fill vectors and that do not, and on maps with and without a tail.</summary>
public sealed class FusedNormalisationTests
{
    private const double Epsilon = 1e-5;

    public static TheoryData<int, long[], bool> Maps => new()
    {
        { 16, [2, 3, 5, 7], false },
        { 16, [2, 3, 5, 7], true },
        { 144, [2, 4, 9, 11], true },
        { 45, [2, 2, 8, 9], true },
        { 45, [1, 1, 5, 3], false },
        { 921, [2, 1, 3, 3], true },
        { 8, [3, 1, 1, 1], true },
        { 230, [2, 2, 40, 41], false },
        { 64, [2, 8, 30, 31], true },
        { 1, [2, 1, 2, 3], false },
    };

    [Theory]
    [MemberData(nameof(Maps))]
    public void Moments_are_the_mean_and_the_population_s_variance(int channels, long[] size, bool bf16)
    {
        using var scope = NewDisposeScope();

        // A mean far from 0, where squares alone would cancel.
        var map = Map(channels, size, bf16, seed: 1, mean: 50);
        var (mean, variance) = (new double[channels], new double[channels]);
        FusedNormalisation.Moments(map, mean, variance);
        var exact = map.to(ScalarType.Float64);
        Close(mean, exact.mean([0, 2, 3, 4]), 1e-6);
        Close(variance, exact.var([0, 2, 3, 4], unbiased: false), 1e-4);
    }

    [Theory]
    [MemberData(nameof(Maps))]
    public void Forward_and_backward_are_batch_norm_sum_and_relu(int channels, long[] size, bool bf16)
    {
        foreach (var (residual, relu, second, ofBatch) in new[]
        {
            (false, true, false, true), (false, false, false, true), (true, true, false, true), (true, true, true, true), (false, true, true, true), (false, false, true, true), (false, true, false, false),
            (true, true, true, false),
        })
        {
            using var scope = NewDisposeScope();
            var label = $"{channels} channels, [{string.Join(", ", size)}], residual {residual}, relu {relu}, second {second}, statistics of the batch {ofBatch}";
            var map = Map(channels, size, bf16, seed: 1);
            var added = residual ? Map(channels, size, bf16, seed: 2) : null;
            var (first, other) = (Map(channels, size, bf16, seed: 3), second ? Map(channels, size, bf16, seed: 4) : null);
            var (scale, shift) = (Vector(channels, 5, 1), Vector(channels, 6, 0));
            var (runningMean, runningVar) = (Vector(channels, 7, 0), Vector(channels, 8, 2));

            // The reference.
            var x = map.to(ScalarType.Float64).requires_grad_(true);
            var r = added?.to(ScalarType.Float64).requires_grad_(true);
            var (w, b) = (scale.clone().requires_grad_(true), shift.clone().requires_grad_(true));
            var sum = nn.functional.batch_norm(x, runningMean.clone(), runningVar.clone(), w, b, ofBatch, 0.1, Epsilon);
            sum = r is null ? sum : sum + r;
            var expected = relu ? sum.relu() : sum;
            var gradient = first.to(ScalarType.Float64);
            expected.backward([other is null ? gradient : gradient + other.to(ScalarType.Float64)]);

            // Ours.
            var (mean, variance) = (new double[channels], new double[channels]);
            if (ofBatch)
            {
                FusedNormalisation.Moments(map, mean, variance);
            }
            else
            {
                (mean, variance) = (runningMean.data<double>().ToArray(), runningVar.data<double>().ToArray());
            }

            var normalised = Affine(mean, variance, scale.data<double>().ToArray(), shift.data<double>().ToArray(), ofBatch);
            var result = empty_like(map);
            FusedNormalisation.Apply(map, normalised, added, relu, result);
            var tolerance = bf16 ? 0.01 : 1e-5;
            EncoderBatteryTests.RelativeError(result, expected.detach()).ShouldBeLessThan(tolerance, label);
            var (ofScale, ofShift) = (new float[channels], new float[channels]);
            var inner = FusedNormalisation.Differentiate(first, other, map, residual && relu ? result : null, normalised, relu, keep: residual, ofScale, ofShift);
            EncoderBatteryTests.RelativeError(inner, x.grad!).ShouldBeLessThan(tolerance, label);
            Close(ofScale, w.grad!, tolerance, label);
            Close(ofShift, b.grad!, tolerance, label);
            if (r is not null)
            {
                EncoderBatteryTests.RelativeError(first, r.grad!).ShouldBeLessThan(tolerance, $"{label}: the residual's gradient");
            }
            else
            {
                ReferenceEquals(inner, first).ShouldBeTrue();
            }
        }
    }

    [Fact]
    public void A_number_that_is_none_stays_so_to_the_end()
    {
        foreach (var bf16 in new[] { false, true })
        {
            using var scope = NewDisposeScope();
            var map = Map(16, [1, 2, 3, 3], bf16, seed: 1);
            map[0, 3, 1, 1, 1] = float.NaN;
            var (mean, variance) = (new double[16], new double[16]);
            FusedNormalisation.Moments(map, mean, variance);
            double.IsNaN(mean[3]).ShouldBeTrue();
            double.IsNaN(variance[3]).ShouldBeTrue();
            double.IsNaN(variance[4]).ShouldBeFalse();
            var ones = Enumerable.Repeat(1f, 16).ToArray();
            FusedNormalisation.Apply(map, new Normalised(ones, new float[16], new float[16], ones, OfBatch: false), null, relu: true, map);
            map.isnan().sum().ToInt64().ShouldBe(1);
        }
    }

    [Fact]
    public void Bf16_is_rounded_as_libtorch_does()
    {
        using var scope = NewDisposeScope();
        float[] values = [1f, 1.00390625f, 1.01171875f, 3.3895314e38f, float.PositiveInfinity, float.NegativeInfinity, -0f, 1e-40f, 1.0039063f, -2.0078125f, 0.1f, 1 / 3f, 65504f, 1e30f, -7.7f, 2.5f];
        var map = tensor(values).reshape(1, 16, 1, 1, 1);
        var expected = map.to(ScalarType.BFloat16);

        // The values come in as scales of a map of ones, in 32 bits.
        var result = zeros_like(expected);
        FusedNormalisation.Apply(ones_like(expected), new Normalised(values, new float[16], new float[16], values, OfBatch: false), null, relu: false, result);
        result.to(ScalarType.Float32).data<float>().ToArray().ShouldBe(expected.to(ScalarType.Float32).data<float>().ToArray());
    }

    [Fact]
    public void Sums_do_not_depend_on_the_number_of_threads()
    {
        var threads = get_num_threads();
        try
        {
            using var scope = NewDisposeScope();
            var map = Map(48, [2, 8, 40, 40], bf16: true, seed: 1);
            double[][] means = [new double[48], new double[48]];
            foreach (var (count, mean) in new[] { 1, 2 }.Zip(means))
            {
                set_num_threads(count);
                FusedNormalisation.Moments(map, mean, new double[48]);
            }

            means[0].ShouldBe(means[1]);
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    private static Normalised Affine(double[] mean, double[] variance, double[] scale, double[] shift, bool ofBatch)
    {
        var inverse = variance.Select(v => 1 / Math.Sqrt(v + Epsilon)).ToArray();
        return new Normalised(
            [.. scale.Zip(inverse, (s, i) => (float)(s * i))],
            [.. Enumerable.Range(0, mean.Length).Select(c => (float)(shift[c] - (mean[c] * scale[c] * inverse[c])))],
            [.. mean.Select(m => (float)m)],
            [.. inverse.Select(i => (float)i)],
            ofBatch);
    }

    private static Tensor Map(int channels, long[] size, bool bf16, int seed, double mean = 0)
    {
        using var generator = new Generator((ulong)seed);
        return ChannelsLast.Ensure((randn([size[0], channels, .. size[1..]], generator: generator) + mean).to(bf16 ? ScalarType.BFloat16 : ScalarType.Float32));
    }

    private static Tensor Vector(int channels, int seed, double mean)
    {
        using var generator = new Generator((ulong)seed);
        return (rand([channels], ScalarType.Float64, generator: generator) * 0.5) + mean;
    }

    private static void Close(double[] actual, Tensor expected, double tolerance, string label = "") =>
        EncoderBatteryTests.RelativeError(tensor(actual), expected).ShouldBeLessThan(tolerance, label);

    private static void Close(float[] actual, Tensor expected, double tolerance, string label) => Close([.. actual.Select(a => (double)a)], expected, tolerance, label);
}
