using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Duet.Data;
using Duet.Learning.Audio;
using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Bench;

/// <summary>
/// Log-mel spectrograms of a batch of sound that is in memory, with the recipes' options: 16 kHz, windows of 25 ms, 512 bins, 40 mels.
/// Its peer is bench/peers/torchaudio_logmel.py, which takes the same file and leaves its answer for comparing.
/// </summary>
internal static class LogMelBenchmark
{
    private const int Warming = 5;

    public static Command Create()
    {
        var file = new Option<string>("--file") { Description = "32-bit floats, --batch stretches of sound one after the other.", Required = true };
        var batch = new Option<int>("--batch") { DefaultValueFactory = _ => 32 };
        var hop = new Option<int>("--hop-ms") { Description = "10 in AVTS's recipes, 20 in XDC's.", DefaultValueFactory = _ => 20 };
        var repeats = new Option<int>("--repeats") { Description = $"Measured batches, after {Warming} for warming up.", DefaultValueFactory = _ => 50 };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var answer = new Option<string?>("--out") { Description = "Where to leave the spectrograms, as 32-bit floats." };
        var command = new Command("logmel", "Batches per second of log-mel spectrograms.") { file, batch, hop, repeats, threads, answer };
        command.SetAction(p => Run(p.GetValue(file)!, p.GetValue(batch), p.GetValue(hop), p.GetValue(repeats), p.GetValue(threads), p.GetValue(answer)));
        return command;
    }

    private static int Run(string path, int batch, int hop, int repeats, int threads, string? answer)
    {
        TorchRuntime.SetThreads(threads);
        float[] samples = [.. MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path))];
        using var pcm = tensor(samples).reshape(batch, samples.Length / batch);
        var options = new LogMelOptions { HopMs = new Rational(hop) };
        using var logMel = new LogMel(options, CPU);
        var seconds = new List<double>();
        for (var i = 0; i < repeats + Warming; i++)
        {
            var start = Stopwatch.GetTimestamp();
            using var mels = logMel.Forward(pcm);
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            if (i == 0 && answer is not null)
            {
                File.WriteAllBytes(answer, MemoryMarshal.AsBytes<float>(mels.data<float>().ToArray()).ToArray());
            }
        }

        var measured = seconds.Skip(Warming).Order().ToArray();
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            benchmark = "logmel",
            batch,
            samples = samples.Length / batch,
            hop_ms = hop,
            frames = logMel.FrameCount(samples.Length / batch),
            threads,
            configuration = "Duet, fp32",
            milliseconds = Math.Round(1e3 * measured[measured.Length / 2], 4),
            peak_megabytes = Process.GetCurrentProcess().PeakWorkingSet64 >> 20,
        }));
        return 0;
    }
}
