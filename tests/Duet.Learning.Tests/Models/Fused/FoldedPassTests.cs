using Duet.Learning.Models;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Models.Fused;

public sealed class FoldedPassTests
{
    public static TheoryData<string> Names => [.. EncoderRegistry.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_folded_network_gives_what_it_gives_unfolded_and_in_fp64(string name)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        using var encoder = Trained(name);
        var input = Input(encoder.Modality);
        using var doubled = Trained(name);
        doubled.to(ScalarType.Float64);
        doubled.eval();
        string[] layers = ["conv1", "conv3", "conv5"];
        var exact = doubled.ForwardTo(input.to(ScalarType.Float64), layers);
        foreach (var precision in new[] { Precision.Fp32, Precision.Bf16 })
        {
            encoder.Precision = precision;
            encoder.eval();
            var unfolded = encoder.ForwardTo(input, layers);
            using var fold = encoder.Fold();
            var maps = encoder.ForwardTo(input, layers);
            for (var i = 0; i < maps.Count; i++)
            {
                var (ours, plain) = (EncoderBatteryTests.RelativeError(maps[i], exact[i]), EncoderBatteryTests.RelativeError(unfolded[i], exact[i]));
                ours.ShouldBeLessThan(precision == Precision.Fp32 ? 1e-5 : 0.05, layers[i]);
                ours.ShouldBeLessThan((1.5 * plain) + 1e-6, layers[i]);
            }

            maps[^1].equal(unfolded[^1]).all().ToBoolean().ShouldBeFalse("the fold was not used");
        }
    }

    /// <summary>libtorch reads the memory format off the strides, and maps that are one pixel wide or high have many.</summary>
    [Theory]
    [InlineData("resnet18_audio", new long[] { 1, 1, 40, 16 })]
    [InlineData("resnet18_audio", new long[] { 3, 1, 17, 1 })]
    [InlineData("resnet18_audio", new long[] { 1, 1, 1, 1 })]
    [InlineData("resnet18_audio", new long[] { 1, 1, 1, 90 })]
    [InlineData("r2plus1d_18", new long[] { 1, 3, 1, 16, 16 })]
    [InlineData("r2plus1d_18", new long[] { 1, 3, 2, 8, 40 })]
    [InlineData("mc3_18", new long[] { 2, 3, 1, 16, 16 })]
    [InlineData("r3d_18", new long[] { 1, 3, 1, 1, 1 })]
    [InlineData("r3d_18", new long[] { 2, 3, 9, 1, 16 })]
    public void Maps_of_one_pixel_are_folded_too(string name, long[] shape)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        using var encoder = Trained(name);
        using var generator = new Generator(3);
        var input = randn(shape, generator: generator);
        foreach (var precision in new[] { Precision.Fp32, Precision.Bf16 })
        {
            encoder.Precision = precision;
            encoder.eval();
            var unfolded = encoder.forward(input);
            using var fold = encoder.Fold();
            EncoderBatteryTests.RelativeError(encoder.forward(input), unfolded).ShouldBeLessThan(precision == Precision.Fp32 ? 1e-5 : 0.05);
        }
    }

    [Fact]
    public void Ended_or_in_training_the_fold_is_not_used()
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        using var encoder = Trained("mc3_18");
        var input = Input(Modality.Video);
        encoder.eval();
        var before = encoder.forward(input);
        using (encoder.Fold())
        {
            encoder.parameters().First().zero_();
            encoder.forward(input).allclose(before, 1e-3, 1e-3).ShouldBeTrue("a copy of the weights is used");
        }

        encoder.forward(input).allclose(before, 1e-3, 1e-3).ShouldBeFalse();
        using (encoder.Fold())
        {
            encoder.train();
            var statistics = encoder.named_buffers().First(b => b.name.EndsWith("running_mean", StringComparison.Ordinal)).buffer;
            var old = statistics.clone();
            encoder.forward(input + 1);
            statistics.equal(old).all().ToBoolean().ShouldBeFalse("a training pass goes by the batch's statistics");
        }
    }

    /// <summary>A network whose running statistics are not 0 and 1.</summary>
    private static Encoder Trained(string name)
    {
        var encoder = EncoderRegistry.Create(new EncoderOptions { Name = name, Width = 0.25 }, 1);
        using var scope = NewDisposeScope();
        using var none = no_grad();
        for (var i = 0; i < 10; i++)
        {
            encoder.forward(Input(encoder.Modality));
        }

        return encoder;
    }

    private static Tensor Input(Modality modality)
    {
        using var generator = new Generator(3);
        return modality == Modality.Video ? randn([2, 3, 8, 32, 36], generator: generator) : randn([2, 1, 60, 40], generator: generator);
    }
}
