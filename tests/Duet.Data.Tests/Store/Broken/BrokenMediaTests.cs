using Duet.Data.Media;
using Duet.Data.Store;
using Microsoft.Data.Sqlite;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Store.Broken;

/// <summary>Files from strangers: each ends ready or quarantined for the true reason, and none harms another.</summary>
public sealed class BrokenMediaTests : IDisposable
{
    private const string Page = "docs/broken-media.md";

    private readonly BrokenCorpus corpus = new();

    public void Dispose() => corpus.Dispose();

    [Fact(Timeout = 3_600_000)]
    [Trait("Category", "Slow")]
    public async Task Each_ends_as_the_table_says_the_same_every_time_and_leaves_the_others_as_they_are()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "half of the corpus are names and special files of Linux");
        corpus.Make();
        var files = Directory.GetFiles(corpus.Broken).Where(f => FileStamp.TryOf(f) is not null).Select(f => (f, FileStamp.Of(f))).ToArray();
        await IngestAsync(corpus.CleanFolder, "s0", jobs: 2);
        var summary = await IngestAsync(corpus.Broken, "s1", jobs: 1);

        var expected = corpus.Here.SelectMany(c => c.Files.Select(f => (f.Name, Case: c))).ToArray();
        var found = summary.Quarantined.ToDictionary(q => q.Path, q => (q.Reason, q.Detail));
        var wrong = new List<string>();
        foreach (var (name, row) in expected)
        {
            var (verdict, detail) = found.GetValueOrDefault(name, (BrokenCase.Ready, ""));
            if (!row.Verdicts.Contains(verdict) || (verdict != BrokenCase.Ready && !detail.Contains(row.Says ?? "", StringComparison.Ordinal)))
            {
                wrong.Add($"{name}: {verdict}, {detail}");
            }
        }

        wrong.ShouldBeEmpty();

        // Nothing is left out: every entry of the folder is a file of the summary, a link to a folder, or one that is no video by its name.
        found.Keys.Except(expected.Select(e => e.Name)).ShouldBeEmpty();
        summary.Files.ShouldBe(expected.Length + BrokenCorpus.Good.Length);
        summary.Ready.ShouldBe(summary.Files - found.Count);
        summary.LinkedFolders.ShouldBe(["loop", "loop.mp4"]);
        summary.OtherFiles.ShouldBe(new Dictionary<string, int> { [".txt"] = 1 });

        // The good ones: the same bytes and numbers as without the others; whatever number of ffmpegs runs, whichever time it is.
        var rows = Rows("s1");
        var clean = Rows("s0");
        clean.Keys.ShouldBe(BrokenCorpus.Good, ignoreOrder: true);
        rows.Where(r => clean.ContainsKey(r.Key)).ShouldBe(clean, ignoreOrder: true);
        await IngestAsync(corpus.Broken, "s2", jobs: 3);
        Rows("s2").ShouldBe(rows, ignoreOrder: true);
        var again = await IngestAsync(corpus.Broken, "s1", jobs: 3);
        again.Quarantined.ShouldBe(summary.Quarantined);
        again.Processed.ShouldBe(found.Count(f => f.Value.Reason == QuarantineReason.Unreadable && !f.Value.Detail.Contains(FileNames.NotUtf8)) + 1); // and the empty one, which has no content to be known by
        Rows("s1").ShouldBe(rows, ignoreOrder: true);

        files.Select(f => (f.f, FileStamp.Of(f.f))).ShouldBe(files);
        StoreVerifier.Run(corpus["s1"], null, TestContext.Current.CancellationToken).Problems.ShouldBeEmpty();
        Directory.GetFileSystemEntries(corpus["s1", "spool"]).ShouldBeEmpty();
    }

    [Fact]
    public void The_page_has_this_table()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, Page)))
        {
            root = root.Parent.ShouldNotBeNull();
        }

        var page = File.ReadAllText(Path.Combine(root.FullName, Page));
        var table = string.Join('\n', corpus.All.Select(c => c.Row));
        page.ShouldContain(table, customMessage: $"{Page} must have these rows:\n{table}\n");
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Lists_name_the_same_files()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "names of Linux");
        corpus.MakeGood();
        var names = new[] { "-i.mp4", "it's \"a\", b.mp4", "line\nbreak.mp4" };
        Directory.CreateDirectory(corpus["list"]);
        foreach (var name in names)
        {
            Bytes.Vary(corpus.Clean("good.mp4"), corpus["list", name], name);
        }

        BrokenCorpus.Shell("cd \"$1\" && mkfifo pipe.mp4 && ln -s loop.mp4 loop.mp4 && ln -s gone nowhere.mp4 && cp -- -i.mp4 \"$(printf 'caf\\351.mp4')\" && printf 'caf\\351.mp4\\n./-i.mp4\\nmissing.mp4\\npipe.mp4\\n' > list.txt", corpus["list"]);
        File.WriteAllText(corpus["list", "list.csv"], "path,label\n" + string.Concat(names.Append("loop.mp4").Append("nowhere.mp4").Select(n => $"\"{n.Replace("\"", "\"\"")}\",a\n")));

        var text = await IngestAsync(corpus["list", "list.txt"], "s", jobs: 2);
        text.Ready.ShouldBe(1);
        text.Quarantined.Select(q => (q.Path, q.Reason)).ShouldBe(
            [("caf\uFFFD.mp4", QuarantineReason.Unreadable), ("missing.mp4", QuarantineReason.Unreadable), ("pipe.mp4", QuarantineReason.Unreadable)], ignoreOrder: true);
        text.Quarantined.First(q => q.Path[0] == 'c').Detail.ShouldContain("line 1 of the list names no file: the line is not UTF-8");

        var table = await IngestAsync(corpus["list", "list.csv"], "s", jobs: 2);
        table.Ready.ShouldBe(3);
        table.Quarantined.Select(q => q.Path).ShouldBe(["loop.mp4", "nowhere.mp4"]);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task A_decoder_that_hangs_is_ended_and_the_others_go_on()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a shell script stands in for the decoder");
        corpus.MakeGood();
        Directory.CreateDirectory(corpus["hang"]);
        File.Copy(corpus.Clean("good.mkv"), corpus["hang", "good.mkv"]);
        string[] tools = ["ffprobe", "ffmpeg"];
        foreach (var tool in tools)
        {
            TestVideos.Ffmpeg("-i", corpus.Clean("good.mkv"), "-c", "copy", "-metadata", $"title={tool}", corpus["hang", $"{tool}-hangs.mkv"]);
            File.WriteAllText(corpus[tool], $"#!/bin/sh\ncase \"$*\" in *{tool}-hangs.mkv*) exec sleep {Nap(tool)};; esac\nexec {tool} \"$@\"\n");
            BrokenCorpus.Shell("chmod +x \"$1\"", corpus[tool]);
        }

        // Long enough for the real ones to begin, on a machine that has much else to do.
        const int stall = 8;
        var summary = await IngestAsync(corpus["hang"], "s", jobs: 3, new MediaTools(corpus["ffmpeg"], corpus["ffprobe"]), stall);
        summary.Ready.ShouldBe(1);
        summary.Quarantined.Select(q => (q.Path, q.Reason)).ShouldBe([("ffmpeg-hangs.mkv", QuarantineReason.Limit), ("ffprobe-hangs.mkv", QuarantineReason.Limit)]);
        foreach (var tool in tools)
        {
            summary.Quarantined.Single(q => q.Path.StartsWith(tool, StringComparison.Ordinal)).Detail.ShouldContain($"{tool} made no progress for {stall} s");
            Running(Nap(tool)).ShouldBeFalse($"the {tool} that hangs is still there");
        }
    }

    /// <summary>How long a stand-in sleeps, in words that no other process has among its own. It can't leave its number in a file: ffprobe may write none.</summary>
    private static string Nap(string tool) => $"6{tool.Length}0.{Environment.ProcessId}";

    private static bool Running(string word) => Directory.GetDirectories("/proc").Where(d => char.IsAsciiDigit(d[^1])).Any(d =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(d, "cmdline")).Split('\0').Contains(word);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // it has ended
        }
    });

    private Task<IngestSummary> IngestAsync(string source, string store, int jobs, MediaTools? tools = null, int stall = 60) => StoreIngest.RunAsync(
        new IngestOptions { Source = source, Store = corpus[store], Jobs = jobs, Tools = tools, StallSeconds = stall }, null, TestContext.Current.CancellationToken);

    /// <summary>What the catalog says of each file, the hashes of its stored bytes included.</summary>
    private Dictionary<string, string> Rows(string store)
    {
        using var catalog = CatalogConnection.Connect(StoreLayout.Catalog(corpus[store]), SqliteOpenMode.ReadOnly);
        using var command = catalog.Command(
            "SELECT path, status, reason, decodable_share, seconds, silent_share, still_share, start_skew_seconds, frame_count, sample_count, json_sha256, frames_sha256, wav_sha256 FROM videos");
        using var reader = command.ExecuteReader();
        var rows = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read())
        {
            rows.Add(reader.GetString(0), string.Join(' ', Enumerable.Range(1, reader.FieldCount - 1).Select(i => reader.IsDBNull(i) ? "-" : Convert.ToString(reader.GetValue(i), System.Globalization.CultureInfo.InvariantCulture))));
        }

        return rows;
    }
}
