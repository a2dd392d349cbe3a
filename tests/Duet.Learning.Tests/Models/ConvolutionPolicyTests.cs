using Duet.Data;
using Duet.Learning.Models;
using Duet.Learning.Native;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Models;

public sealed class ConvolutionPolicyTests
{
    private static readonly CpuFeatures None = new(false, false);
    private static readonly CpuFeatures Avx = new(true, false);
    private static readonly CpuFeatures Both = new(true, true);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("auto")]
    public void Short_products_are_used_where_they_were_measured_to_be_faster(string? value)
    {
        ConvolutionPolicy.Resolve(value, Avx, () => true).ShouldBe(ConvolutionPolicy.Kind.Winograd);
        ConvolutionPolicy.Resolve(value, Avx, () => false).ShouldBe(ConvolutionPolicy.Kind.Direct, "libtorch has no such product");
        ConvolutionPolicy.Resolve(value, Both, () => true).ShouldBe(ConvolutionPolicy.Kind.Direct, "matrix tiles");
        ConvolutionPolicy.Resolve(value, None, NotAsked).ShouldBe(ConvolutionPolicy.Kind.Direct);
    }

    [Fact]
    public void The_variable_overrides_and_what_it_cannot_have_is_said()
    {
        ConvolutionPolicy.Resolve("direct", Avx, NotAsked).ShouldBe(ConvolutionPolicy.Kind.Direct);
        ConvolutionPolicy.Resolve("mixed", Both, () => true).ShouldBe(ConvolutionPolicy.Kind.Mixed);
        ConvolutionPolicy.Resolve("winograd", Both, () => true).ShouldBe(ConvolutionPolicy.Kind.Winograd);
        foreach (var value in new[] { "mixed", "winograd" })
        {
            Should.Throw<UsageException>(() => ConvolutionPolicy.Resolve(value, None, () => false)).Message.ShouldStartWith($"DUET_CONVOLUTIONS is {value}, but this processor");
        }

        Should.Throw<UsageException>(() => ConvolutionPolicy.Resolve("Winograd", Avx, () => true)).Message.ShouldBe("DUET_CONVOLUTIONS is 'Winograd': it can be auto, direct, mixed or winograd.");
    }

    [Fact]
    public void Only_bf16_on_a_CPU_has_a_choice()
    {
        ConvolutionPolicy.NameOf(DeviceType.CPU, Precision.Bf16).ShouldBe(ConvolutionPolicy.Name);
        ConvolutionPolicy.NameOf(DeviceType.CPU, Precision.Fp32).ShouldBe("direct");
        ConvolutionPolicy.NameOf(DeviceType.CUDA, Precision.Bf16).ShouldBe("direct");
    }

    private static bool NotAsked() => throw new InvalidOperationException("nobody needs to know");
}
