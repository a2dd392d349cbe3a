using System.CommandLine;
using Duet.Learning.Models;
using static TorchSharp.torch;

namespace Duet.Bench;

/// <summary>
/// One supervised training step of a video network with 400 classes on random clips that are in memory: forward, backward, SGD with
/// momentum. Its peer is bench/peers/torch_step.py, which does the same with torchvision's network of that name.
/// </summary>
internal static class StepBenchmark
{
    public static Command Create()
    {
        var shape = new NetworkShape();
        var steps = new Option<int>("--steps") { Description = "Measured steps, after two and four seconds for warming up.", DefaultValueFactory = _ => 5 };
        var command = new Command("step", "Clips per second of a training step.") { steps };
        shape.AddTo(command);
        command.SetAction(p => Run(shape.Of(p), p.GetValue(steps)));
        return command;
    }

    private static int Run(NetworkShape.Values shape, int steps)
    {
        using var training = new SupervisedTraining(shape, classes: 400, seed: 0);
        using var clips = randn([shape.Batch, shape.Frames, shape.Size, shape.Size, 3]).permute(0, 4, 1, 2, 3); // channels last, as the loader gives them
        using var labels = arange(shape.Batch) % 400;
        var seconds = WarmSteps.Median(steps, () =>
        {
            using var scope = NewDisposeScope();
            training.Step(clips, labels, 0.01);
        });
        shape.Print("step", training.Precision, seconds, NetworkCost.TrainingFlops(shape.Encoder, shape.Clip));
        return 0;
    }
}
