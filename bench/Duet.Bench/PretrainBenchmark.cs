using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Duet.Data.Store;
using Duet.Learning.Models;
using Duet.Learning.Native;
using Duet.Learning.Pretext;
using Duet.Learning.Recipes;
using Duet.Learning.Training;

namespace Duet.Bench;

/// <summary>
/// A real pretraining run on a store, from decoding to the optimiser, for so many steps: everything that <c>duet pretrain</c> does between the first step's
/// start and the last one's end. Its peer is bench/peers/torch_pretrain.py, which reads the original files.
/// </summary>
internal static class PretrainBenchmark
{
    /// <summary>Batches that are never trained on: while the last measured step goes on, the loader works for later ones, as it does in any long run.</summary>
    private const int Beyond = 8;

    public static Command Create()
    {
        var recipe = new Option<string>("--recipe") { Description = "The recipe's file.", Required = true };
        var store = new Option<string>("--store") { Required = true };
        var run = new Option<string>("--run") { Description = "A folder for the run, not there yet.", Required = true };
        var batch = new Option<int>("--batch") { DefaultValueFactory = _ => 8 };
        var steps = new Option<int>("--steps") { Description = "Measured steps.", DefaultValueFactory = _ => 5 };
        var warming = new Option<int>("--warming") { Description = "Steps before them.", DefaultValueFactory = _ => 2 };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var set = new Option<string[]>("--set") { Description = "As of 'duet pretrain'." };
        var command = new Command("pretrain", "Clips per second of a pretraining run, loader and all.") { recipe, store, run, batch, steps, warming, threads, set };
        command.SetAction(p => Run(
            p.GetValue(recipe)!, p.GetValue(store)!, p.GetValue(run)!, p.GetValue(batch), p.GetValue(steps), p.GetValue(warming), p.GetValue(threads), p.GetValue(set) ?? []));
        return command;
    }

    private static int Run(string path, string directory, string run, int batch, int steps, int warming, int threads, string[] set)
    {
        // One epoch, so that nothing but steps lies between the first and the last; a short queue, or all would be decoded before the clock starts.
        string[] fixedKeys =
        [
            $"training.batch={batch}", $"training.epoch_size={batch * (steps + warming + Beyond)}", $"training.threads={threads}", $"training.workers={threads}",
            "training.queue_mb=16", "training.log_every=1", "training.validate_every=0", "training.statistics_clips=32",
        ];
        var recipe = RecipeFile.Load(path, [.. fixedKeys, .. set]);
        using var store = VideoStore.Open(directory);
        using var enough = new CancellationTokenSource();
        var clock = new Clock(steps + warming, enough);
        Pretraining.Run(recipe, store, new RunFolder(run), resume: false, clock, enough.Token);

        var measured = clock.Steps.Skip(warming).ToArray();
        var spent = measured.Sum(s => s.Seconds);
        var sound = recipe.Spectrogram.FrameCount((int)(recipe.Clip.AudioSeconds * recipe.Spectrogram.SampleRate).Round());
        var sounds = recipe.Method == RecipeMethod.Avts ? 2 : 1; // AVTS hears each clip's own sound and another
        var flops = NetworkCost.TrainingFlops(recipe.Video, [recipe.Clip.Frames, recipe.Clip.Size, recipe.Clip.Size])
            + (sounds * NetworkCost.TrainingFlops(recipe.Audio, [sound, recipe.Spectrogram.MelBins]));
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            benchmark = "pretrain",
            recipe = recipe.Name,
            method = recipe.MethodName(),
            video = recipe.Video.Name,
            audio = recipe.Audio.Name,
            frames = recipe.Clip.Frames,
            size = recipe.Clip.Size,
            batch,
            threads,
            steps = measured.Length,
            configuration = $"Duet, {(PrecisionPolicy.Resolve(recipe.Training.Precision, TorchSharp.DeviceType.CPU).Precision == Precision.Bf16 ? "bf16" : "fp32")}",
            clips_per_second = Math.Round(batch * measured.Length / spent, 3),
            data_wait_share = Math.Round(measured.Sum(s => s.Waiting) / spent, 4),
            gigaflops_per_clip = Math.Round(flops / 1e9, 3),
            loss = clock.Steps[^1].Loss,
            peak_megabytes = Process.GetCurrentProcess().PeakWorkingSet64 >> 20,
        }));
        return 0;
    }

    /// <summary>Times every step, from the end of the one before to its own; the loop says how much of it was waiting.</summary>
    private sealed class Clock(int most, CancellationTokenSource enough) : IProgress<TrainingProgress>
    {
        private long before = Stopwatch.GetTimestamp();

        public List<(double Seconds, double Waiting, double Loss)> Steps { get; } = [];

        public void Report(TrainingProgress value)
        {
            var now = Stopwatch.GetTimestamp();
            if (value is StepProgress step)
            {
                var seconds = Stopwatch.GetElapsedTime(before, now).TotalSeconds;
                Steps.Add((seconds, seconds * step.DataWaitShare, step.Means["loss"]));
            }

            before = now;
            if (Steps.Count == most)
            {
                enough.Cancel();
            }
        }
    }
}
