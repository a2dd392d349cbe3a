using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Bench;

/// <summary>
/// Linear SVMs on features of a store's recordings, folds respected. <c>svm-data</c> writes features (log-mel statistics and a random network's flattened
/// last map, 10 clips of 2 s per recording); <c>svm</c> fits on all folds but one and decides on it, for each fold. Its peer is bench/peers/sklearn_svm.py.
/// </summary>
internal static class SvmBenchmark
{
    private const int ClipsPerRecording = 10;
    private const int Batch = 32;

    public static Command Create()
    {
        var file = new Option<string>("--file") { Description = "Rows of 32-bit floats, nothing else.", Required = true };
        var rows = new Option<string>("--rows") { Description = "A line per row: its class and its fold, numbers with a blank between.", Required = true };
        var loss = new Option<SvmLoss>("--loss");
        var c = new Option<double>("--c") { DefaultValueFactory = _ => 1 };
        var folds = new Option<int>("--folds") { Description = "The folds that are tested; 0 for all." };
        var tight = new Option<bool>("--tight") { Description = "Go on until the optimum is met to seven digits." };
        var solver = new Option<SvmSolver>("--solver") { Description = "The solver; by default the one that a probe takes." };
        var decisions = new Option<string?>("--decisions") { Description = "Where to leave the decision values, as 64-bit floats." };
        var command = new Command("svm", "Seconds to fit linear SVMs.") { file, rows, loss, c, folds, tight, solver, decisions };
        command.SetAction(p => Run(
            p.GetValue(file)!,
            p.GetValue(rows)!,
            new LinearSvmOptions { C = p.GetValue(c), Loss = p.GetValue(loss), Solver = p.GetValue(solver), Tolerance = p.GetValue(tight) ? 1e-7 : new LinearSvmOptions().Tolerance, MaxIterations = p.GetValue(tight) ? 1_000_000 : 1000 },
            p.GetValue(folds),
            p.GetValue(decisions)));
        return command;
    }

    public static Command CreateData()
    {
        var store = new Option<string>("--store") { Description = "A store of labelled sound with folds.", Required = true };
        var folder = new Option<string>("--out") { Description = "A folder: log_mel.f32, conv5.f32, rows.txt.", Required = true };
        var recordings = new Option<int>("--recordings") { Description = "Take only so many; 0 for all." };
        var command = new Command("svm-data", "Writes features for the svm benchmark.") { store, folder, recordings };
        command.SetAction(p => WriteData(p.GetValue(store)!, p.GetValue(folder)!, p.GetValue(recordings)));
        return command;
    }

    private static int Run(string path, string rowsPath, LinearSvmOptions options, int most, string? decisionsPath)
    {
        var lines = File.ReadAllLines(rowsPath).Select(l => l.Split(' ')).ToArray();
        int[] labels = [.. lines.Select(l => int.Parse(l[0], CultureInfo.InvariantCulture))];
        int[] folds = [.. lines.Select(l => int.Parse(l[1], CultureInfo.InvariantCulture))];
        using var stream = File.OpenRead(path);
        var all = new FeatureMatrix(labels.Length, (int)(stream.Length / sizeof(float) / labels.Length));
        for (var r = 0; r < all.Rows; r++)
        {
            stream.ReadExactly(MemoryMarshal.AsBytes(all.Row(r)));
        }

        var classes = labels.Max() + 1;
        var decisions = new List<double>();
        var iterations = 0;
        var converged = true;
        var (seconds, cpu) = (0.0, 0.0);
        using var process = Process.GetCurrentProcess();
        var tested = folds.Distinct().Order().Take(most > 0 ? most : int.MaxValue);
        foreach (var fold in tested.Prepend(folds.Min())) // the first once more: a program that has just begun is not what is measured
        {
            var test = all.Take([.. Enumerable.Range(0, labels.Length).Where(i => folds[i] == fold)]);
            int[] others = [.. Enumerable.Range(0, labels.Length).Where(i => folds[i] != fold)];
            var train = all.Take(others);
            var standardiser = Standardiser.Fit(train);
            standardiser.Apply(train);
            standardiser.Apply(test);
            var warming = seconds == 0;
            process.Refresh();
            var before = process.TotalProcessorTime;
            var start = Stopwatch.GetTimestamp();
            var machine = LinearSvm.Fit(train, [.. others.Select(i => labels[i])], classes, warming ? options with { MaxIterations = 3 } : options);
            seconds += Stopwatch.GetElapsedTime(start).TotalSeconds;
            process.Refresh();
            cpu += (process.TotalProcessorTime - before).TotalSeconds;
            if (warming)
            {
                (seconds, cpu) = (double.Epsilon, 0);
                continue;
            }

            converged &= machine.Converged;
            iterations = Math.Max(iterations, machine.Iterations.Max());
            var row = new double[classes];
            for (var i = 0; i < test.Rows; i++)
            {
                machine.Decide(test.Row(i), row);
                decisions.AddRange(row);
            }
        }

        if (decisionsPath is not null)
        {
            File.WriteAllBytes(decisionsPath, MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(decisions)).ToArray());
        }

