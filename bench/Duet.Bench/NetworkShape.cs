using System.CommandLine;
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
    public sealed record Values(EncoderOptions Encoder, int Frames, int Size, int Batch, int Threads, Precision Precision);
}
