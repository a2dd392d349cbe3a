using System.CommandLine;
using Duet.Cli.Hosting;
using Duet.Cli.Output;
using Duet.Data;
using Duet.Data.Datasets;
using Duet.Data.Store;
using Spectre.Console;

namespace Duet.Cli.Verbs;

/// <summary><c>duet ingest</c>: brings videos into a store.</summary>
internal static class IngestVerb
{
    public static Command Create()
    {
        var source = new Argument<string>("SOURCE")
        {
            Description = "A folder with videos, a list (.txt with a path per line, or .csv with the header path,label,split), a data set's folder, or one video.",
        };
        var store = new Option<string>("--store") { Description = "The store's folder; made where it is missing.", Required = true, HelpName = "DIR" };
        var fps = new Option<string>("--fps") { Description = "Frames per second to store, such as 25, 12.5 or 30000/1001. New store: 25.", HelpName = "RATE" };
        var shortSide = new Option<int?>("--short-side") { Description = "Short side of the stored frames, pixels; smaller videos keep their size. New store: 128.", HelpName = "PIXELS" };
        var sampleRate = new Option<int?>("--sample-rate") { Description = "Samples per second of the stored sound, Hz. New store: 16000.", HelpName = "HZ" };
        var quality = new Option<int?>("--jpeg-quality") { Description = "JPEG quality, 2 (best) to 31. New store: 3.", HelpName = "Q" };
        var jobs = new Option<int>("--jobs") { Description = "ffmpeg processes at once. Default: one per processor.", HelpName = "N" };
        var labels = new Option<LabelSource>("--labels") { Description = "'folders': a video's label is the name of the folder that it lies in; of train/cat/1.mp4 the split is train. A CSV list brings its own.", HelpName = "none|folders" };
        var layout = new Option<DatasetLayout>("--layout")
        {
            Description = "How SOURCE is laid out, where auto would take another: a folder, a list, or a data set as it is distributed (esc10: those recordings of ESC-50's folder). docs/datasets.md says what each must look like. Default: auto.",
            HelpName = "auto|folder|list|esc50|esc10|ucf101|hmdb51|dcase2014|kinetics|audioset|vggsound",
        };
        var streams = new Option<StoreStreams?>("--streams")
        {
            Description = "What every video of the store has; with 'audio' files of sound are taken too, and no pictures are converted. New store: both, or what a data set has.",
            HelpName = "both|audio|video|any",
        };
        var limits = new QualityLimits();
        var minSeconds = Limit("--min-seconds", limits.MinSeconds, "Shorter videos are quarantined, seconds.", "SECONDS");
        var minDecodable = Limit("--min-decodable", limits.MinDecodable, "Videos of which a smaller share can be decoded are quarantined, 0 to 1.", "SHARE");
        var silent = Limit("--silent", limits.Silent, "Videos whose sound is silent for at least this share are quarantined, 0 to 1, or 2 for never.", "SHARE");
        var silenceDb = new Option<double?>("--silence-db") { Description = "Level below which 0.1 s of sound is silent, dB. New store: -60.", HelpName = "DB" };
        var still = Limit("--still", limits.Still, "Videos whose picture stands still for at least this share are quarantined, 0 to 1, or 2 for never.", "SHARE");
        var stall = new Option<int>("--stall-seconds") { Description = "ffmpeg is stopped where it makes no progress on a file for so long.", DefaultValueFactory = _ => 120, HelpName = "SECONDS" };
        var cpu = new Option<int?>("--cpu-seconds") { Description = "ffmpeg is stopped where it takes more processor time for a file. Default: 600, and 1 ms per byte or 200 s per second of its length more, whichever is less.", HelpName = "SECONDS" };
        var memory = new Option<int>("--memory-megabytes") { Description = "Memory that ffmpeg may take for a file, MiB.", DefaultValueFactory = _ => 4096, HelpName = "MIB" };
        var pixels = new Option<int>("--frame-megapixels") { Description = "Largest picture that is decoded, millions of pixels.", DefaultValueFactory = _ => 128, HelpName = "MPX" };
        var shard = new Option<int>("--shard-megabytes") { Description = "Size of a shard file, MiB.", DefaultValueFactory = _ => 1024, HelpName = "MIB" };
        var verb = new Verb("ingest", "Brings videos into a store: upright frames at one rate, mono sound, both on one clock. Sources are only read.")
        {
            Examples =
            [
                new("duet ingest videos --store stores/mine", "every video below a folder"),
                new("duet ingest videos --store stores/mine --labels folders", "the same; each folder's name is a label"),
                new("duet ingest songs --store stores/sound --streams audio", "sound alone: files of sound, and the sound of videos"),
                new("duet ingest ESC-50 --store stores/esc50", "a data set as it is distributed: labels and folds are its own"),
                new("duet ingest ucf --store stores/ucf101 --layout ucf101", "the same, and an error where the folder does not have that layout"),
                new("duet ingest list.csv --store stores/mine --jobs 8", "a list, eight at once"),
            ],
        };
        verb.Arguments.Add(source);
        foreach (var option in new Option[] { store, fps, shortSide, sampleRate, quality, jobs, layout, labels, streams, minSeconds, minDecodable, silent, silenceDb, still, stall, cpu, memory, pixels, shard })
        {
            verb.Options.Add(option);
        }

        verb.Run(context =>
        {
            var parse = context.Parse;
            return RunAsync(context, new IngestOptions
            {
                Source = parse.GetValue(source)!,
                Store = parse.GetValue(store)!,
                FrameRate = Rate(parse.GetValue(fps)),
                ShortSide = parse.GetValue(shortSide),
                SampleRate = parse.GetValue(sampleRate),
                JpegQuality = parse.GetValue(quality),
                SilenceDb = parse.GetValue(silenceDb),
                Jobs = parse.GetValue(jobs),
                Labels = parse.GetValue(labels),
                Layout = parse.GetValue(layout),
                Streams = parse.GetValue(streams),
                StallSeconds = parse.GetValue(stall),
                CpuSeconds = parse.GetValue(cpu),
                MemoryMegabytes = parse.GetValue(memory),
                FrameMegapixels = parse.GetValue(pixels),
                ShardMegabytes = parse.GetValue(shard),
                Limits = new Option[] { minSeconds, minDecodable, silent, still }.All(limit => parse.GetResult(limit) is null or { Implicit: true }) ? null : new QualityLimits
                {
                    MinSeconds = parse.GetValue(minSeconds),
                    MinDecodable = parse.GetValue(minDecodable),
                    Silent = parse.GetValue(silent),
                    Still = parse.GetValue(still),
                },
            });
        });
        return verb;
    }

