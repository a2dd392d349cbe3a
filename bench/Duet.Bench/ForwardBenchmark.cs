using System.CommandLine;
using Duet.Learning.Models;
using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Bench;

/// <summary>
/// A video encoder in evaluation mode on random clips that are in memory, its last map averaged to a row per clip: what <c>duet extract</c> does with a batch.
/// Its peer is bench/peers/torch_forward.py.
/// </summary>
internal static class ForwardBenchmark
{
    public static Command Create()
    {
        var shape = new NetworkShape();
        var steps = new Option<int>("--steps") { Description = "Measured batches, after two and four seconds for warming up.", DefaultValueFactory = _ => 5 };
        var command = new Command("forward", "Clips per second of an encoder in evaluation mode.") { steps };
        shape.AddTo(command);
        command.SetAction(p => Run(shape.Of(p), p.GetValue(steps)));
        return command;
    }

    private static int Run(NetworkShape.Values shape, int steps)
    {
        TorchRuntime.SetThreads(shape.Threads);
        var (precision, _) = PrecisionPolicy.Resolve(shape.Precision, DeviceType.CPU);
        using var encoder = EncoderRegistry.Create(shape.Encoder, 0);
        encoder.Precision = precision;
        using var fold = encoder.Fold();
        using var none = no_grad();
        using var clips = randn([shape.Batch, shape.Frames, shape.Size, shape.Size, 3]).permute(0, 4, 1, 2, 3); // channels last, as the loader gives them
        var row = new float[shape.Batch * encoder.Channels];
        var seconds = WarmSteps.Median(steps, () =>
        {
            using var scope = NewDisposeScope();
            encoder.forward(clips).flatten(2).mean([2]).data<float>().CopyTo(row);
        });
        shape.Print("forward", precision, seconds, NetworkCost.ForwardFlops(shape.Encoder, shape.Clip));
        return 0;
    }
}
