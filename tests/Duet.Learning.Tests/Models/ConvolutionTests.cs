using Duet.Learning.Models;
using Shouldly;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Models;

public sealed class ConvolutionTests
{
    /// <summary>Maps smaller than the kernel are where oneDNN's bf16 gradients of weights go wrong.</summary>
    [Theory]
    [InlineData(16, 16, new long[] { 2, 6, 6 }, new long[] { 3, 3, 3 }, new long[] { 1, 1, 1 })]
    [InlineData(24, 48, new long[] { 2, 1, 2 }, new long[] { 3, 3, 3 }, new long[] { 1, 1, 1 })]
    [InlineData(16, 16, new long[] { 4, 1, 1 }, new long[] { 3, 3, 3 }, new long[] { 2, 2, 2 })]
    [InlineData(16, 16, new long[] { 2, 14, 14 }, new long[] { 3, 1, 1 }, new long[] { 1, 1, 1 })]
    [InlineData(16, 24, new long[] { 2, 5, 4 }, new long[] { 3, 7, 7 }, new long[] { 1, 2, 2 })]
    [InlineData(16, 32, new long[] { 4, 2, 1 }, new long[] { 1, 3, 3 }, new long[] { 1, 2, 2 })]
    [InlineData(16, 16, new long[] { 5, 1 }, new long[] { 3, 3 }, new long[] { 2, 2 })]
    [InlineData(64, 64, new long[] { 8, 1 }, new long[] { 7, 7 }, new long[] { 2, 2 })]
    [InlineData(32, 16, new long[] { 8, 9, 7 }, new long[] { 3, 3, 3 }, new long[] { 2, 2, 2 })]
    [InlineData(3, 16, new long[] { 8, 16, 16 }, new long[] { 3, 7, 7 }, new long[] { 1, 2, 2 })]
    [InlineData(32, 48, new long[] { 1, 1, 1 }, new long[] { 1, 1, 1 }, new long[] { 2, 2, 2 })]
    public void Both_precisions_compute_the_convolution_and_its_gradients(int input, int output, long[] size, long[] kernel, long[] stride)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        long[] padding = [.. kernel.Select(k => k / 2)];
        using var convolution = new Convolution(input, output, kernel, stride, padding);
        using (no_grad())
        {
            convolution.parameters().Single().copy_(Rounded([output, input, .. kernel], 0.1));
        }

        // The reference: fp64, contiguous, another implementation.
        var weight = convolution.parameters().Single().detach().to(ScalarType.Float64).requires_grad_(true);
        var x = Rounded([4, input, .. size], 1);
        var exact = x.to(ScalarType.Float64).requires_grad_(true);
        var expected = kernel.Length == 3
            ? nn.functional.conv3d(exact, weight, strides: stride, padding: padding)
            : nn.functional.conv2d(exact, weight, strides: stride, padding: padding);
        var gradient = Rounded(expected.shape, 1);
        expected.backward([gradient.to(ScalarType.Float64)]);

        foreach (var (type, tolerance) in new[] { (ScalarType.Float32, 1e-5), (ScalarType.BFloat16, 0.01) })
        {
            convolution.zero_grad();
            var map = ChannelsLast.Ensure(x.to(type)).detach().requires_grad_(true);
            var actual = convolution.forward(map);
            actual.dtype.ShouldBe(type);
            actual.backward([ChannelsLast.Ensure(gradient.to(type))]);
            EncoderBatteryTests.RelativeError(actual.detach(), expected.detach()).ShouldBeLessThan(tolerance, $"{type} output");
            EncoderBatteryTests.RelativeError(map.grad!, exact.grad!).ShouldBeLessThan(tolerance, $"{type} gradient of the map");
            EncoderBatteryTests.RelativeError(convolution.parameters().Single().grad!, weight.grad!).ShouldBeLessThan(tolerance, $"{type} gradient of the weight");

            // The same without autograd, as the fused pass takes it.
            convolution.zero_grad();
            var inner = convolution.Differentiate(ChannelsLast.Ensure(gradient.to(type)), map.detach(), convolution.Filters(type).detach(), ofInput: true)!;
            ChannelsLast.Is(inner).ShouldBeTrue();
            EncoderBatteryTests.RelativeError(inner, exact.grad!).ShouldBeLessThan(tolerance, $"{type} gradient of the map, directly");
            EncoderBatteryTests.RelativeError(convolution.parameters().Single().grad!, weight.grad!).ShouldBeLessThan(tolerance, $"{type} gradient of the weight, directly");

            // And where no gradient of the weight is wanted: small maps stay as they are then.
            using (no_grad())
            {
                EncoderBatteryTests.RelativeError(convolution.Run(map.detach(), convolution.Filters(type)), expected.detach()).ShouldBeLessThan(tolerance, $"{type} output, directly");
            }

            convolution.Weight.requires_grad = false;
            var alone = convolution.Differentiate(ChannelsLast.Ensure(gradient.to(type)), map.detach(), convolution.Filters(type).detach(), ofInput: true)!;
            convolution.Weight.requires_grad = true;
            EncoderBatteryTests.RelativeError(alone, exact.grad!).ShouldBeLessThan(tolerance, $"{type} gradient of the map alone");
        }

        // Numbers that bf16 holds exactly, so that only the products' sums can differ.
        Tensor Rounded(long[] shape, double scale) => (randn(shape, generator: generator) * scale).to(ScalarType.BFloat16).to(ScalarType.Float32);
    }
}
