using Duet.Learning.Models;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Models.Fused;

/// <summary>Every network's fused pass against the same network operator by operator, which is what runs where two layers are asked for.</summary>
public sealed class FusedPassTests
{
    public static TheoryData<string> Names => [.. EncoderRegistry.Names];

    /// <summary>
    /// The truth is fp64. In fp32 a ReLU here and there stands so near its threshold that rounding decides, which moves a gradient of these small maps by percents, ours and libtorch's alike;
    /// in bf16 many do, and what can be asked is that ours is as near to the truth as libtorch's.
    /// </summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Outputs_gradients_and_statistics_are_those_of_fp64_and_of_autograd(string name)
    {
        using var scope = NewDisposeScope();
        var exact = Step(name, ScalarType.Float64, fused: false);
        var fp32 = Distance(Step(name, ScalarType.Float32, fused: true), exact);
        fp32.Output.ShouldBeLessThan(1e-4);
        fp32.Gradients.ShouldBeLessThan(0.05);
        fp32.Statistics.ShouldBeLessThan(1e-5);

        var (ours, theirs) = (Distance(Step(name, ScalarType.BFloat16, fused: true), exact), Distance(Step(name, ScalarType.BFloat16, fused: false), exact));
        theirs.Gradients.ShouldBeLessThan(1); // else the rest says nothing
        ours.Output.ShouldBeLessThan(1.2 * theirs.Output);
        ours.Gradients.ShouldBeLessThan(1.2 * theirs.Gradients);
        ours.Statistics.ShouldBeLessThan(1.2 * theirs.Statistics);
    }

