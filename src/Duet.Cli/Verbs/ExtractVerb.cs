using System.CommandLine;
using System.Globalization;
using Duet.Cli.Hosting;
using Duet.Cli.Output;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Evaluation;
using Duet.Learning.Extraction;
using Duet.Learning.Models;
using Spectre.Console;

namespace Duet.Cli.Verbs;

/// <summary><c>duet extract RUN|ENCODER --store DIR --out FILE|DIR</c>: embeddings of any layer.</summary>
internal static class ExtractVerb
{
    public static Command Create()
    {
        var defaults = new ExtractOptions();
        var source = new Argument<string>("RUN") { Description = "A run's folder, or an encoder's .safetensors file." };
        var store = EvalVerb.Store("The store whose videos are embedded.");
        var output = new Option<string>("--out") { Description = "FILE.parquet, FILE.npy, or a folder that gets part-00000.parquet and on.", Required = true, HelpName = "FILE|DIR" };
        var modality = new Option<ExtractModality?>("--modality") { Description = "What is embedded (default: all that the encoders and the store have).", HelpName = "video|audio|both" };
        var layers = new Option<string[]>("--layer")
        {
            Description = "The layers to read: conv1 to conv5, or embedding, the head's output of an AVTS run; several in one pass (default: each network's last conv).",
            HelpName = "NAME",
            DefaultValueFactory = _ => [],
            AllowMultipleArgumentsPerToken = true,
        };
        var pooling = new Option<FeaturePooling>("--pooling") { Description = "How a map becomes a row (default average).", HelpName = "average|max|flatten", DefaultValueFactory = _ => defaults.Pooling };
        var clips = new Option<int>("--clips") { Description = $"Evenly spaced clips per video; a short video gives fewer (default {defaults.ClipsPerVideo}).", HelpName = "N", DefaultValueFactory = _ => defaults.ClipsPerVideo };
        var split = new Option<string>("--split") { Description = "Only videos of this split of the catalog (default all).", HelpName = "NAME", DefaultValueFactory = _ => "" };
        var part = new Option<int?>("--videos-per-part") { Description = $"In a folder: videos whose features go into one part (default {defaults.VideosPerPart}).", HelpName = "N" };
        var shard = new Option<string>("--shard") { Description = "In a folder: do share I of N of the parts, so that N processes or machines work at once.", HelpName = "I/N", DefaultValueFactory = _ => "1/1" };
        var batch = new Option<int>("--batch") { Description = "Clips that pass the networks at once (default: by the networks' size and the machine's memory).", HelpName = "N", DefaultValueFactory = _ => defaults.Batch };
        var precision = new Option<Precision>("--precision") { Description = "What the convolutions compute in (default fp32, which is the same on every machine).", HelpName = "fp32|bf16|auto", DefaultValueFactory = _ => defaults.Precision };
        var verb = new Verb("extract", "Writes embeddings of a store's videos as a table.")
        {
            Examples =
            [
                new("duet extract runs/mine --store stores/mine --out features.parquet", "both encoders' last stage, 10 clips per video"),
                new("duet extract runs/mine --store stores/mine --modality video --layer conv4 conv5 --pooling max --out features/", "two layers in one pass, as parts; run it again after an interruption and it goes on"),
                new("duet extract runs/mine --store stores/mine --out features/ --shard 2/4", "the second of four processes that share the work"),
                new("duet extract runs/mine/encoders/audio.safetensors --store stores/mine --out audio.npy", "one array for NumPy"),
            ],
        };
        verb.Arguments.Add(source);
        foreach (var option in new Option[] { store, output, modality, layers, pooling, clips, split, part, shard, batch, precision })
        {
            verb.Options.Add(option);
        }

        verb.Run(context =>
        {
            var parse = context.Parse;
            var (number, of) = ReadShard(parse.GetValue(shard)!);
            var path = parse.GetRequiredValue(output);
            if (parse.GetValue(part) is not null && Path.GetExtension(path).ToLowerInvariant() is ".parquet" or ".npy")
            {
                throw new UsageException($"'{path}' names one file, and --videos-per-part writes parts. Name a folder.");
            }

            using var videos = VideoStore.Open(parse.GetRequiredValue(store));
            using var networks = FeatureSource.Open(parse.GetRequiredValue(source), context.Line);
            var options = defaults with
            {
                Modality = parse.GetValue(modality),
                Layers = parse.GetValue(layers) ?? [],
                Pooling = parse.GetValue(pooling),
                ClipsPerVideo = parse.GetValue(clips),
                Split = parse.GetValue(split)!,
                VideosPerPart = parse.GetValue(part) ?? defaults.VideosPerPart,
                Shard = number,
                Shards = of,
                Batch = parse.GetValue(batch),
                Precision = parse.GetValue(precision),
                Loader = new ClipLoaderOptions { Workers = networks.Machine.Workers },
            };
            ExtractResult result;
            using (var line = new ProgressLine(context, "extract", "clips"))
            {
                try
                {
                    result = FeatureExtraction.Run(networks, videos, options, path, new EvalVerb.Listener(line), context.CancellationToken);
                }
                catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
                {
                    line.Note(Path.GetExtension(path).ToLowerInvariant() is ".parquet" or ".npy"
                        ? "stopped; a single file is written whole or not at all. For work that goes on where it was, name a folder."
                        : "stopped; finished parts are kept. The same command goes on from there.");
                    throw;
                }
            }

            if (context.Json)
            {
                context.WriteJson(result);
            }
            else
            {
                Print(context, result);
            }

            return Task.FromResult(EvalVerb.LeftOut(context, result.LeftOut, "--json lists all"));
        });
        return verb;
    }

    private static (int Number, int Of) ReadShard(string text)
    {
        var parts = text.Split('/');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var of)
            && number >= 1 && number <= of
            ? (number, of)
            : throw new UsageException($"--shard {text}: it must be I/N, such as 2/4 for the second of four.");
    }

    private static void Print(CommandContext context, ExtractResult result)
    {
        var table = EvalVerb.Table("modality", "layer", "map per clip", "values per row");
        foreach (var layer in result.Layers)
        {
            table.AddRow(layer.Modality, layer.Layer, string.Join(" x ", layer.Shape), layer.Features.ToString(CultureInfo.InvariantCulture));
        }

        context.Console.Write(table);
        context.Line(string.Create(CultureInfo.InvariantCulture, $"{result.Rows} rows of {result.Videos} videos, {result.Pooling.ToString().ToLowerInvariant()} pooling, {result.Precision}."));
        var parts = result.Parts;
        if (parts.Total > 1 || parts.Found > 0)
        {
            context.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"Parts: {parts.Written} written{(parts.Redone > 0 ? $" ({parts.Redone} of them were damaged)" : "")}, {parts.Found} found done, of {parts.Shard}{(parts.Shard < parts.Total ? $" of this shard and {parts.Total} in all; {parts.Missing} of other shards are missing" : "")}."));
        }

        context.Line($"Features: {result.Out}");
    }
}