    private static Option<double> Limit(string name, double value, string description, string unit) =>
        new(name) { Description = description, DefaultValueFactory = _ => value, HelpName = unit };

    private static Rational? Rate(string? text) => text is null ? null
        : Rational.TryParse(text, out var rate) ? rate
        : throw new UsageException($"--fps {text} is no number of frames per second; give one such as 25, 12.5 or 30000/1001.");

    private static async Task<int> RunAsync(CommandContext context, IngestOptions options)
    {
        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new UsageException($"{OptionName(error.Property)} {error.Message}.");
        }

        IngestSummary summary;
        using (var line = new ProgressLine(context, "ingest", "files"))
        {
            summary = await StoreIngest.RunAsync(options, new Reporter(line), context.CancellationToken).ConfigureAwait(false);
        }

        if (context.Json)
        {
            context.WriteJson(summary);
        }
        else
        {
            Print(context, summary);
        }

        return summary.Quarantined.Count > 0 ? ExitCodes.DoneWithQuarantine : ExitCodes.Done;
    }

    /// <summary>An option record's property as the user knows it: <c>ShortSide</c> is <c>--short-side</c>.</summary>
    private static string OptionName(string property) => property == nameof(IngestOptions.FrameRate)
        ? "--fps"
        : "--" + string.Concat(property.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(c) : c.ToString()));

    private static void Print(CommandContext context, IngestSummary summary)
    {
        if (summary.Quarantined.Count > 0)
        {
            var table = new Table().Border(TableBorder.None).AddColumn("quarantined").AddColumn("reason").AddColumn("what was found");
            const int shown = 200;
            foreach (var source in summary.Quarantined.Take(shown))
            {
                table.AddRow(Printable(source.Path), Printable(source.Reason), Printable(source.Detail));
            }

            context.Console.Write(table);
            if (summary.Quarantined.Count > shown)
            {
                context.Line($"and {summary.Quarantined.Count - shown} more (with --json)");
            }

            context.Line();
        }

        if (summary.Missing > 0)
        {
            context.Line($"Not there, of the files that the data set's lists name: {summary.Missing}.");
        }

        if (summary.OtherFiles.Count > 0)
        {
            context.Line($"Not looked at by their extension: {string.Join(", ", summary.OtherFiles.Select(other => $"{other.Value} {other.Key}"))}.");
        }

        PrintNames(context, "Not looked at, being in no list of the data set", summary.Unlisted);
        PrintNames(context, "Not followed, being links to folders", summary.LinkedFolders);

        context.Line($"Read as {summary.Layout}.");
        context.Line($"{summary.Files} files: {summary.Ready} ready, {summary.Quarantined.Count} quarantined; {summary.Processed} done now in {Durations.Text(TimeSpan.FromSeconds(summary.Elapsed))}, {summary.Unchanged} unchanged.");
        context.Line($"The store {summary.Store} has {summary.StoreVideos} ready videos, {Durations.Text(TimeSpan.FromSeconds(summary.StoreSeconds))} in all.");
    }

    private static void PrintNames(CommandContext context, string what, IReadOnlyList<string> names)
    {
        const int shown = 10;
        if (names.Count > 0)
        {
            var more = names.Count > shown ? $" and {names.Count - shown} more (all with --json)" : "";
            context.Line($"{what}: {string.Join(", ", names.Take(shown).Select(Plain))}{more}.");
        }
    }

    /// <summary>File names and messages are somebody else's: no control character of theirs reaches the terminal.</summary>
    internal static string Plain(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '\uFFFD' : c));

    /// <summary>The same for text that is read as markup.</summary>
    internal static string Printable(string text) => Markup.Escape(Plain(text));

    internal sealed class Reporter(ProgressLine line) : IProgress<IngestProgress>
    {
        public void Report(IngestProgress value) => line.Report(
            value.Done, value.Total, detail: $"{Durations.Text(TimeSpan.FromSeconds(value.MediaSeconds))} of video, {value.Quarantined} quarantined");
    }
}
