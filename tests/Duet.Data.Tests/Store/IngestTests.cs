using Duet.Data.Media;
using Duet.Data.Store;
using Shouldly;
using SkiaSharp;
using Xunit;

namespace Duet.Data.Tests.Store;

public sealed class IngestTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Files_that_teach_nothing_are_quarantined_for_the_true_reason()
    {
        TestVideos.Make(folder["v", "-good name%d.mp4"]);
        TestVideos.Make(folder["v", "still.mp4"], pictures: "color=red:s=64x64:r=25:d={0}", seconds: 2.5);
        TestVideos.Make(folder["v", "silent.mp4"], sound: "anullsrc=r=16000:d={0}");
        TestVideos.Make(folder["v", "short.mp4"], seconds: 0.5);
        TestVideos.Make(folder["v", "tiny.avi"], pictures: "testsrc=s=8x8:r=25:d={0}", encoding: ["-c:v", "ffv1", "-c:a", "pcm_s16le"]);
        TestVideos.Ffmpeg("-i", folder["v", "-good name%d.mp4"], "-c", "copy", "-an", folder["v", "mute.mp4"]);
        TestVideos.Ffmpeg("-i", folder["v", "-good name%d.mp4"], "-c", "copy", "-vn", folder["v", "blind.mp4"]);
        TestVideos.Ffmpeg(
            "-f", "lavfi", "-i", "sine=d=1.2", "-f", "lavfi", "-i", "testsrc=s=64x64:d=0.04", "-map", "0", "-map", "1",
            "-c:v", "mjpeg", "-disposition:v", "attached_pic", "-c:a", "aac", folder["v", "cover.mp4"]);
        File.WriteAllText(folder["v", "text.mp4"], "this is no video, and never was one");
        File.WriteAllText(folder["v", "empty.mkv"], "");
        File.WriteAllText(folder["v", "playlist.mp4"], $"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\n{folder["v", "-good name%d.mp4"]}\n#EXT-X-ENDLIST\n");
        File.WriteAllText(folder["v", "concat.mp4"], $"ffconcat version 1.0\nfile '{folder["v", "-good name%d.mp4"]}'\n");
        TestVideos.Make(folder["v", "cut.mp4"], seconds: 3, encoding: ["-c:v", "mpeg4", "-c:a", "aac", "-movflags", "+faststart"]);
        using (var file = new FileStream(folder["v", "cut.mp4"], FileMode.Open))
        {
            file.SetLength(file.Length * 6 / 10);
        }

        TestVideos.Make(folder["v", "torn.avi"], seconds: 3, encoding: ["-c:v", "mpeg4", "-q:v", "3", "-g", "5", "-c:a", "pcm_s16le"]);
        Overwrite(folder["v", "torn.avi"], 0.3, 0.6);

        var summary = await IngestAsync(folder["v"]);
        summary.Quarantined.ToDictionary(q => q.Path, q => q.Reason).ShouldBe(
            new Dictionary<string, string>
            {
                ["blind.mp4"] = QuarantineReason.NoVideo,
                ["concat.mp4"] = QuarantineReason.Undecodable,
                ["cover.mp4"] = QuarantineReason.NoVideo,
                ["cut.mp4"] = QuarantineReason.Damaged,
                ["empty.mkv"] = QuarantineReason.Undecodable,
                ["mute.mp4"] = QuarantineReason.NoAudio,
                ["playlist.mp4"] = QuarantineReason.Undecodable,
                ["short.mp4"] = QuarantineReason.TooShort,
                ["silent.mp4"] = QuarantineReason.Silent,
                ["still.mp4"] = QuarantineReason.Still,
                ["text.mp4"] = QuarantineReason.Undecodable,
                ["tiny.avi"] = QuarantineReason.FrameSize,
                ["torn.avi"] = QuarantineReason.Damaged,
            },
            ignoreOrder: true,
            customMessage: string.Join('\n', summary.Quarantined));
        using var store = VideoStore.Open(folder["store"]);
        store.Videos.ShouldHaveSingleItem().SourcePath.ShouldBe("-good name%d.mp4");
        Directory.GetFiles(folder["store", "spool"]).ShouldBeEmpty();
    }

    [Fact]
    public async Task Unchanged_files_are_left_alone_changed_ones_replaced_and_copies_stored_once()
    {
        TestVideos.Make(folder["v", "a.mp4"]);
        TestVideos.Make(folder["v", "b.mp4"], sound: "sine=f=700:r=16000:d={0}");
        File.Copy(folder["v", "a.mp4"], folder["v", "copy.mp4"]);
        var first = await IngestAsync(folder["v"]);
        (first.Processed, first.Ready).ShouldBe((3, 2));
        first.Quarantined.ShouldHaveSingleItem().ShouldBe(new QuarantinedSource("copy.mp4", QuarantineReason.Duplicate, "same content as a.mp4"));
        var shard = File.ReadAllBytes(StoreLayout.Shard(folder["store"], 0));

        var second = await IngestAsync(folder["v"]);
        (second.Processed, second.Unchanged, second.Ready).ShouldBe((0, 3, 2));
        File.ReadAllBytes(StoreLayout.Shard(folder["store"], 0)).ShouldBe(shard);

        File.Copy(folder["v", "b.mp4"], folder["old-b.mp4"]);
        TestVideos.Make(folder["v", "b.mp4"], seconds: 1.6);
        var third = await IngestAsync(folder["v"]);
        (third.Processed, third.Ready).ShouldBe((1, 2));
        var info = StoreInfo.Read(folder["store"]);
        info.Videos.ShouldBe(2);
        info.DeadBytes.ShouldBeGreaterThan(10_000);

        // The first of two copies goes: the other takes its place, and nothing is converted.
        TestVideos.Make(folder["v", "a.mp4"], seconds: 1.4);
        await IngestAsync(folder["v"]);
        using (var store = VideoStore.Open(folder["store"]))
        {
            store.Videos.Select(v => v.SourcePath).Order(StringComparer.Ordinal).ShouldBe(["a.mp4", "b.mp4", "copy.mp4"]);
        }

        // What was once stored comes back without being converted or stored again.
        var length = new FileInfo(StoreLayout.Shard(folder["store"], 0)).Length;
        File.Copy(folder["old-b.mp4"], folder["v", "b.mp4"], overwrite: true);
        (await IngestAsync(folder["v"])).Ready.ShouldBe(3);
        new FileInfo(StoreLayout.Shard(folder["store"], 0)).Length.ShouldBe(length);
        StoreVerifier.Run(folder["store"], null, TestContext.Current.CancellationToken).Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task Other_limits_judge_known_videos_anew()
    {
        TestVideos.Make(folder["v", "short.mp4"], seconds: 1.2);
        TestVideos.Make(folder["v", "long.mp4"], seconds: 2);
        (await IngestAsync(folder["v"])).Ready.ShouldBe(2);
        var strict = await IngestAsync(folder["v"], limits: new QualityLimits { MinSeconds = 1.5 });
        (strict.Processed, strict.Ready).ShouldBe((0, 1));
        strict.Quarantined.ShouldHaveSingleItem().Reason.ShouldBe(QuarantineReason.TooShort);
        var mild = await IngestAsync(folder["v"]);
        (mild.Processed, mild.Ready).ShouldBe((0, 2));

        TestVideos.Make(folder["v", "shorter.mp4"], seconds: 0.6);
        (await IngestAsync(folder["v"])).Ready.ShouldBe(2);
        (await IngestAsync(folder["v"], limits: new QualityLimits { MinSeconds = 0.5 })).Ready.ShouldBe(3);
    }

    [Fact]
    public async Task A_turned_video_is_upright_and_both_ranges_have_the_same_grey()
    {
        TestVideos.Make(folder["plain.mp4"], pictures: "color=0x404040:s=96x64:r=25:d={0}", encoding: ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"]);
        TestVideos.Make(folder["v", "full.mp4"], pictures: "color=0x404040:s=96x64:r=25:d={0}", encoding: ["-c:v", "libx264", "-pix_fmt", "yuvj420p", "-color_range", "pc", "-c:a", "aac"]);
        TestVideos.Ffmpeg("-i", folder["plain.mp4"], "-c", "copy", "-metadata:s:v:0", "rotate=90", folder["v", "turned.mp4"]);
        TestVideos.Make(folder["v", "moving.mp4"], pictures: "testsrc=s=50x50:r=12:d={0}");
        await IngestAsync(folder["v"], limits: new QualityLimits { Still = 2 });
        using var store = VideoStore.Open(folder["store"]);
        var videos = store.Videos.ToDictionary(v => v.SourcePath);
        (videos["turned.mp4"].Width, videos["turned.mp4"].Height).ShouldBe((64, 96));
        (videos["full.mp4"].Width, videos["full.mp4"].Height).ShouldBe((96, 64));
        (videos["moving.mp4"].Width, videos["moving.mp4"].Height).ShouldBe((50, 50));
        videos["moving.mp4"].FrameCount.ShouldBeInRange(30, 31); // 1.2 s and what the sound's last packet adds, from 12 to 25 frames per second
        foreach (var name in new[] { "turned.mp4", "full.mp4" })
        {
            var frames = new FrameBuffer();
            store.ReadFrames(videos[name], 10, 1, 1, frames).ShouldBe(1);
            using var picture = SKBitmap.Decode(frames.Bytes.AsSpan(0, frames.Frames[0].Length));
            picture.Width.ShouldBe(videos[name].Width);
            ((double)picture.GetPixel(20, 20).Green).ShouldBe(0x40, 3);
        }
    }

    [Fact]
    public async Task Settings_of_a_store_are_not_mixed_and_a_foreign_folder_is_left_alone()
    {
        TestVideos.Make(folder["v.mp4"]);
        await IngestAsync(folder["v.mp4"]);
        var error = await Should.ThrowAsync<UsageException>(() => IngestAsync(folder["v.mp4"], fps: 10));
        error.Message.ShouldContain("--fps 25");
        (await IngestAsync(folder["v.mp4"], fps: 25)).Unchanged.ShouldBe(1);

        Should.Throw<StoreException>(() => VideoStore.Open(folder["none"])).Message.ShouldContain("duet ingest");
        var options = new IngestOptions { Source = folder["v.mp4"], Store = folder.Path };
        (await Should.ThrowAsync<UsageException>(() => StoreIngest.RunAsync(options, null, default))).Message.ShouldContain("not a store and not empty");
    }

    [Fact]
    public async Task One_ingest_at_a_time()
    {
        Directory.CreateDirectory(folder["store"]);
        TestVideos.Make(folder["v.mp4"]);
        using var held = StoreLock.Take(folder["store"]);
        (await Should.ThrowAsync<StoreException>(() => IngestAsync(folder["v.mp4"]))).Message.ShouldContain($"process {Environment.ProcessId}");
    }

    [Fact]
    public async Task A_copy_of_a_file_that_changes_meanwhile_is_stored_by_the_same_call()
    {
        TestVideos.Make(folder["v", "a.mp4"]);
        File.Copy(folder["v", "a.mp4"], folder["v", "b.mp4"]);

        // An ffmpeg that, the first time, touches the file that it converts.
        var script = folder["ffmpeg"];
        File.WriteAllText(script, $"""
            #!/bin/sh
            if mkdir '{folder["touched"]}' 2>/dev/null; then
                for a in "$@"; do case $a in file:*.mp4) touch -d 2001-01-01 "${"{a#file:}"}";; esac; done
            fi
            exec ffmpeg "$@"
            """);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        var summary = await StoreIngest.RunAsync(
            new IngestOptions { Source = folder["v"], Store = folder["store"], Jobs = 2, Tools = MediaTools.Find() with { Ffmpeg = script } },
            null, TestContext.Current.CancellationToken);
        summary.Quarantined.ShouldHaveSingleItem().Reason.ShouldBe(QuarantineReason.Changed);
        summary.Ready.ShouldBe(1);
        (await IngestAsync(folder["v"])).Quarantined.ShouldHaveSingleItem().Reason.ShouldBe(QuarantineReason.Duplicate);
    }

    [Fact]
    public async Task A_file_that_was_moved_counts_as_ready()
    {
        TestVideos.Make(folder["v", "a.mp4"]);
        await IngestAsync(folder["v"]);
        File.Move(folder["v", "a.mp4"], folder["v", "moved.mp4"]);
        var progress = new Last();
        var summary = await StoreIngest.RunAsync(new IngestOptions { Source = folder["v"], Store = folder["store"] }, progress, TestContext.Current.CancellationToken);
        (summary.Processed, summary.Ready, summary.Quarantined.Count).ShouldBe((1, 1, 0));
        (progress.Value!.Ready, progress.Value.Quarantined, progress.Value.Done).ShouldBe((1, 0, 1));

        File.Copy(folder["v", "moved.mp4"], folder["v", "z.mp4"]);
        await StoreIngest.RunAsync(new IngestOptions { Source = folder["v"], Store = folder["store"] }, progress, TestContext.Current.CancellationToken);
        (progress.Value.Ready, progress.Value.Quarantined).ShouldBe((0, 1));
    }

    [Theory]
    [InlineData("UPDATE contents SET frame_rate = '1/9223372036854775807'", "frame_rate")]
    [InlineData("UPDATE contents SET width = -64", "width")]
    [InlineData("UPDATE contents SET frames_length = -1", "frames_length")]
    [InlineData("UPDATE contents SET sample_count = 0, frame_count = 0", "frame_count")]
    [InlineData("UPDATE settings SET value = '1/9223372036854775807' WHERE name = 'frame_rate'", "settings")]
    [InlineData("UPDATE settings SET value = 'smell' WHERE name = 'streams'", "settings")]
    [InlineData("DROP VIEW videos; CREATE VIEW videos AS SELECT 1 AS id", "tables")]
    [InlineData("DROP VIEW videos; DROP TABLE settings", "tables")]
    public async Task A_catalog_with_impossible_values_or_other_tables_is_one_error_that_names_it(string sql, string what)
    {
        TestVideos.Make(folder["v.mp4"]);
        await IngestAsync(folder["v.mp4"]);
        using (var catalog = CatalogConnection.Connect(StoreLayout.Catalog(folder["store"]), Microsoft.Data.Sqlite.SqliteOpenMode.ReadWrite))
        {
            catalog.Run("PRAGMA foreign_keys = OFF");
            catalog.Run(sql);
        }

        var message = Should.Throw<StoreException>(() => VideoStore.Open(folder["store"])).Message;
        message.ShouldContain("catalog");
        message.ShouldContain(what);
        if (what is "tables" or "settings")
        {
            (await Should.ThrowAsync<StoreException>(() => IngestAsync(folder["v.mp4"]))).Message.ShouldContain(what);
        }
    }

    [Fact]
    public async Task An_impossible_shard_length_is_one_error_that_names_the_catalog()
    {
        TestVideos.Make(folder["v.mp4"]);
        await IngestAsync(folder["v.mp4"]);
        using (var catalog = CatalogConnection.Connect(StoreLayout.Catalog(folder["store"]), Microsoft.Data.Sqlite.SqliteOpenMode.ReadWrite))
        {
            catalog.Run("UPDATE shards SET length = -512");
        }

        (await Should.ThrowAsync<StoreException>(() => IngestAsync(folder["v.mp4"]))).Message.ShouldContain("catalog.db");
        Should.Throw<StoreException>(() => StoreVerifier.Run(folder["store"], null, TestContext.Current.CancellationToken)).Message.ShouldContain("catalog.db");
    }

    private sealed class Last : IProgress<IngestProgress>
    {
        public IngestProgress? Value { get; private set; }

        public void Report(IngestProgress value) => Value = value;
    }

    private static void Overwrite(string path, double from, double to)
    {
        using var file = new FileStream(path, FileMode.Open);
        var noise = new byte[(int)(file.Length * (to - from))];
        new Random(1).NextBytes(noise);
        file.Position = (long)(file.Length * from);
        file.Write(noise);
    }

    private Task<IngestSummary> IngestAsync(string source, QualityLimits? limits = null, Rational? fps = null) => StoreIngest.RunAsync(
        new IngestOptions { Source = source, Store = folder["store"], FrameRate = fps, Limits = limits ?? new QualityLimits() }, null, TestContext.Current.CancellationToken);
}
