using Duet.Learning.Models;
using Duet.Learning.Training;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Models.Fused;

public sealed class Bf16LearningTests
{
    private const int Steps = 200;
    private const int Classes = 5;

    /// <summary>
    /// The same clips, weights and steps in both precisions: the loss curves stay together, over 200 steps, in which the network learns the clips. The first stages of a whole network are wide
    /// enough for short products, those of a narrow one are not.
    /// </summary>
    [Theory]
    [Trait("Category", "Slow")]
    [InlineData("r2plus1d_18", 0.125, 0, 32, 0.00007)]
    [InlineData("mc3_18", 0.125, 0, 32, 0.0005)]
    [InlineData("r2plus1d_18", 1, 2, 16, 0.003)]
    [InlineData("mc3_18", 1, 2, 16, 0.003)]
    public void The_loss_curve_is_that_of_fp32(string name, double width, int stages, long side, double learningRate)
    {
        var options = new EncoderOptions { Name = name, Width = width, Stages = stages };
        var (wide, narrow) = (Curve(options, Precision.Fp32, side, learningRate), Curve(options, Precision.Bf16, side, learningRate));
        wide[..10].Average().ShouldBeGreaterThan(1.3 * wide[^10..].Average(), "something is learned");

        var worst = wide.Zip(narrow, (w, n) => Math.Abs(w - n)).Max() / wide[0];
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {wide[0]:0.000} to {wide[^1]:0.000} and {narrow[^1]:0.000}, farthest apart {worst:0.0000} of the first loss");
        worst.ShouldBeLessThan(0.02);
    }

    private static double[] Curve(EncoderOptions options, Precision precision, long side, double learningRate)
    {
        using var encoder = EncoderRegistry.Create(options, 1);
        using var network = new VideoClassifier(encoder, Classes, 1);
        encoder.Precision = precision;
        using var optimiser = new Sgd([.. network.named_parameters().Select(p => new NamedParameter(p.name, p.parameter, true))], new OptimiserOptions { WeightDecay = 1e-4 });
        using var generator = new Generator(5);
        using var labels = arange(24) % Classes;
        using var clips = randn([24, 3, 8, side, side], generator: generator) + randn([Classes, 3, 8, side, side], generator: generator).index_select(0, labels); // a class has something in common
        var losses = new double[Steps];
        for (var step = 0; step < Steps; step++)
        {
            using var scope = NewDisposeScope();
            network.zero_grad();
            var loss = nn.functional.cross_entropy(network.forward(clips), labels);
            loss.backward();
            optimiser.Step(learningRate);
            losses[step] = loss.ToDouble();
        }

        return losses;
    }
}
