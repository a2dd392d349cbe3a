using System.CommandLine;
using System.Globalization;
using Duet.Cli.Hosting;
using Duet.Data;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using Duet.Learning.Weights;

namespace Duet.Cli.Verbs;

/// <summary><c>duet weights import FILE --out ENCODER</c>: an encoder's file from weights that come from elsewhere.</summary>
internal static class WeightsImportVerb
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A PyTorch checkpoint (.pth, .pt) or a safetensors file." };
        var output = new Option<string>("--out") { Description = "The encoder's file, which 'duet extract', 'duet eval probe' and 'duet eval finetune' take.", Required = true, HelpName = "FILE.safetensors" };
        var network = new Option<string?>("--network") { Description = "The network in the file, such as r2plus1d_18_xdc (default: the one that its names and shapes fit).", HelpName = "NAME" };
        var width = new Option<double?>("--width") { Description = "The network's width (default: what its first convolution has).", HelpName = "W" };
        var stages = new Option<int?>("--stages") { Description = "How many of its stages are taken, 1 to 5 (default: all that the file has).", HelpName = "N" };
        var prefix = new Option<string?>("--prefix") { Description = "What stands before the network's names in the file, such as state_dict.module. (default: found).", HelpName = "TEXT" };
        var like = new Option<string?>("--like") { Description = "An encoder's file or a run whose clips and spectrograms are taken; a sound network needs one.", HelpName = "ENCODER|RUN" };
        var frames = new Option<int?>("--frames") { Description = "Frames of a clip (default: what the network's publisher takes, as are the following).", HelpName = "N" };
        var rate = new Option<Rational?>("--frame-rate") { Description = "Frames per second.", HelpName = "FPS", CustomParser = ReadRate };
        var size = new Option<int?>("--size") { Description = "Height and width, pixels.", HelpName = "PIXELS" };
        var crop = new Option<double?>("--crop") { Description = "Side of the centre crop as a share of the short side.", HelpName = "SHARE" };
        var mean = new Option<string?>("--mean") { Description = "Mean of red, green and blue, in 0 to 1.", HelpName = "R,G,B" };
        var deviation = new Option<string?>("--std") { Description = "Standard deviation of red, green and blue, in 0 to 1.", HelpName = "R,G,B" };
        var method = new Option<string?>("--method") { Description = "How the weights were learned, for tables (default: what is known of the file, else imported).", HelpName = "NAME" };
        var verb = new Verb("import", "Makes an encoder's file from weights that come from elsewhere. Nothing in them is run.")
        {
            Examples =
            [
                new("duet weights import r2plus1d_18_xdc_ig65m_kinetics-f24f6ffb.pth --out xdc.safetensors", "XDC's released encoder, with its clips of 32 frames"),
                new("duet weights import checkpoint.pth --out mine.safetensors --frames 8 --frame-rate 30 --size 112", "a training's checkpoint; its clips were others"),
                new("duet weights import audio.pth --out audio.safetensors --like runs/mine", "a sound network, with the spectrograms of a run"),
            ],
        };
        verb.Arguments.Add(file);
        foreach (var option in new Option[] { output, network, width, stages, prefix, like, frames, rate, size, crop, mean, deviation, method })
        {
            verb.Options.Add(option);
        }

        verb.Run(context =>
        {
            var parse = context.Parse;
            var path = parse.GetRequiredValue(output);
            if (!path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            {
                throw new UsageException($"--out {path}: encoders are safetensors files. Name one that ends in .safetensors.");
            }

            var result = WeightsImport.Run(parse.GetRequiredValue(file), path, new ImportOptions
            {
                Choice = new NetworkChoice { Network = parse.GetValue(network), Width = parse.GetValue(width), Stages = parse.GetValue(stages), Prefix = parse.GetValue(prefix) },
                Like = parse.GetValue(like) is { } followed ? FeatureSource.CardOf(followed, parse.GetValue(network) is { } name ? EncoderRegistry.Find(name)?.Modality : null, context.Line) : null,
                Frames = parse.GetValue(frames),
                FrameRate = parse.GetValue(rate),
                Size = parse.GetValue(size),
                Crop = parse.GetValue(crop),
                Mean = Colours(parse.GetValue(mean), "--mean"),
                Std = Colours(parse.GetValue(deviation), "--std"),
                Method = parse.GetValue(method),
            });
            if (context.Json)
            {
                context.WriteJson(result);
            }
            else
            {
                Print(context, result);
            }

            return Task.FromResult(ExitCodes.Done);
        });
        return verb;
    }

    /// <summary><c>[400, 512]</c>.</summary>
    internal static string Shape(StoredTensor tensor) => $"[{string.Join(", ", tensor.Shape)}]";

    /// <summary><c>float32</c>.</summary>
    internal static string TypeOf(StoredTensor tensor) => tensor.Type.ToString().ToLowerInvariant();

    private static void Print(CommandContext context, ImportResult result)
    {
        context.Line($"file       {result.File}, {result.FileFormat}{(result.Release is { } release ? $": {release}" : "")}");
        context.Line(IngestVerb.Plain($"network    {WeightsVerb.Network(result.Card.Encoder)}{(result.Prefix.Length > 0 ? $" under '{result.Prefix}'" : "")}"));
        context.Line($"matched    {result.Matched.Count} tensors{(result.Converted > 0 ? $", {result.Converted} of them converted to the network's types" : "")}");
        context.Line($"missing    {(result.Missing.Count == 0 ? "none" : $"{string.Join(", ", result.Missing)}: counters, set to 0")}");
        context.Line(IngestVerb.Plain($"left over  {string.Join(", ", result.LeftOver.Select(t => $"{t.Name} {Shape(t)}").DefaultIfEmpty("none"))}"));
        context.Line($"learned    {result.Card.Method}");
        var clip = result.Card.Clip;
        if (result.Card.Modality == Modality.Video)
        {
            context.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"clips      {clip.InWords(frames: true, sound: false)}, centre crop {clip.Scales[0]:0.###} of the short side, mean {string.Join(',', clip.Mean.Select(Text))}, std {string.Join(',', clip.Std.Select(Text))}"));
        }
        else
        {
            context.Line($"clips      {clip.InWords(frames: false, sound: true)}, {result.Card.Spectrogram!.MelBins} mel bands at {result.Card.Spectrogram.SampleRate} Hz");
        }

        context.Line($"Encoder: {result.Encoder}");
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static Rational? ReadRate(System.CommandLine.Parsing.ArgumentResult result)
    {
        if (Rational.TryParse(result.Tokens[0].Value, out var rate))
        {
            return rate;
        }

        result.AddError($"--frame-rate {result.Tokens[0].Value}: it must be a number or a fraction, such as 25 or 30000/1001.");
        return null;
    }

    private static double[]? Colours(string? text, string option)
    {
        if (text is null)
        {
            return null;
        }

        var values = new List<double>();
        foreach (var part in text.Split(','))
        {
            values.Add(double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
                ? value
                : throw new UsageException($"{option} {text}: it must be three numbers with commas between, such as 0.43216,0.394666,0.37645."));
        }

        return [.. values];
    }
}
