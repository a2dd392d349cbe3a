using System.CommandLine;
using System.Text.Json;
using Duet.Learning.Models;
using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Bench;

/// <summary>The losses of a short training on fixed clips, the same for a seed whatever computes them: what bench/loss_curves.py compares precisions and kinds of convolution by.</summary>
internal static class CurveBenchmark
{
    private const int Classes = 4;

    public static Command Create()
    {
        var shape = new NetworkShape();
        var steps = new Option<int>("--steps") { DefaultValueFactory = _ => 200 };
        var rate = new Option<double>("--learning-rate") { DefaultValueFactory = _ => 3e-5 };
        var seed = new Option<int>("--seed") { Description = "Of weights and clips.", DefaultValueFactory = _ => 1 };
        var command = new Command("curve", "Losses of a short training on fixed clips, a batch of them.") { steps, rate, seed };
        shape.AddTo(command);
        command.SetAction(p => Run(shape.Of(p), p.GetValue(steps), p.GetValue(rate), p.GetValue(seed)));
        return command;
    }

    private static int Run(NetworkShape.Values shape, int steps, double rate, int seed)
    {
        using var training = new SupervisedTraining(shape, Classes, seed);
        using var generator = new Generator((ulong)seed);
        using var labels = arange(shape.Batch) % Classes;
        long[] clip = [3, shape.Frames, shape.Size, shape.Size];
        using var clips = randn([shape.Batch, .. clip], generator: generator).add_(randn([Classes, .. clip], generator: generator).index_select(0, labels)); // a class has something in common
        var losses = new double[steps];
        for (var step = 0; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            losses[step] = training.Step(clips, labels, rate).ToDouble();
        }

        Console.WriteLine(JsonSerializer.Serialize(new
        {
            benchmark = "curve",
            model = shape.Encoder.Name,
            width = shape.Encoder.Width,
            seed,
            learning_rate = rate,
            precision = training.Precision.ToString().ToLowerInvariant(),
            convolutions = ConvolutionPolicy.NameOf(DeviceType.CPU, training.Precision),
            losses = losses.Select(l => Math.Round(l, 6)),
        }));
        return 0;
    }
}
