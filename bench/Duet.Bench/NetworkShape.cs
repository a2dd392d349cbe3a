using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Duet.Learning.Models;

namespace Duet.Bench;

/// <summary>The options that say which network a benchmark runs, and on what.</summary>
internal sealed class NetworkShape
{
    private readonly Option<string> model = new("--model") { DefaultValueFactory = _ => "r2plus1d_18" };
    private readonly Option<int> frames = new("--frames") { DefaultValueFactory = _ => 8 };
    private readonly Option<int> size = new("--size") { DefaultValueFactory = _ => 112 };
    private readonly Option<int> batch = new("--batch") { DefaultValueFactory = _ => 8 };
    private readonly Option<double> width = new("--width") { DefaultValueFactory = _ => 1 };
    private readonly Option<int> threads = new("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
    private readonly Option<Precision> precision = new("--precision") { DefaultValueFactory = _ => Precision.Auto };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { model, frames, size, batch, width, threads, precision })
        {
            command.Options.Add(option);
        }
    }

    public Values Of(ParseResult parsed) => new(
        new EncoderOptions { Name = parsed.GetValue(model)!, Width = parsed.GetValue(width) },
        parsed.GetValue(frames),
        parsed.GetValue(size),
        parsed.GetValue(batch),
        parsed.GetValue(threads),
        parsed.GetValue(precision));

    /// <summary>What was chosen.</summary>
    public sealed record Values(EncoderOptions Encoder, int Frames, int Size, int Batch, int Threads, Precision Precision)
    {
        /// <summary>A clip's frames, height and width.</summary>
        public long[] Clip => [Frames, Size, Size];

        /// <summary>Prints what was measured of the network.</summary>
        /// <param name="benchmark">The benchmark's name.</param>
        /// <param name="precision">What was computed in.</param>
        /// <param name="seconds">For a batch.</param>
        /// <param name="flopsPerClip">Operations that a clip takes.</param>
        public void Print(string benchmark, Precision precision, double seconds, double flopsPerClip) => Console.WriteLine(JsonSerializer.Serialize(new
        {
            benchmark,
            model = Encoder.Name,
            frames = Frames,
            size = Size,
            batch = Batch,
            width = Encoder.Width,
            threads = Threads,
            configuration = $"Duet, {precision.ToString().ToLowerInvariant()}",
            clips_per_second = Math.Round(Batch / seconds, 3),
            gigaflops_per_clip = Math.Round(flopsPerClip / 1e9, 3),
            peak_megabytes = Process.GetCurrentProcess().PeakWorkingSet64 >> 20,
        }));
    }
}
