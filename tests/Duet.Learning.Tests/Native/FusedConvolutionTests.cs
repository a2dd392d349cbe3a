using Duet.Learning.Models;
using Duet.Learning.Native;
using Shouldly;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Native;

public sealed class FusedConvolutionTests
{
    public static TheoryData<long, long, long, long> Grid()
    {
        var grid = new TheoryData<long, long, long, long>();
        foreach (var (height, width) in new[] { (1L, 1L), (1, 2), (2, 1), (1, 9), (9, 1), (2, 2), (5, 4) })
        {
            foreach (var kernel in new[] { 1L, 3, 7 })
            {
                grid.Add(height, width, kernel, 1);
                grid.Add(height, width, kernel, 2);
            }
        }

        return grid;
    }

    /// <summary>libtorch reads the memory format off the strides, which say little where a map is one pixel wide, high or both.</summary>
    [Theory]
    [MemberData(nameof(Grid))]
    public void It_is_the_convolution_with_what_follows_it(long height, long width, long kernel, long stride)
    {
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
        {
            foreach (var (batch, channels, filters) in new[] { (1L, 1L, 16L), (3, 16, 16), (2, 45, 64) })
            {
                using var scope = NewDisposeScope();
                using var generator = new Generator(4);
                var map = ChannelsLast.Ensure(randn([batch, channels, height, width], generator: generator).to(type));
                var weight = (randn([filters, channels, kernel, kernel], generator: generator) / MathF.Sqrt(channels * kernel * kernel)).to(type);
                var bias = randn([filters], generator: generator).to(type);
                long[] steps = [stride, stride];
                long[] around = [kernel / 2, kernel / 2];
                var plain = nn.functional.conv2d(map.to(ScalarType.Float64), weight.to(ScalarType.Float64), bias.to(ScalarType.Float64), steps, around);
                var residual = ChannelsLast.Ensure(randn(plain.shape, generator: generator).to(type));
                foreach (var relu in new[] { false, true })
                {
                    Check(FusedConvolution.Compute(map, weight, bias, steps, around, null, relu), plain, relu);
                    Check(FusedConvolution.Compute(map, weight, bias, steps, around, residual, relu), plain + residual, relu);
                }

                void Check(Tensor ours, Tensor exact, bool relu)
                {
                    ours.dtype.ShouldBe(type);
                    var error = (ours.to(ScalarType.Float64) - (relu ? exact.relu() : exact)).abs().max().item<double>();
                    error.ShouldBeLessThan(type == ScalarType.Float32 ? 1e-5 : 0.06, $"{batch}x{channels}, {filters} filters, {type}, relu {relu}");
                }
            }
        }
    }
}
