using Duet.Learning.Models;
using Duet.Learning.Models.Fused;
using Duet.Learning.Native;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Models.Fused;

/// <summary>A block wide enough for short products, by each kind of convolution.</summary>
public sealed class FusedConvolutionsTests
{
    private const int Channels = 64;

    /// <summary>Every kind is about the same network, and short products are where the kind says: other bits than oneDNN's.</summary>
    [Theory]
    [InlineData(ConvolutionPolicy.Kind.Direct, false, false)]
    [InlineData(ConvolutionPolicy.Kind.Mixed, false, true)]
    [InlineData(ConvolutionPolicy.Kind.Winograd, true, true)]
    public void A_pass_has_short_products_where_its_kind_says(object kind, bool inThePass, bool inGradients)
    {
        TorchRuntime.EnsureLoaded();
        Assert.SkipUnless(MatrixKernel.IsAvailable, "this processor has no AVX512-BF16");
        using var scope = NewDisposeScope();
        var exact = Step(ConvolutionPolicy.Kind.Direct, ScalarType.Float32);
        var plain = Step(ConvolutionPolicy.Kind.Direct, ScalarType.BFloat16);
        var step = Step((ConvolutionPolicy.Kind)kind, ScalarType.BFloat16);
        for (var i = 0; i < step.Length; i++)
        {
            var error = EncoderBatteryTests.RelativeError(plain[i], exact[i]);
            error.ShouldBeLessThan(0.05); // ReLUs that stand on their threshold
            EncoderBatteryTests.RelativeError(step[i], exact[i]).ShouldBeLessThan(1.8 * error);
        }

        step[0].Equals(plain[0]).ShouldBe(!inThePass, "output");
        step[1].Equals(plain[1]).ShouldBe(!inGradients, "the weight's gradient");

        var sparing = Step((ConvolutionPolicy.Kind)kind, ScalarType.BFloat16, sparing: true);
        step.Zip(sparing).ShouldAllBe(pair => pair.First.Equals(pair.Second), "walked again, the bits are the same");
    }

    /// <summary>Output, the last weight's gradient, the first's.</summary>
    private static Tensor[] Step(ConvolutionPolicy.Kind kind, ScalarType type, bool sparing = false)
    {
        using var generator = new Generator(3);
        ConvolutionUnit[] units = [Unit(kind, generator), Unit(kind, generator)];
        var input = ChannelsLast.Ensure(randn([2, Channels, 4, 32, 32], generator: generator).relu().to(ScalarType.BFloat16).to(type));
        var (pass, output) = FusedPass.Remember([new EncoderBlock.Residual(units, null)], input, ofInput: true, sparing);
        var result = output.clone();
        pass.Differentiate(ChannelsLast.Ensure(randn(output.shape, generator: generator).to(type)));
        return [result, .. units.Reverse().Select(u => u.Convolution.Weight.grad!)];
    }

    private static ConvolutionUnit Unit(ConvolutionPolicy.Kind kind, Generator generator)
    {
        var convolution = new Convolution(Channels, Channels, [1, 3, 3], [1, 1, 1], [0, 1, 1], kind);
        using var none = no_grad();
        convolution.Weight.copy_((randn(convolution.Weight.shape, generator: generator) * 0.05).to(ScalarType.BFloat16));
        return new ConvolutionUnit(convolution, new BatchNormalisation(Channels));
    }
}
