using System.CommandLine;
using System.Text.Json;
using Duet.Learning.Models;
using Duet.Learning.Native;
using Duet.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Bench;

/// <summary>The losses of a short training on fixed clips, the same for a seed whatever computes them: what bench/loss_curves.py compares precisions and kinds of convolution by.</summary>
internal static class CurveBenchmark
{
    private const int Classes = 4;

    public static Command Create()
    {
        var model = new Option<string>("--model") { DefaultValueFactory = _ => "mc3_18" };
        var width = new Option<double>("--width") { DefaultValueFactory = _ => 1 };
        var clips = new Option<int>("--clips") { Description = "Clips of 8x32x32, all of them in every step.", DefaultValueFactory = _ => 8 };
        var steps = new Option<int>("--steps") { DefaultValueFactory = _ => 200 };
        var rate = new Option<double>("--learning-rate") { DefaultValueFactory = _ => 3e-5 };
        var seed = new Option<int>("--seed") { Description = "Of weights and clips.", DefaultValueFactory = _ => 1 };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var precision = new Option<Precision>("--precision") { DefaultValueFactory = _ => Precision.Auto };
        var command = new Command("curve", "Losses of a short training on fixed clips.") { model, width, clips, steps, rate, seed, threads, precision };
        command.SetAction(p => Run(
            new EncoderOptions { Name = p.GetValue(model)!, Width = p.GetValue(width) }, p.GetValue(clips), p.GetValue(steps), p.GetValue(rate), p.GetValue(seed), p.GetValue(threads), p.GetValue(precision)));
        return command;
    }

    private static int Run(EncoderOptions model, int count, int steps, double rate, int seed, int threads, Precision asked)
    {
        TorchRuntime.EnsureLoaded();
        set_num_threads(threads);
        var (precision, _) = PrecisionPolicy.Resolve(asked, DeviceType.CPU);
        using var encoder = EncoderRegistry.Create(model, seed);
        using var network = new VideoClassifier(encoder, Classes, seed);
        encoder.Precision = precision;
        network.train();
        using var optimiser = new Sgd([.. network.named_parameters().Select(p => new NamedParameter(p.name, p.parameter, true))], new OptimiserOptions { WeightDecay = 1e-4 });
        using var generator = new Generator((ulong)seed);
        using var labels = arange(count) % Classes;
        using var clips = randn([count, 3, 8, 32, 32], generator: generator).add_(randn([Classes, 3, 8, 32, 32], generator: generator).index_select(0, labels)); // a class has something in common
        var losses = new double[steps];
        for (var step = 0; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            network.zero_grad();
            var loss = nn.functional.cross_entropy(network.forward(clips), labels);
            loss.backward();
            optimiser.Step(rate);
            losses[step] = loss.ToDouble();
        }

        Console.WriteLine(JsonSerializer.Serialize(new
        {
            benchmark = "curve",
            model = model.Name,
            width = model.Width,
            seed,
            learning_rate = rate,
            precision = precision == Precision.Bf16 ? "bf16" : "fp32",
            convolutions = ConvolutionPolicy.NameOf(DeviceType.CPU, precision),
            losses = losses.Select(l => Math.Round(l, 6)),
        }));
        return 0;
    }
}