    /// <summary>Strides of maps of one pixel fit more than one memory format.</summary>
    [Theory]
    [InlineData("resnet18_audio", new long[] { 6, 1, 40, 16 })]
    [InlineData("resnet18_audio", new long[] { 6, 1, 20, 12 })]
    [InlineData("r2plus1d_18", new long[] { 6, 3, 1, 16, 16 })]
    [InlineData("r2plus1d_18", new long[] { 6, 3, 2, 9, 40 })]
    [InlineData("mc3_18", new long[] { 6, 3, 2, 16, 16 })]
    [InlineData("r3d_18", new long[] { 6, 3, 3, 5, 5 })]
    public void So_are_those_of_maps_of_one_pixel(string name, long[] shape)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(6);
        var input = randn(shape, generator: generator);
        var exact = Step(name, ScalarType.Float64, fused: false, input: input);
        Distance(Step(name, ScalarType.Float32, fused: true, input: input), exact).Output.ShouldBeLessThan(1e-3);
        var (ours, theirs) = (Distance(Step(name, ScalarType.BFloat16, fused: true, input: input), exact), Distance(Step(name, ScalarType.BFloat16, fused: false, input: input), exact));
        ours.Output.ShouldBeLessThan(1.5 * theirs.Output);
        ours.Gradients.ShouldBeLessThan(1.5 * theirs.Gradients);
    }

    [Theory]
    [InlineData("mc3_18")]
    [InlineData("resnet18_audio")]
    public void The_input_s_gradient_is_there_where_it_is_asked_for(string name)
    {
        using var scope = NewDisposeScope();
        using var ours = Make(name, Precision.Fp32);
        using var reference = Make(name, Precision.Fp32);
        var (x, y) = (Input(ours.Modality).requires_grad_(true), Input(ours.Modality).requires_grad_(true));
        ours.forward(x).square().sum().backward();
        reference.ForwardTo(y, ["conv1", "conv5"])[1].square().sum().backward();
        EncoderBatteryTests.RelativeError(x.grad!, y.grad!).ShouldBeLessThan(1e-2); // some ReLUs stand on their threshold
    }

    [Fact]
    public void Gradients_of_two_passes_add_up()
    {
        using var scope = NewDisposeScope();
        using var encoder = Make("vgg_m", Precision.Fp32);
        var input = Input(Modality.Audio);
        encoder.forward(input).square().sum().backward();
        var once = encoder.parameters().Select(p => p.grad!.clone()).ToArray();
        encoder.forward(input).square().sum().backward();
        foreach (var (parameter, gradient) in encoder.parameters().Zip(once))
        {
            EncoderBatteryTests.RelativeError(parameter.grad!, gradient * 2).ShouldBeLessThan(1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Activation_checkpointing_gives_the_same_bits(string name)
    {
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
        {
            using var scope = NewDisposeScope();
            foreach (var ((key, plain), (_, sparing)) in Step(name, type, fused: true).Zip(Step(name, type, fused: true, sparing: true)))
            {
                plain.equal(sparing).all().ToBoolean().ShouldBeTrue($"{type} {key}");
            }
        }
    }

    [Fact]
    public void Frozen_parameters_get_no_gradient_and_the_others_theirs()
    {
        using var scope = NewDisposeScope();
        using var encoder = Make("r2plus1d_18", Precision.Fp32);
        foreach (var (key, parameter) in encoder.named_parameters())
        {
            parameter.requires_grad = key.StartsWith("layer4", StringComparison.Ordinal);
        }

        encoder.forward(Input(Modality.Video)).square().sum().backward();
        foreach (var (key, parameter) in encoder.named_parameters())
        {
            (parameter.grad is not null).ShouldBe(key.StartsWith("layer4", StringComparison.Ordinal), key);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Nothing_is_left_after_a_step(bool sparing)
    {
        using var encoder = Make("r2plus1d_18", Precision.Bf16);
        encoder.CheckpointActivations = sparing;
        using var input = Input(Modality.Video);
        var counts = new List<long>();
        for (var step = 0; step < 4; step++)
        {
            using (NewDisposeScope())
            {
                encoder.zero_grad();
                encoder.forward(input).square().sum().backward();
            }

            counts.Add(Tensor.TotalCount);
        }

        counts[^1].ShouldBe(counts[1]);
    }

    /// <summary>A step's output, gradients and running statistics.</summary>
    private static List<(string Key, Tensor Value)> Step(string name, ScalarType type, bool fused, bool sparing = false, Tensor? input = null)
    {
        using var encoder = Make(name, type == ScalarType.BFloat16 ? Precision.Bf16 : Precision.Fp32);
        encoder.CheckpointActivations = sparing;
        input ??= Input(encoder.Modality);
        if (type == ScalarType.Float64)
        {
            encoder.to(type);
            input = input.to(type);
        }

        // Two layers at a time go operator by operator.
        var output = fused ? encoder.forward(input) : encoder.ForwardTo(input, ["conv1", "conv5"])[1];
        using var generator = new Generator(6);
        (output * randn(output.shape, generator: generator).to(output.dtype)).sum().backward();
        return
        [
            ("output", output.detach()),
            .. encoder.named_parameters().Select(p => (p.name, p.parameter.grad!.clone())),
            .. encoder.named_buffers().Select(b => (b.name, b.buffer.to(ScalarType.Float64))),
        ];
    }

    private static (double Output, double Gradients, double Statistics) Distance(List<(string Key, Tensor Value)> step, List<(string Key, Tensor Value)> exact)
    {
        double Mean(Func<string, bool> which) => step.Zip(exact).Where(p => which(p.First.Key)).Average(p => EncoderBatteryTests.RelativeError(p.First.Value, p.Second.Value));
        return (
            Mean(key => key == "output"),
            Mean(key => key.EndsWith("weight", StringComparison.Ordinal) || key.EndsWith("bias", StringComparison.Ordinal)),
            Mean(key => key.Contains("running", StringComparison.Ordinal)));
    }

    private static Encoder Make(string name, Precision precision)
    {
        var encoder = EncoderRegistry.Create(new EncoderOptions { Name = name, Width = 0.25 }, 1);
        encoder.Precision = precision;
        return encoder;
    }

    private static Tensor Input(Modality modality)
    {
        using var generator = new Generator(6);
        return modality == Modality.Video ? randn([4, 3, 8, 32, 36], generator: generator) : randn([4, 1, 60, 40], generator: generator);
    }
}
