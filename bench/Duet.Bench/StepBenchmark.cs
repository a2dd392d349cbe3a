using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Duet.Learning.Models;
using Duet.Learning.Native;
using Duet.Learning.Training;
using TorchSharp;
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
        var model = new Option<string>("--model") { DefaultValueFactory = _ => "mc3_18" };
        var frames = new Option<int>("--frames") { DefaultValueFactory = _ => 8 };
        var size = new Option<int>("--size") { DefaultValueFactory = _ => 112 };
        var batch = new Option<int>("--batch") { DefaultValueFactory = _ => 8 };
        var width = new Option<double>("--width") { DefaultValueFactory = _ => 1 };
        var steps = new Option<int>("--steps") { Description = "Measured steps, after two and four seconds for warming up.", DefaultValueFactory = _ => 5 };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var precision = new Option<Precision>("--precision") { DefaultValueFactory = _ => Precision.Auto };
        var command = new Command("step", "Clips per second of a training step.") { model, frames, size, batch, width, steps, threads, precision };
        command.SetAction(p => Run(
            new EncoderOptions { Name = p.GetValue(model)!, Width = p.GetValue(width) }, p.GetValue(frames), p.GetValue(size), p.GetValue(batch), p.GetValue(steps), p.GetValue(threads), p.GetValue(precision)));
        return command;
    }

    private static int Run(EncoderOptions model, int frames, int size, int batch, int steps, int threads, Precision asked)
    {
        TorchRuntime.EnsureLoaded();
        set_num_threads(threads);
        var (precision, _) = PrecisionPolicy.Resolve(asked, DeviceType.CPU);
        using var encoder = EncoderRegistry.Create(model, 0);
        using var network = new VideoClassifier(encoder, 400, 0);
        encoder.Precision = precision;
        network.train();
        using var optimiser = new Sgd([.. network.named_parameters().Select(p => new NamedParameter(p.name, p.parameter, true))], new OptimiserOptions { WeightDecay = 1e-4 });
        using var clips = randn([batch, frames, size, size, 3]).permute(0, 4, 1, 2, 3); // channels last, as the loader gives them
        using var labels = arange(batch) % 400;
        var seconds = WarmSteps.Median(steps, () =>
        {
            using var scope = NewDisposeScope();
            foreach (var parameter in network.parameters())
            {
                parameter.grad = null;
            }

            nn.functional.cross_entropy(network.forward(clips), labels).backward();
            optimiser.Step(0.01);
        });
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            benchmark = "step",
            model = model.Name,
            frames,
            size,
            batch,
            width = model.Width,
            threads,
            configuration = $"Duet, {(precision == Precision.Bf16 ? "bf16" : "fp32")}",
            clips_per_second = Math.Round(batch / seconds, 3),
            gigaflops_per_clip = Math.Round(NetworkCost.TrainingFlops(model, [frames, size, size]) / 1e9, 3),
            peak_megabytes = Process.GetCurrentProcess().PeakWorkingSet64 >> 20,
        }));
        return 0;
    }
}