        process.Refresh();
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            benchmark = "svm",
            rows = all.Rows,
            columns = all.Columns,
            classes,
            configuration = "Duet",
            seconds = Math.Round(seconds, 4),
            cpu_seconds = Math.Round(cpu, 4),
            iterations,
            converged,
            peak_megabytes = process.PeakWorkingSet64 >> 20,
        }));
        return 0;
    }

    private static int WriteData(string directory, string folder, int most)
    {
        Directory.CreateDirectory(folder);
        TorchRuntime.EnsureLoaded();
        using var store = VideoStore.Open(directory);
        var videos = store.Videos.Where(v => v.HasSound && v.Label is not null && v.Split is not null).OrderBy(v => v.Id, StringComparer.Ordinal).Take(most > 0 ? most : int.MaxValue).ToArray();
        string[] labels = [.. videos.Select(v => v.Label!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var clip = new ClipOptions { AudioSeconds = 2 };
        var spectrogram = new LogMelOptions { SampleRate = store.Settings.SampleRate, HopMs = 10, Normalisation = SpectrogramNormalisation.None };
        ClipRequest[] requests = [.. videos.SelectMany(v => UniformClips.AudioOnly(v, clip, ClipsPerRecording))];
        using var preprocessor = new ClipPreprocessor(clip, spectrogram, null, CPU);
        using var encoder = EncoderRegistry.Create(new EncoderOptions { Name = "resnet18_audio" }, 0);
        using var loader = new ClipLoader(store, clip.Size, new ClipLoaderOptions { Workers = 1 });
        using var none = no_grad();
        using (var statistics = File.Create(Path.Combine(folder, "log_mel.f32")))
        {
            encoder.train(); // its batch normalisation gets to know these clips; no weight changes
            foreach (var clips in loader.Load(requests, Batch, 0, default))
            {
                using (clips)
                using (NewDisposeScope())
                {
                    var mels = preprocessor.Audio(clips, 0);
                    Write(statistics, LogMelStatistics.Of(mels));
                    encoder.forward(mels);
                }
            }
        }

        encoder.eval();
        using (var maps = File.Create(Path.Combine(folder, "conv5.f32")))
        {
            foreach (var clips in loader.Load(requests, Batch, 0, default))
            {
                using (clips)
                using (NewDisposeScope())
                {
                    Write(maps, encoder.ForwardTo(preprocessor.Audio(clips, 0), "conv5").flatten(1));
                }
            }
        }

        File.WriteAllLines(Path.Combine(folder, "rows.txt"), requests.Select(r => string.Create(
            CultureInfo.InvariantCulture, $"{Array.IndexOf(labels, r.Video.Label)} {r.Video.Split!.AsSpan(4)}")));
        return 0;
    }

    private static void Write(Stream stream, Tensor values) => stream.Write(MemoryMarshal.AsBytes(values.contiguous().data<float>().ToArray().AsSpan()));
}
