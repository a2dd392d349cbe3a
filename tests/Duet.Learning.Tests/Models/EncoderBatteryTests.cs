using Duet.Data;
using Duet.Learning.Models;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Models;

/// <summary>Every registered network goes through this.</summary>
public sealed class EncoderBatteryTests
{
    public static TheoryData<string> Names => [.. EncoderRegistry.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Stages_can_be_read_one_by_one_and_the_last_is_the_forward_pass(string name)
    {
        using var scope = NewDisposeScope();
        using var encoder = Narrow(name);
        encoder.eval();
        encoder.Layers.Select(l => l.Name).ShouldBe(["conv1", "conv2", "conv3", "conv4", "conv5"]);
        encoder.Channels.ShouldBe(encoder.Layers[^1].Channels);
        var input = Input(encoder.Modality, 2);
        var full = encoder.forward(input);
        foreach (var layer in encoder.Layers)
        {
            var map = encoder.ForwardTo(input, layer.Name);
            map.Dimensions.ShouldBe(encoder.Modality == Modality.Video ? 5 : 4);
            map.shape[..2].ShouldBe([2, layer.Channels]);
            map.dtype.ShouldBe(ScalarType.Float32);
            ChannelsLast.Is(map).ShouldBeTrue(layer.Name);
        }

        encoder.ForwardTo(input, "conv5").allclose(full, 0, 0).ShouldBeTrue();
        full.isfinite().all().ToBoolean().ShouldBeTrue();
        Should.Throw<ArgumentException>(() => encoder.ForwardTo(input, "conv6")).Message.ShouldContain("conv1, conv2");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_parameter_gets_a_gradient_in_both_precisions(string name)
    {
        foreach (var precision in new[] { Precision.Fp32, Precision.Bf16 })
        {
            using var scope = NewDisposeScope();
            using var encoder = Narrow(name);
            encoder.Precision = precision;
            encoder.forward(Input(encoder.Modality, 2)).square().mean().backward();
            foreach (var (parameter, value) in encoder.named_parameters())
            {
                var gradient = value.grad;
                gradient.ShouldNotBeNull(parameter);
                gradient.dtype.ShouldBe(ScalarType.Float32);
                gradient.isfinite().all().ToBoolean().ShouldBeTrue(parameter);
                gradient.abs().sum().ToDouble().ShouldBeGreaterThan(0, parameter);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void One_frame_and_odd_sizes_pass_forward_and_backward(string name)
    {
        using var scope = NewDisposeScope();
        using var encoder = Narrow(name);
        var input = encoder.Modality == Modality.Video ? randn([2, 3, 1, 33, 47]) : randn([2, 1, 1, 13]);
        var map = encoder.forward(input);
        map.shape[2].ShouldBe(1);
        map.sum().backward();
        encoder.eval();
        var tiny = encoder.Modality == Modality.Video ? randn([1, 3, 1, 1, 1]) : randn([1, 1, 1, 1]);
        encoder.forward(tiny).shape[2..].ShouldAllBe(size => size == 1);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Strides_of_the_input_do_not_matter(string name)
    {
        using var scope = NewDisposeScope();
        using var encoder = Narrow(name);
        encoder.eval();
        var plain = Input(encoder.Modality, 2);
        var last = ChannelsLast.Ensure(plain);
        if (encoder.Modality == Modality.Video)
        {
            last.stride().ShouldNotBe(plain.stride());
        }

        encoder.forward(last).allclose(encoder.forward(plain), 0, 0).ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void First_weights_depend_on_the_seed_alone(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var a = Narrow(name, seed: 5);
        manual_seed(2);
        using var b = Narrow(name, seed: 5);
        using var other = Narrow(name, seed: 6);
        foreach (var ((key, x), (y, z)) in a.named_parameters().Zip(b.parameters().Zip(other.parameters())))
        {
            x.equal(y).all().ToBoolean().ShouldBeTrue(key);
            if (x.Dimensions > 1)
            {
                x.equal(z).all().ToBoolean().ShouldBeFalse(key);
                var fanOut = x.shape[0] * x.shape[2..].Aggregate(1L, (p, s) => p * s);
                var deviation = Math.Sqrt(2.0 / fanOut);
                x.std().ToDouble().ShouldBe(deviation, 5 * deviation / Math.Sqrt(2 * x.numel()), key);
                x.mean().ToDouble().ShouldBe(0, 5 * deviation / Math.Sqrt(x.numel()), key);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Fewer_stages_compute_what_the_full_network_computes_there(string name)
    {
        using var scope = NewDisposeScope();
        using var full = Narrow(name);
        full.eval();
        var input = Input(full.Modality, 2);
        for (var stages = 1; stages <= 4; stages++)
        {
            using var part = EncoderRegistry.Create(new EncoderOptions { Name = name, Width = 0.25, Stages = stages }, 0);
            part.eval();
            part.Layers.Count.ShouldBe(stages);
            part.forward(input).allclose(full.ForwardTo(input, $"conv{stages}"), 0, 0).ShouldBeTrue();
        }
    }

    /// <summary>
    /// Batch statistics of a random network multiply a rounding error at every normalisation (PyTorch's too), so that the training
    /// mode is compared over the first two stages only, and the whole network in evaluation mode.
    /// </summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Bf16_agrees_with_fp32(string name)
    {
        foreach (var (training, layer) in new[] { (false, "conv5"), (true, "conv2") })
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator(3);
            using var encoder = Narrow(name);
            encoder.train(training);
            var input = encoder.Modality == Modality.Video ? randn([8, 3, 8, 48, 48], generator: generator) : randn([16, 1, 100, 40], generator: generator);
            var (fp32, fp32Gradients) = Step(Precision.Fp32);
            var (bf16, bf16Gradients) = Step(Precision.Bf16);
            RelativeError(bf16, fp32).ShouldBeInRange(1e-4, 0.03);
            foreach (var (parameter, expected) in fp32Gradients)
            {
                var cosine = nn.functional.cosine_similarity(bf16Gradients[parameter].flatten(), expected.flatten(), 0).ToDouble();

                // A normalisation's gradients are sums over the whole map that nearly cancel under a random loss.
                cosine.ShouldBeGreaterThan(expected.Dimensions == 1 ? 0.75 : 0.95, $"{parameter}, training {training}");
            }

            (Tensor Output, Dictionary<string, Tensor> Gradients) Step(Precision precision)
            {
                encoder.Precision = precision;
                encoder.zero_grad();
                var output = encoder.ForwardTo(input, layer);
                (output * randn(output.shape, generator: new Generator(9))).sum().backward();
                return (output.detach(), encoder.named_parameters().Where(p => !ReferenceEquals(p.parameter.grad, null)).ToDictionary(p => p.name, p => p.parameter.grad!.clone(), StringComparer.Ordinal));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Wrong_shapes_are_named(string name)
    {
        using var scope = NewDisposeScope();
        using var encoder = Narrow(name);
        var wrong = encoder.Modality == Modality.Video ? zeros([2, 1, 4, 16, 16]) : zeros([2, 3, 16, 16]);
        Should.Throw<ArgumentException>(() => encoder.forward(wrong)).Message.ShouldContain("[batch, ");
        Should.Throw<ArgumentException>(() => encoder.forward(zeros([2, 3]))).Message.ShouldContain("[2, 3]");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Moving_to_another_type_and_back_keeps_the_network_whole(string name)
    {
        using var scope = NewDisposeScope();
        using var encoder = Narrow(name);
        encoder.eval();
        var input = Input(encoder.Modality, 2);
        var before = encoder.forward(input);
        encoder.to(ScalarType.Float64).to(ScalarType.Float32);
        encoder.forward(input).allclose(before, 0, 0).ShouldBeTrue();
        encoder.train();
        encoder.forward(input).sum().backward();
        encoder.parameters().ShouldAllBe(p => !ReferenceEquals(p.grad, null));
    }

    [Fact]
    public void Wrong_options_are_usage_errors_that_name_the_choices()
    {
        Should.Throw<UsageException>(() => EncoderRegistry.Create(new EncoderOptions { Name = "mc4_18" }, 0)).Message.ShouldContain("mc3_18");
        Should.Throw<UsageException>(() => EncoderRegistry.Create(new EncoderOptions { Width = double.NaN }, 0));
        Should.Throw<UsageException>(() => EncoderRegistry.Create(new EncoderOptions { Stages = 6 }, 0));
    }

    [Fact]
    public void No_tensor_outlives_its_step()
    {
        using var encoder = Narrow("r2plus1d_18");
        using var head = new ProjectionHead(encoder.Channels, new HeadOptions { TimeBins = 2, BatchNorm = true, Normalise = EmbeddingNormalisation.L2 }, 0, "head");
        using var input = randn([2, 3, 2, 16, 16]);
        Step();
        var before = Tensor.TotalCount;
        for (var i = 0; i < 100; i++)
        {
            Step();
        }

        // No scope around a step: what a forward pass makes and does not return, it must give back itself.
        (Tensor.TotalCount - before).ShouldBeLessThan(20);

        void Step()
        {
            using var map = encoder.forward(input);
            using var embedding = head.forward(map);
            using var loss = embedding.sum();
            loss.backward();
            encoder.zero_grad(set_to_none: true);
            head.zero_grad(set_to_none: true);
        }
    }

    [Fact]
    public void Training_on_one_value_per_channel_says_what_to_change()
    {
        using var scope = NewDisposeScope();
        using var encoder = Narrow("mc3_18");
        Should.Throw<DuetException>(() => encoder.forward(zeros([1, 3, 1, 8, 8]))).Message.ShouldContain("larger batch");
    }

    internal static Encoder Narrow(string name, long seed = 0) => EncoderRegistry.Create(new EncoderOptions { Name = name, Width = 0.25 }, seed);

    internal static Tensor Input(Modality modality, long batch)
    {
        using var generator = new Generator(7);
        return modality == Modality.Video
            ? randn([batch, 3, 5, 36, 44], generator: generator)
            : randn([batch, 1, 50, 40], generator: generator);
    }

    internal static double RelativeError(Tensor actual, Tensor expected) =>
        ((actual - expected).norm() / expected.norm()).ToDouble();
}
