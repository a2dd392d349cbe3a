using Duet.Learning.Models;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Models;

public sealed class FirstConvolutionTests
{
    [Theory]
    [InlineData("mc3_18", "stem.0.weight: 16x3x3x7x7")]
    [InlineData("r3d_18", "stem.0.weight: 16x3x3x7x7")]
    [InlineData("r2plus1d_18", "stem.0.weight: 8x3x1x7x7, stem.3.weight: 16x8x3x1x1")]
    [InlineData("vgg_m", "conv1.0.weight: 16x1x3x3")]
    [InlineData("resnet18_audio", "conv1.weight: 16x1x7x7")]
    public void ConvOneOfEveryNetworkIsFoundInItsOrder(string name, string expected)
    {
        using var encoder = EncoderRegistry.Create(new EncoderOptions { Name = name, Width = 0.25 }, 3);

        var found = FirstConvolution.Of(encoder);

        string.Join(", ", found.Select(f => $"{f.Name}: {string.Join('x', f.Shape)}")).ShouldBe(expected);
        foreach (var convolution in found)
        {
            var parameter = encoder.named_parameters().Single(p => p.name == convolution.Name).parameter;
            convolution.Weights.ShouldBe(parameter.data<float>().ToArray());
        }
    }

    [Fact]
    public void AStrangeWidthIsFoundToo()
    {
        foreach (var name in EncoderRegistry.Names)
        {
            using var encoder = EncoderRegistry.Create(new EncoderOptions { Name = name, Width = 0.125, Stages = 1 }, 0);
            FirstConvolution.Of(encoder).ShouldNotBeEmpty(name);
        }
    }
}
