using System.CommandLine;
using System.Globalization;
using Duet.Cli.Hosting;
using Duet.Cli.Output;
using Duet.Data.Store;
using Spectre.Console;

namespace Duet.Cli.Verbs;

/// <summary><c>duet store info</c> and <c>duet store verify</c>.</summary>
internal static class StoreVerb
{
    public static Command Create()
    {
        var verb = new Verb("store", "Says what a store holds, or checks every byte of it.")
        {
            Examples = [new("duet store info stores/mine", "what it holds"), new("duet store verify stores/mine", "is it as it was written?")],
        };
        verb.Subcommands.Add(Info());
        verb.Subcommands.Add(Verify());
        return verb;
    }

    private static Argument<string> Folder() => new("DIR") { Description = "The store's folder." };

    private static Verb Info()
    {
        var folder = Folder();
        var verb = new Verb("info", "Says what a store holds: videos, length, labels, quarantined files, space.")
        {
            Examples = [new("duet store info stores/mine", "a list for people"), new("duet store info stores/mine --json", "the same for programs")],
        };
        verb.Arguments.Add(folder);
        verb.Run(context =>
        {
            var info = StoreInfo.Read(context.Parse.GetValue(folder)!);
            if (context.Json)
            {
                context.WriteJson(info);
            }
            else
            {
                Print(context, info);
            }

            return Task.FromResult(ExitCodes.Done);
        });
        return verb;
    }

    private static Verb Verify()
    {
        var folder = Folder();
        var verb = new Verb("verify", "Checks every byte of a store: shards, frames, sound, catalog. Names each damaged video and its source.")
        {
            Examples = [new("duet store verify stores/mine", "exit code 1 where anything is not as it was written")],
        };
        verb.Arguments.Add(folder);
        verb.Run(context =>
        {
            VerifyReport report;
            using (var line = new ProgressLine(context, "verify", "MB"))
            {
                report = StoreVerifier.Run(context.Parse.GetValue(folder)!, new Reporter(line), context.CancellationToken);
            }

            if (context.Json)
            {
                context.WriteJson(report);
            }
            else
            {
                Print(context, report);
            }

            return Task.FromResult(report.Problems.Count == 0 ? ExitCodes.Done : ExitCodes.Failed);
        });
        return verb;
    }

    private static void Print(CommandContext context, StoreInfo info)
    {
        context.Line($"store        {info.Store}");
        context.Line($"videos       {info.Videos} ready, {Durations.Text(TimeSpan.FromSeconds(info.Seconds))} in all; {info.Quarantined.Count} files quarantined");
        context.Line($"streams      {info.Settings.Streams.ToString().ToLowerInvariant()}: {info.WithPictures} videos with pictures, {info.WithSound} with sound");
        context.Line($"pictures     {info.Settings.FrameRate} frames per second, short side {info.Settings.ShortSide} pixels, JPEG quality {info.Settings.JpegQuality}");
        context.Line($"sound        {info.Settings.SampleRate} Hz; largest start skew corrected {Number(1000 * info.LargestSkewSeconds)} ms");
        context.Line($"space        {info.Shards} shards, {Megabytes(info.Bytes)}, of which {Megabytes(info.DeadBytes)} belong to replaced videos");
        context.Line($"labels       {Counts(info.Labels)}");
        context.Line($"splits       {Counts(info.Splits)}");
        context.Line($"fingerprint  {info.Fingerprint}");
        foreach (var group in info.Quarantined.GroupBy(source => source.Reason, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            context.Line($"quarantined  {group.Count()} {group.Key}");
        }
    }

    private static void Print(CommandContext context, VerifyReport report)
    {
        if (report.Problems.Count == 0)
        {
            context.Line($"{report.Videos} videos, {Megabytes(report.Bytes)}: every byte is as it was written.");
            return;
        }

        var table = new Table().Border(TableBorder.None).AddColumn("video").AddColumn("source").AddColumn("where").AddColumn("what");
        foreach (var problem in report.Problems)
        {
            table.AddRow(
                IngestVerb.Printable(problem.VideoId ?? "-"), IngestVerb.Printable(problem.SourcePath ?? "-"),
                IngestVerb.Printable(problem.Place), IngestVerb.Printable(problem.What));
        }

        context.Console.Write(table);
        context.Line();
        context.Line($"{report.Problems.Count} problems in {report.Videos} videos, {Megabytes(report.Bytes)}. Damaged videos are mended by ingesting their sources into a new store.");
    }

    private static string Counts(IReadOnlyDictionary<string, int> counts) =>
        string.Join(", ", counts.Select(pair => $"{(pair.Key.Length == 0 ? "(none)" : pair.Key)} {pair.Value}").DefaultIfEmpty("-"));

    private static string Megabytes(long bytes) => $"{Number(bytes / 1e6)} MB";

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private sealed class Reporter(ProgressLine line) : IProgress<(long Done, long Total)>
    {
        public void Report((long Done, long Total) value) => line.Report(value.Done / 1e6, value.Total / 1e6);
    }
}
