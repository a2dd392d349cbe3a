using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
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
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            benchmark = "step",
            model = shape.Encoder.Name,
            frames = shape.Frames,
            size = shape.Size,
            batch = shape.Batch,
            width = shape.Encoder.Width,
            threads = shape.Threads,
            configuration = $"Duet, {training.PrecisionName}",
            clips_per_second = Math.Round(shape.Batch / seconds, 3),
            gigaflops_per_clip = Math.Round(NetworkCost.TrainingFlops(shape.Encoder, [shape.Frames, shape.Size, shape.Size]) / 1e9, 3),
            peak_megabytes = Process.GetCurrentProcess().PeakWorkingSet64 >> 20,
        }));
        return 0;
    }
}
