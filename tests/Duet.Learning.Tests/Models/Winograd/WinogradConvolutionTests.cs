using Duet.Learning.Models;
using Duet.Learning.Models.Winograd;
using Duet.Learning.Native;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Models.Winograd;

/// <summary>Short products against libtorch's convolutions in 64 bits.</summary>
public sealed class WinogradConvolutionTests
{
    /// <summary>Rounding in the transformed domain; oneDNN's own bf16 convolutions of the same numbers differ by 0.0017 (exact inputs) to 0.0024.</summary>
    private const double Tolerance = 0.006;

    /// <summary>With <see cref="CarriedRounding"/>.</summary>
    private const double CarriedTolerance = 0.004;

    public static TheoryData<long, long, int, long[]> Shapes { get; } = new()
    {
        { 16, 16, 1, [2, 16, 1, 4, 4] },
        { 64, 64, 1, [2, 64, 3, 14, 14] },
        { 64, 144, 1, [3, 64, 2, 7, 7] },
        { 40, 24, 1, [2, 40, 2, 9, 5] },
        { 23, 29, 1, [2, 23, 1, 6, 11] },
        { 32, 48, 1, [5, 32, 13, 10] },
        { 64, 64, 3, [2, 64, 5, 14, 14] },
        { 40, 24, 3, [2, 40, 2, 9, 5] },
        { 16, 70, 3, [3, 16, 4, 3, 2] },
        { 32, 32, 3, [1, 32, 1, 1, 1] },
        { 128, 96, 1, [1, 128, 1, 1, 2] },
        { 256, 160, 1, [2, 256, 2, 7, 7] },
        { 64, 288, 1, [1, 64, 2, 9, 7] },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_convolution_and_both_gradients_are_those_of_64_bits(long inputs, long outputs, int taps, long[] shape)
    {
        Needed();
        using var scope = NewDisposeScope();
        var (map, weight, gradient) = Random(inputs, outputs, taps, shape);
        var exact = map.to(ScalarType.Float64).requires_grad_(true);
        var filters = weight.to(ScalarType.Float64).requires_grad_(true);
        var expected = shape.Length == 5 ? nn.functional.conv3d(exact, filters, padding: [taps / 2, 1, 1]) : nn.functional.conv2d(exact, filters, padding: [1, 1]);
        expected.backward([gradient.to(ScalarType.Float64)]);

        var output = WinogradConvolution.Run(map, WinogradFilters.Pack(weight, back: false), outputs, taps);
        ChannelsLast.Is(output).ShouldBeTrue();
        Error(output, expected.detach()).ShouldBeLessThan(Tolerance, "output");
        Error(WinogradConvolution.Run(map, WinogradFilters.Pack(weight, back: false, carried: true), outputs, taps), expected.detach()).ShouldBeLessThan(CarriedTolerance, "output, carried");
        Error(WinogradConvolution.Run(gradient, WinogradFilters.Pack(weight, back: true), inputs, taps), exact.grad!).ShouldBeLessThan(Tolerance, "gradient of the map");
        Error(WeightGradient<WinogradDomain>.Compute(map, gradient, taps).reshape(weight.shape), filters.grad!).ShouldBeLessThan(Tolerance, "gradient of the weight");
    }

    [Theory]
    [InlineData(16, 16, 3, new long[] { 2, 16, 4, 4, 4 })]
    [InlineData(144, 64, 3, new long[] { 2, 144, 8, 28, 28 })]
    [InlineData(45, 70, 3, new long[] { 3, 45, 5, 13, 9 })]
    [InlineData(45, 70, 5, new long[] { 3, 45, 2, 13, 9 })]
    [InlineData(230, 128, 3, new long[] { 2, 230, 1, 7, 7 })]
    [InlineData(144, 64, 3, new long[] { 1, 144, 40, 14, 14 })]
    [InlineData(45, 70, 5, new long[] { 1, 45, 50, 13, 11 })]
    public void Gradients_of_weights_over_time_alone_have_no_rounding_but_that_of_sums(long inputs, long outputs, int taps, long[] shape)
    {
        Needed();
        using var scope = NewDisposeScope();
        var (map, _, gradient) = Random(inputs, outputs, taps, shape);
        var filters = zeros([outputs, inputs, taps, 1, 1], ScalarType.Float64).requires_grad_(true);
        nn.functional.conv3d(map.to(ScalarType.Float64), filters, padding: [taps / 2, 0, 0]).backward([gradient.to(ScalarType.Float64)]);
        Error(WeightGradient<PixelDomain>.Compute(map, gradient, taps).reshape(filters.shape), filters.grad!).ShouldBeLessThan(1e-5);
    }

    /// <summary>More tiles than a chunk holds, or more frames of them, so that chunks are added; fewer channels than tiles, so that nothing is done at once.</summary>
    [Theory]
    [InlineData(48, new long[] { 3, 48, 3, 43, 61 })]
    [InlineData(64, new long[] { 1, 64, 9, 30, 22 })]
    [InlineData(64, new long[] { 1, 64, 7, 16, 30 })]
    public void Chunks_of_tiles_add_up(long inputs, long[] shape)
    {
        Needed();
        using var scope = NewDisposeScope();
        var (map, _, gradient) = Random(inputs, 64, 3, shape);
        var filters = zeros([64, inputs, 3, 3, 3], ScalarType.Float64).requires_grad_(true);
        nn.functional.conv3d(map.to(ScalarType.Float64), filters, padding: [1, 1, 1]).backward([gradient.to(ScalarType.Float64)]);
        Error(WeightGradient<WinogradDomain>.Compute(map, gradient, 3).reshape(filters.shape), filters.grad!).ShouldBeLessThan(Tolerance);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Bias_residual_and_relu_come_after_the_convolution(bool residual, bool relu)
    {
        Needed();
        using var scope = NewDisposeScope();
        foreach (var outputs in new[] { 64, 37 })
        {
            var (map, weight, other) = Random(32, outputs, 1, [2, 32, 3, 9, 6]);
            var bias = randn(outputs).to(ScalarType.BFloat16);
            var expected = nn.functional.conv3d(map.to(ScalarType.Float64), weight.to(ScalarType.Float64), bias.to(ScalarType.Float64), padding: [0, 1, 1]);
            expected = residual ? expected + other.to(ScalarType.Float64) : expected;
            expected = relu ? expected.relu() : expected;
            Error(WinogradConvolution.Run(map, WinogradFilters.Pack(weight, back: false), outputs, 1, bias, residual ? other : null, relu), expected).ShouldBeLessThan(Tolerance, $"{outputs}");
        }
    }

    [Theory]
    [InlineData(64, 70, 1)]
    [InlineData(32, 32, 3)]
    public void The_bits_do_not_depend_on_the_number_of_threads(long inputs, long outputs, int taps)
    {
        Needed();
        using var scope = NewDisposeScope();
        var (map, weight, gradient) = Random(inputs, outputs, taps, [2, inputs, 4, 30, 34]);
        var threads = TorchRuntime.Threads;
        try
        {
            var runs = new[] { 1, 2, 3 }.Select(count =>
            {
                TorchRuntime.SetThreads(count);
                return (
                    WinogradConvolution.Run(map, WinogradFilters.Pack(weight, back: false, carried: true), outputs, taps),
                    WeightGradient<WinogradDomain>.Compute(map, gradient, taps),
                    WeightGradient<PixelDomain>.Compute(map, gradient, 3));
            }).ToList();
            foreach (var run in runs[1..])
            {
                run.Item1.Equals(runs[0].Item1).ShouldBeTrue();
                run.Item2.Equals(runs[0].Item2).ShouldBeTrue();
                run.Item3.Equals(runs[0].Item3).ShouldBeTrue();
            }
        }
        finally
        {
            TorchRuntime.SetThreads(threads);
        }
    }

    [Fact]
    public void What_is_no_number_is_not_rectified_away()
    {
        Needed();
        using var scope = NewDisposeScope();
        var (map, weight, _) = Random(16, 16, 1, [1, 16, 1, 6, 6]);
        map[0, 3, 0, 2, 2] = float.NaN;
        var output = WinogradConvolution.Run(map, WinogradFilters.Pack(weight, back: false), 16, 1, zeros(16).to(ScalarType.BFloat16), null, relu: true);
        output.isnan().sum().Number().ShouldBe(9 * 16, "every pixel that sees it, and no other");
    }

    /// <summary>What a convolution's gradients are computed by where nothing else is asked for; few tiles are not worth transforming the filters for.</summary>
    [Theory]
    [InlineData(32, true)]
    [InlineData(8, false)]
    public void Gradients_of_convolutions_are_computed_so(long side, bool ofInputToo)
    {
        Needed();
        using var scope = NewDisposeScope();
        var (map, weight, gradient) = Random(64, 80, 1, [2, 64, 1, side, side]);
        using var convolution = Of(weight, [0, 1, 1], ConvolutionPolicy.Kind.Mixed);
        var filters = convolution.Filters(ScalarType.BFloat16);
        filters.dtype.ShouldBe(ScalarType.BFloat16, "the pass itself is plain");
        var inner = convolution.Differentiate(gradient, map, filters, ofInput: true)!;
        convolution.Weight.grad!.Equals(WeightGradient<WinogradDomain>.Compute(map, gradient, 1).reshape(weight.shape)).ShouldBeTrue();
        inner.Equals(WinogradConvolution.Run(gradient, WinogradFilters.Pack(weight, back: true), 64, 1)).ShouldBe(ofInputToo);
    }

    [Fact]
    public void Gradients_of_weights_over_time_are_products_of_their_own()
    {
        Needed();
        using var scope = NewDisposeScope();
        var (map, _, gradient) = Random(144, 64, 1, [2, 144, 4, 6, 6]);
        using var convolution = Of(randn([64, 144, 3, 1, 1]), [1, 0, 0], ConvolutionPolicy.Kind.Mixed);
        convolution.Differentiate(gradient, map, convolution.Filters(ScalarType.BFloat16), ofInput: false);
        convolution.Weight.grad!.Equals(WeightGradient<PixelDomain>.Compute(map, gradient, 3).reshape(convolution.Weight.shape)).ShouldBeTrue();
    }

    /// <summary>The training pass has short products of its own rounding; a few tiles are convolved plainly with the same filters.</summary>
    [Theory]
    [InlineData(32, true)]
    [InlineData(8, false)]
    public void The_pass_itself_is_computed_so(long side, bool isShort)
    {
        Needed();
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var (map, weight, _) = Random(64, 80, 1, [2, 64, 1, side, side]);
        using var convolution = Of(weight, [0, 1, 1], ConvolutionPolicy.Kind.Winograd);
        using var plain = Of(weight, [0, 1, 1], ConvolutionPolicy.Kind.Direct);
        var filters = convolution.Filters(ScalarType.BFloat16);
        var output = convolution.Run(map, filters);
        output.Equals(WinogradConvolution.Run(map, WinogradFilters.Pack(weight, back: false, carried: true), 80, 1)).ShouldBe(isShort);
        output.Equals(plain.Run(map, plain.Filters(ScalarType.BFloat16))).ShouldBe(!isShort);
        Error(output, nn.functional.conv3d(map.to(ScalarType.Float64), weight.to(ScalarType.Float64), padding: [0, 1, 1])).ShouldBeLessThan(Tolerance);
    }

    [Theory]
    [InlineData(ConvolutionPolicy.Kind.Mixed)]
    [InlineData(ConvolutionPolicy.Kind.Winograd)]
    public void So_is_a_convolution_with_folded_weights(object policy)
    {
        Needed();
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var (map, weight, residual) = Random(64, 80, 1, [2, 64, 1, 8, 8]);
        using var convolution = Of(weight, [0, 1, 1], (ConvolutionPolicy.Kind)policy);
        var bias = randn([80]).to(ScalarType.BFloat16);
        var folded = weight * 2;
        var output = convolution.Run(map, convolution.Folded(folded, ScalarType.BFloat16), bias, residual, relu: true);
        output.Equals(WinogradConvolution.Run(map, WinogradFilters.Pack(folded, back: false), 80, 1, bias, residual, relu: true)).ShouldBeTrue();
    }

    /// <summary>A network that computes directly neither packs filters nor multiplies by itself.</summary>
    [Fact]
    public void Direct_is_direct()
    {
        Needed();
        using var scope = NewDisposeScope();
        var (map, weight, gradient) = Random(64, 80, 1, [2, 64, 1, 32, 32]);
        using var convolution = Of(weight, [0, 1, 1], ConvolutionPolicy.Kind.Direct);
        var filters = convolution.Filters(ScalarType.BFloat16);
        var inner = convolution.Differentiate(gradient, map, filters, ofInput: true)!;
        var (plain, ofWeight) = ConvolutionGradients.Compute(gradient.squeeze(2), map.squeeze(2), filters, [1, 1], [1, 1], ofInput: true, ofWeight: true);
        inner.squeeze(2).Equals(plain!).ShouldBeTrue();
        convolution.Weight.grad!.squeeze(2).Equals(ofWeight!.to(ScalarType.Float32)).ShouldBeTrue();
    }

    [Theory]
    [InlineData(64, 64, new long[] { 1, 3, 3 }, new long[] { 1, 1, 1 }, new long[] { 0, 1, 1 }, true)]
    [InlineData(64, 64, new long[] { 3, 3, 3 }, new long[] { 1, 1, 1 }, new long[] { 1, 1, 1 }, true)]
    [InlineData(64, 64, new long[] { 3, 3 }, new long[] { 1, 1 }, new long[] { 1, 1 }, true)]
    [InlineData(64, 64, new long[] { 3, 3 }, new long[] { 2, 2 }, new long[] { 1, 1 }, false)]
    [InlineData(64, 64, new long[] { 3, 3 }, new long[] { 1, 1 }, new long[] { 0, 0 }, false)]
    [InlineData(64, 64, new long[] { 3, 3, 3 }, new long[] { 1, 1, 1 }, new long[] { 0, 1, 1 }, false)]
    [InlineData(64, 64, new long[] { 3, 1, 1 }, new long[] { 1, 1, 1 }, new long[] { 1, 0, 0 }, false)]
    [InlineData(64, 64, new long[] { 5, 5 }, new long[] { 1, 1 }, new long[] { 2, 2 }, false)]
    [InlineData(3, 64, new long[] { 1, 3, 3 }, new long[] { 1, 1, 1 }, new long[] { 0, 1, 1 }, false)]
    [InlineData(64, 48, new long[] { 1, 3, 3 }, new long[] { 1, 1, 1 }, new long[] { 0, 1, 1 }, false)]
    [InlineData(48, 64, new long[] { 1, 3, 3 }, new long[] { 1, 1, 1 }, new long[] { 0, 1, 1 }, false)]
    public void Only_its_own_kind_fits(long inputs, long outputs, long[] kernel, long[] stride, long[] padding, bool expected) =>
        WinogradConvolution.Fits(inputs, outputs, kernel, stride, padding).ShouldBe(expected);

    [Theory]
    [InlineData(64, 64, new long[] { 3, 1, 1 }, new long[] { 1, 1, 1 }, new long[] { 1, 0, 0 }, false)]
    [InlineData(64, 128, new long[] { 3, 1, 1 }, new long[] { 1, 1, 1 }, new long[] { 1, 0, 0 }, true)]
    [InlineData(144, 64, new long[] { 3, 1, 1 }, new long[] { 1, 1, 1 }, new long[] { 1, 0, 0 }, true)]
    [InlineData(144, 64, new long[] { 5, 1, 1 }, new long[] { 1, 1, 1 }, new long[] { 2, 0, 0 }, true)]
    [InlineData(144, 64, new long[] { 3, 1, 1 }, new long[] { 1, 1, 1 }, new long[] { 0, 0, 0 }, false)]
    [InlineData(144, 64, new long[] { 3, 1, 1 }, new long[] { 2, 1, 1 }, new long[] { 1, 0, 0 }, false)]
    [InlineData(144, 64, new long[] { 2, 1, 1 }, new long[] { 1, 1, 1 }, new long[] { 1, 0, 0 }, false)]
    [InlineData(144, 64, new long[] { 1, 1, 1 }, new long[] { 1, 1, 1 }, new long[] { 0, 0, 0 }, false)]
    [InlineData(144, 64, new long[] { 3, 3, 3 }, new long[] { 1, 1, 1 }, new long[] { 1, 1, 1 }, false)]
    [InlineData(144, 64, new long[] { 3, 3 }, new long[] { 1, 1 }, new long[] { 1, 1 }, false)]
    [InlineData(144, 48, new long[] { 3, 1, 1 }, new long[] { 1, 1, 1 }, new long[] { 1, 0, 0 }, false)]
    public void Products_over_time_are_of_their_own_kind(long inputs, long outputs, long[] kernel, long[] stride, long[] padding, bool expected) =>
        PixelDomain.Fits(inputs, outputs, kernel, stride, padding).ShouldBe(expected);

    private static void Needed()
    {
        TorchRuntime.EnsureLoaded();
        Assert.SkipUnless(MatrixKernel.IsAvailable, "this processor has no AVX512-BF16");
    }

    private static Convolution Of(Tensor weight, long[] padding, ConvolutionPolicy.Kind policy)
    {
        var shape = weight.shape;
        var convolution = new Convolution(shape[1], shape[0], shape[2..], [1, 1, 1], padding, policy);
        using var none = no_grad();
        convolution.Weight.copy_(weight);
        return convolution;
    }

    /// <summary>Numbers that bf16 holds exactly, so that only what is under test rounds.</summary>
    private static (Tensor Map, Tensor Weight, Tensor Gradient) Random(long inputs, long outputs, int taps, long[] shape)
    {
        using var generator = new Generator(7);
        long[] kernel = shape.Length == 5 ? [outputs, inputs, taps, 3, 3] : [outputs, inputs, 3, 3];
        var map = ChannelsLast.Ensure(randn(shape, generator: generator).relu().to(ScalarType.BFloat16));
        var weight = (randn(kernel, generator: generator) * 0.1).to(ScalarType.BFloat16).to(ScalarType.Float32);
        var gradient = ChannelsLast.Ensure(randn([shape[0], outputs, .. shape[2..]], generator: generator).to(ScalarType.BFloat16));
        return (map, weight, gradient);
    }

    private static double Error(Tensor actual, Tensor expected)
    {
        var norm = expected.norm().ToDouble();
        return norm == 0 ? actual.to(ScalarType.Float64).norm().ToDouble() : EncoderBatteryTests.RelativeError(actual.to(ScalarType.Float64), expected);
    }
}
