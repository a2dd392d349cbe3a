using Duet.Learning.Models;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Models;

public sealed class ParameterCountTests
{
    [Theory]
    [InlineData("mc3_18", 11_695_440)]
    [InlineData("r3d_18", 33_371_472)]
    [InlineData("r2plus1d_18", 31_505_325)]
    [InlineData("r2plus1d_18_xdc", 33_370_839)]
    public void Classifiers_of_400_classes_have_torchvisions_parameters(string name, long parameters)
    {
        using var classifier = new VideoClassifier(EncoderRegistry.Create(new EncoderOptions { Name = name }, 0), 400, 0);
        classifier.parameters().Sum(p => p.numel()).ShouldBe(parameters);
        EncoderRegistry.Find(name)!.Parameters.ShouldBe(parameters - ((512 * 400) + 400));
    }

    [Theory]
    [InlineData("mc2_18", 1.0, new[] { 64, 64, 128, 256, 512 })]
    [InlineData("r2plus1d_18", 0.25, new[] { 16, 16, 32, 64, 128 })]
    [InlineData("mc3_18", 0.3, new[] { 16, 16, 40, 80, 152 })]
    [InlineData("vgg_m", 1.0, new[] { 64, 192, 384, 256, 256 })]
    [InlineData("vgg_m", 0.05, new[] { 8, 8, 16, 16, 16 })]
    [InlineData("resnet18_audio", 0.5, new[] { 32, 32, 64, 128, 256 })]
    public void Widths_round_to_multiples_of_8(string name, double width, int[] channels)
    {
        using var encoder = EncoderRegistry.Create(new EncoderOptions { Name = name, Width = width }, 0);
        encoder.Layers.Select(l => l.Channels).ShouldBe(channels);
    }
}
