using System.Formats.Tar;
using Duet.Data.Store;
using Microsoft.Data.Sqlite;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Store;

/// <summary>A store with two small videos, made once; each test damages a copy.</summary>
public sealed class SmallStore : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();

    public string Path => folder["store"];

    public async ValueTask InitializeAsync()
    {
        TestVideos.Make(folder["v", "one.mp4"]);
        TestVideos.Make(folder["v", "two.mp4"], sound: "sine=f=700:r=16000:d={0}");
        await StoreIngest.RunAsync(new IngestOptions { Source = folder["v"], Store = Path, FrameRate = 5, ShortSide = 32, SampleRate = 4000 }, null, default);
    }

    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

public sealed class StoreVerifierTests : IClassFixture<SmallStore>, IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string store;

    public StoreVerifierTests(SmallStore original)
    {
        store = folder["store"];
        foreach (var file in Directory.GetFiles(original.Path, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(store, Path.GetRelativePath(original.Path, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private string Shard => StoreLayout.Shard(store, 0);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_sound_store_has_no_problem_and_any_tar_reader_reads_it()
    {
        var report = Verify();
        report.Problems.ShouldBeEmpty();
        report.Videos.ShouldBe(2);
        report.Bytes.ShouldBe(new FileInfo(Shard).Length - Tar.EndLength);
        using var opened = VideoStore.Open(store);
        using var tar = new TarReader(File.OpenRead(Shard));
        var names = new List<string>();
        while (tar.GetNextEntry() is { } entry)
        {
            names.Add(entry.Name);
        }

        names.ShouldBe(opened.Videos.SelectMany(v => new[] { v.Id + ".mjpg", v.Id + ".wav", v.Id + ".json" }), ignoreOrder: true);
    }

    [Fact]
    public void Every_flipped_byte_is_found_and_laid_at_the_right_video()
    {
        var bytes = File.ReadAllBytes(Shard);
        using var opened = VideoStore.Open(store);
        var first = opened.Videos.MinBy(v => v.FramesOffset)!;
        var second = opened.Videos.MaxBy(v => v.FramesOffset)!;
        var border = second.FramesOffset - Tar.Block;
        var positions = Enumerable.Range(0, bytes.Length).Where(i => i % 997 == 0)
            .Concat([0, 511, 512, bytes.Length - 1, bytes.Length - 1025, (int)first.JsonOffset + first.JsonLength, (int)second.SamplesOffset - 1]);
        foreach (var position in positions)
        {
            Flip(position);
            var problems = Verify().Problems;
            Flip(position);
            problems.ShouldNotBeEmpty($"byte {position}");
            if (position < bytes.Length - Tar.EndLength)
            {
                var id = position < border ? first.Id : second.Id;
                problems.ShouldAllBe(p => p.VideoId == id && p.SourcePath!.EndsWith(".mp4", StringComparison.Ordinal), $"byte {position}");
            }
        }

        Verify().Problems.ShouldBeEmpty();
    }

    [Fact]
    public void A_cut_shard_a_missing_shard_and_a_stray_one_are_found()
    {
        File.WriteAllText(StoreLayout.Shard(store, 7), "x");
        Verify().Problems.ShouldHaveSingleItem().Place.ShouldBe("shard-000007.tar");
        using (var file = new FileStream(Shard, FileMode.Open))
        {
            file.SetLength(file.Length / 2);
        }

        Verify().Problems.ShouldContain(p => p.VideoId != null && p.What.Contains("ends", StringComparison.Ordinal));
        File.Delete(Shard);
        Verify().Problems.Count(p => p.What == "the shard is missing").ShouldBe(2);
        Should.Throw<StoreException>(() => VideoStore.Open(store)).Message.ShouldContain("missing");
    }

    [Theory]
    [InlineData("frames_offset = 1 << 40")]
    [InlineData("frame_count = -1")]
    [InlineData("frame_count = frame_count + 1")]
    [InlineData("sample_count = 9000000000000000000")]
    [InlineData("json_length = 2147483647")]
    [InlineData("wav_offset = wav_offset + 512")]
    [InlineData("frame_rate = '0'")]
    [InlineData("frames_sha256 = 'x'")]
    [InlineData("sample_rate = 8000")] // the bytes are as they were written
    [InlineData("id = '../../../etc/passwd'")]
    public void A_catalog_that_lies_is_found(string change)
    {
        Sql($"PRAGMA foreign_keys = OFF; UPDATE contents SET {change} WHERE id = (SELECT MIN(id) FROM contents)");
        Verify().Problems.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("frames_offset = 1 << 40")]
    [InlineData("frame_count = 2000000000")]
    [InlineData("sample_count = 9000000000000000000")]
    [InlineData("json_length = 2147483647")]
    [InlineData("width = 0")]
    [InlineData("frame_rate = '1/0'")]
    public void A_store_with_impossible_values_is_not_opened(string change)
    {
        Sql($"UPDATE contents SET {change} WHERE id = (SELECT MIN(id) FROM contents)");
        Should.Throw<StoreException>(() => VideoStore.Open(store)).Message.ShouldContain("duet store verify");
    }

    [Fact]
    public void A_frame_table_that_lies_is_an_error_when_it_is_used()
    {
        Sql("UPDATE contents SET frame_count = frame_count + 1");
        using var opened = VideoStore.Open(store);
        Should.Throw<StoreException>(() => opened.ReadFrames(opened.Videos[0], 0, 1, 1, new FrameBuffer())).Message.ShouldContain("frame table");
    }

    [Theory]
    [InlineData("PRAGMA user_version = 99", "format version 99")]
    [InlineData("PRAGMA application_id = 1", "not a Duet catalog")]
    public void Another_format_is_named(string sql, string message)
    {
        Sql(sql);
        Should.Throw<StoreException>(() => VideoStore.Open(store)).Message.ShouldContain(message);
    }

    [Fact]
    public void A_catalog_that_is_no_database_is_an_error()
    {
        File.WriteAllText(StoreLayout.Catalog(store), "no database, only some text that is long enough to be looked at");
        Should.Throw<StoreException>(() => VideoStore.Open(store)).Message.ShouldContain("can't be read");
    }

    [Fact]
    public void A_shard_that_ends_is_damage_and_a_store_that_is_gone_is_not()
    {
        using var opened = VideoStore.Open(store);
        using (var file = new FileStream(Shard, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            file.SetLength(100);
        }

        var sound = new short[10];
        Should.Throw<StoreException>(() => opened.ReadSamples(opened.Videos[0], 0, sound)).Message.ShouldContain("duet store verify");
        Should.Throw<StoreException>(() => opened.ReadFrames(opened.Videos[0], 0, 1, 1, new FrameBuffer()));
        File.Move(StoreLayout.Catalog(store), folder["elsewhere.db"]);
        Should.Throw<StoreLostException>(() => opened.ReadSamples(opened.Videos[0], 0, sound)).Message.ShouldContain($"The store '{store}' can't be seen any more");
        Should.Throw<StoreLostException>(() => opened.ReadFrames(opened.Videos[0], 0, 1, 1, new FrameBuffer()));
    }

    [Fact]
    public void Frames_and_samples_are_read_from_anywhere_by_many_threads()
    {
        using var opened = VideoStore.Open(store);
        var video = opened.Videos[0];
        var all = new FrameBuffer();
        opened.ReadFrames(video, 0, 100, 1, all).ShouldBe(video.FrameCount);
        var sound = new short[video.SampleCount + 20];
        opened.ReadSamples(video, -10, sound);
        sound.AsSpan(0, 10).ContainsAnyExcept((short)0).ShouldBeFalse();
        sound.AsSpan((int)video.SampleCount + 10).ContainsAnyExcept((short)0).ShouldBeFalse();
        sound.AsSpan(10, (int)video.SampleCount).ContainsAnyExcept((short)0).ShouldBeTrue();
        Parallel.For(0, 200, i =>
        {
            var buffer = new FrameBuffer();
            var (first, step) = (i % video.FrameCount, 1 + (i % 3));
            var read = opened.ReadFrames(video, first, 3, step, buffer);
            for (var k = 0; k < read; k++)
            {
                Bytes(buffer, k).SequenceEqual(Bytes(all, first + (k * step))).ShouldBeTrue();
            }

            var piece = new short[50];
            opened.ReadSamples(video, i, piece);
            piece.ShouldBe(sound[(10 + i)..(60 + i)]);
        });
        opened.ReadFrames(video, video.FrameCount, 1, 1, all).ShouldBe(0);
        var far = new short[] { 1, 2 };
        opened.ReadSamples(video, long.MaxValue - 1, far);
        opened.ReadSamples(video, long.MinValue, far);
        far.ShouldBe([0, 0]);
    }

    [Fact]
    public void The_fingerprint_changes_with_the_videos_only()
    {
        using (var opened = VideoStore.Open(store))
        {
            Sql("UPDATE sources SET label = 'x'");
            using var relabelled = VideoStore.Open(store);
            relabelled.Fingerprint.ShouldBe(opened.Fingerprint);
            Sql("UPDATE contents SET status = 'quarantined', reason = 'still' WHERE id = (SELECT MIN(id) FROM contents)");
            using var fewer = VideoStore.Open(store);
            fewer.Fingerprint.ShouldNotBe(opened.Fingerprint);
        }
    }

    private static ReadOnlySpan<byte> Bytes(FrameBuffer buffer, int index) => buffer.Bytes.AsSpan(buffer.Frames[index].Offset, buffer.Frames[index].Length);

    private VerifyReport Verify() => StoreVerifier.Run(store, null, TestContext.Current.CancellationToken);

    private void Flip(long position)
    {
        using var file = new FileStream(Shard, FileMode.Open);
        file.Position = position;
        var value = file.ReadByte();
        file.Position = position;
        file.WriteByte((byte)(value ^ 0x10));
    }

    private void Sql(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={StoreLayout.Catalog(store)};Pooling=False");
        connection.Open();
        connection.Run(sql);
    }
}
