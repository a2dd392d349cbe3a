using System.Text.Json;
using Duet.Learning.Models;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Models;

/// <summary>Against torchvision's numbers (Fixtures/make_networks.py), with weights that both sides make by the same formula.</summary>
public sealed class TorchvisionParityTests
{
    private const double Tolerance = 1e-4;

    /// <summary>
    /// In fp64 the gradients are a matter of definition alone. In fp32 rounding comes in: the last stage of r3d_18 and r2plus1d_18
    /// normalises over 8 values here, which multiplies it by thousands on the way back, so that their gradients are held in fp64 alone.
    /// </summary>
    [Theory]
    [InlineData("mc2_18", Tolerance)]
    [InlineData("mc3_18", Tolerance)]
    [InlineData("r3d_18", null)]
    [InlineData("r2plus1d_18", null)]
    [InlineData("r2plus1d_18_xdc", null)]
    [InlineData("resnet18_audio", Tolerance)]
    public void Outputs_gradients_and_statistics_equal_torchvisions(string name, double? singlePrecision)
    {
        using var scope = NewDisposeScope();
        using var fixture = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", $"{name}.json")));
        var expected = fixture.RootElement;
        using var encoder = EncoderRegistry.CreateUninitialised(new EncoderOptions { Name = name });
        using nn.Module<Tensor, Tensor> network = encoder.Modality == Modality.Video ? new VideoClassifier(encoder, 11, 0) : new Pooled(encoder);
        Fill(network, expected.GetProperty("state"));
        var input = Signal([.. expected.GetProperty("shape").EnumerateArray().Select(s => s.GetInt64())]);

        network.eval();
        using (no_grad())
        {
            ShouldEqual(network.forward(input), expected.GetProperty("evaluation"), Tolerance, $"{name}, evaluation");
        }

        TrainingStepShouldEqual(network, input, expected, Tolerance, singlePrecision ?? double.PositiveInfinity, $"{name}, fp32");
        network.to(ScalarType.Float64);
        network.zero_grad();
        Fill(network, expected.GetProperty("state"));
        TrainingStepShouldEqual(network, input.to(ScalarType.Float64), expected, 1e-6, 1e-6, $"{name}, fp64");
    }

    private static void TrainingStepShouldEqual(nn.Module<Tensor, Tensor> network, Tensor input, JsonElement expected, double outputs, double gradients, string what)
    {
        network.train();
        var output = network.forward(input);
        ShouldEqual(output, expected.GetProperty("training"), outputs, $"{what}, training");
        (output.flatten() * (0.9 * arange(output.numel(), dtype: output.dtype)).cos()).sum().backward();
        var worst = 0.0;
        var references = expected.GetProperty("gradients");
        foreach (var (parameter, value) in network.named_parameters())
        {
            var reference = references.GetProperty(parameter);
            var norm = reference.GetProperty("norm").GetDouble();
            var gradient = value.grad!.flatten().to(ScalarType.Float64);
            Note(Math.Abs(gradient.norm().ToDouble() - norm) / norm, $"norm of {parameter}'s gradient");
            var typical = norm / Math.Sqrt(gradient.numel());
            foreach (var (at, entry) in reference.GetProperty("at").EnumerateArray().Zip(reference.GetProperty("values").EnumerateArray()))
            {
                var difference = Math.Abs(gradient[at.GetInt64()].ToDouble() - entry.GetDouble());
                Note(difference / Math.Max(typical, Math.Abs(entry.GetDouble())), $"{parameter}'s gradient at {at}");
            }
        }

        var buffers = expected.GetProperty("buffers_after_training_step");
        foreach (var (buffer, value) in network.named_buffers().Where(b => !b.name.EndsWith("num_batches_tracked", StringComparison.Ordinal)))
        {
            var norm = buffers.GetProperty(buffer).GetDouble();
            Note(Math.Abs(value.norm().ToDouble() - norm) / norm, buffer);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: largest relative error of a gradient or statistic {worst:g2}");

        void Note(double error, string where)
        {
            error.ShouldBeLessThan(gradients, $"{what}, {where}");
            worst = Math.Max(worst, error);
        }
    }

    /// <summary>Checks names, order and shapes, then fills every tensor by the fixture's formula.</summary>
    private static void Fill(nn.Module network, JsonElement state)
    {
        var tensors = network.state_dict();
        tensors.Keys.ShouldBe(state.EnumerateObject().Select(p => p.Name), ignoreOrder: true);
        using var gradients = no_grad();
        var k = 0;
        foreach (var entry in state.EnumerateObject().Where(e => !e.Name.EndsWith("num_batches_tracked", StringComparison.Ordinal)))
        {
            var name = entry.Name;
            var value = tensors[name];
            value.shape.ShouldBe(entry.Value.EnumerateArray().Select(s => s.GetInt64()));
            var (centre, scale) = name switch
            {
                _ when name.EndsWith("running_var", StringComparison.Ordinal) => (1.0, 0.3),
                _ when name.EndsWith("running_mean", StringComparison.Ordinal) => (0.0, 0.1),
                _ when value.Dimensions == 1 => (name.EndsWith("weight", StringComparison.Ordinal) ? 1.0 : 0.0, 0.2),
                _ => (0.0, Math.Sqrt(6.0 / (value.numel() / value.shape[0]))),
            };
            var numbers = new float[value.numel()];
            for (var i = 0; i < numbers.Length; i++)
            {
                numbers[i] = (float)(centre + (scale * Wave(k, i)));
            }

            using var filled = tensor(numbers, value.shape);
            value.copy_(filled);
            k++;
        }
    }

    private static double Wave(int k, int i)
    {
        var z = (((ulong)k << 40) + (ulong)i) * 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        z ^= z >> 31;
        return ((z >> 40) / (double)(1 << 23)) - 1;
    }

    internal static Tensor Signal(long[] shape)
    {
        var numbers = new float[shape.Aggregate(1L, (p, s) => p * s)];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (float)Wave(1000, i);
        }

        return tensor(numbers, shape);
    }

    internal static void ShouldEqual(Tensor actual, JsonElement expected, double tolerance, string what)
    {
        var reference = tensor(expected.EnumerateArray().Select(e => e.GetDouble()).ToArray());
        var error = (actual.flatten().to(ScalarType.Float64) - reference).abs().max().ToDouble() / reference.abs().max().ToDouble();
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: largest error {error:g2} of the largest output");
        error.ShouldBeLessThan(tolerance, what);
    }

    /// <summary>torchvision's ResNet with its classifier replaced by nothing.</summary>
    private sealed class Pooled : nn.Module<Tensor, Tensor>
    {
        private readonly Encoder encoder;

        public Pooled(Encoder encoder)
            : base(nameof(Pooled))
        {
            this.encoder = encoder;
            foreach (var (name, part) in encoder.named_children())
            {
                register_module(name, part);
            }
        }

        public override Tensor forward(Tensor input) => encoder.forward(input).mean([2, 3]);
    }
}
