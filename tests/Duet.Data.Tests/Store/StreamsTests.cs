using Duet.Data.Clips;
using Duet.Data.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Store;

public sealed class StreamsTests : IDisposable
{
    private static readonly ClipOptions Clip = new() { Frames = 8, FrameRate = 25, Size = 32, AudioSeconds = new Rational(1, 2) };

    private readonly TemporaryFolder folder = new();

    public StreamsTests()
    {
        TestVideos.Make(folder["v", "both.mp4"]);
        TestVideos.Ffmpeg("-i", folder["v", "both.mp4"], "-c", "copy", "-an", folder["v", "mute.mp4"]);
        TestVideos.Ffmpeg("-f", "lavfi", "-i", "sine=f=300:r=22050:d=1.5", folder["v", "tone.flac"]);
        File.WriteAllText(folder["v", "notes.txt"], "no media");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Sound_alone_is_stored_read_verified_and_resumed()
    {
        var summary = await IngestAsync(StoreStreams.Audio);
        summary.Quarantined.ShouldHaveSingleItem().ShouldBe(new QuarantinedSource("mute.mp4", QuarantineReason.NoAudio, "it has no stream of sound (read as mov,mp4,m4a,3gp,3g2,mj2)"));
        (summary.Ready, summary.Streams, summary.OtherFiles.Keys.Single()).ShouldBe((2, StoreStreams.Audio, ".txt"));

        using var store = VideoStore.Open(folder["store"]);
        var tone = store.Videos.Single(v => v.SourcePath == "tone.flac");
        store.Videos.ShouldAllBe(v => !v.HasFrames && v.Width == 0 && v.SampleCount > 16_000);
        (tone.SampleCount, tone.Duration).ShouldBe((24_000, new Rational(3, 2)));
        var samples = new short[4000];
        store.ReadSamples(tone, 8000, samples);
        samples.Max().ShouldBeInRange((short)3000, (short)5000); // ffmpeg's tone is an eighth of full scale
        store.ReadFrames(tone, 0, 1, 1, new FrameBuffer()).ShouldBe(0);
        UniformClips.AudioOnly(tone, Clip, 3).Select(r => r.Audio[0].FirstSample).ShouldBe([0, 8000, 16_000]);

        Should.Throw<UsageException>(() => UniformClips.For(tone, Clip, 1)).Message.ShouldContain("no pictures of tone.flac");
        Should.Throw<UsageException>(() => UniformClips.FramesOnly(tone, Clip, 1)).Message.ShouldContain("no pictures of tone.flac");
        Should.Throw<UsageException>(() => RandomClips.Epoch(store.Videos, Clip, 0, 0, 0)).Message.ShouldContain("no pictures, only sound");

        var info = StoreInfo.Read(folder["store"]);
        (info.WithPictures, info.WithSound, info.DeadBytes).ShouldBe((0, 2, 0));
        StoreVerifier.Run(folder["store"], null, TestContext.Current.CancellationToken).Problems.ShouldBeEmpty();

        // The store remembers what it holds: the files of sound are looked at again without being asked for.
        var second = await IngestAsync(null);
        (second.Processed, second.Unchanged, second.Ready).ShouldBe((0, 3, 2));
        (await Should.ThrowAsync<UsageException>(() => IngestAsync(StoreStreams.Both))).Message.ShouldContain("--streams audio");
    }

    [Fact]
    public async Task A_damaged_byte_of_sound_alone_names_its_file()
    {
        await IngestAsync(StoreStreams.Audio);
        long offset;
        using (var store = VideoStore.Open(folder["store"]))
        {
            offset = store.Videos.Single(v => v.SourcePath == "tone.flac").SamplesOffset + 100;
        }

        using (var shard = new FileStream(StoreLayout.Shard(folder["store"], 0), FileMode.Open))
        {
            shard.Position = offset;
            var old = shard.ReadByte();
            shard.Position = offset;
            shard.WriteByte((byte)(old ^ 1));
        }

        var problem = StoreVerifier.Run(folder["store"], null, TestContext.Current.CancellationToken).Problems.ShouldHaveSingleItem();
        problem.SourcePath.ShouldBe("tone.flac");
    }

    [Fact]
    public async Task Pictures_alone_are_stored_and_clips_of_sound_refused()
    {
        var summary = await IngestAsync(StoreStreams.Video);
        (summary.Ready, summary.Quarantined.Count, summary.OtherFiles[".flac"]).ShouldBe((2, 0, 1));
        using var store = VideoStore.Open(folder["store"]);
        store.Videos.ShouldAllBe(v => v.HasFrames && v.SampleCount == 0);
        var video = store.Videos.Single(v => v.SourcePath == "mute.mp4");
        (video.FrameCount, video.Duration).ShouldBe((30, new Rational(30, 25)));
        var frames = new FrameBuffer();
        store.ReadFrames(video, 28, 4, 1, frames).ShouldBe(2);
        UniformClips.FramesOnly(video, Clip, 2).Count.ShouldBe(2);
        Should.Throw<UsageException>(() => UniformClips.AudioOnly(video, Clip, 1)).Message.ShouldContain("no sound of mute.mp4");
        Should.Throw<UsageException>(() => RandomClips.Epoch(store.Videos, Clip, 0, 0, 0)).Message.ShouldContain("no sound, only pictures");
        StoreVerifier.Run(folder["store"], null, TestContext.Current.CancellationToken).Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task Any_takes_what_a_file_has_and_samplers_leave_out_what_lacks()
    {
        (await IngestAsync(StoreStreams.Any)).Ready.ShouldBe(3);
        using var store = VideoStore.Open(folder["store"]);
        store.Videos.ToDictionary(v => v.SourcePath, v => (v.HasFrames, v.HasSound)).ShouldBe(
            new Dictionary<string, (bool, bool)> { ["both.mp4"] = (true, true), ["mute.mp4"] = (true, false), ["tone.flac"] = (false, true) }, ignoreOrder: true);
        RandomClips.Epoch(store.Videos, Clip, 0, 0, 4).ShouldAllBe(r => r.Video.SourcePath == "both.mp4");
        PairFeasibility.Of(store.Videos, Clip, new PairOptions()).Describe(new PairMix(1, 0, 0)).ShouldBe("1 videos serve clips; 2 without pictures or without sound are left out.");
        StoreVerifier.Run(folder["store"], null, TestContext.Current.CancellationToken).Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_folder_of_sound_alone_says_how_to_take_it()
    {
        Directory.Delete(folder["v"], recursive: true);
        TestVideos.Ffmpeg("-f", "lavfi", "-i", "sine=d=1.5", folder["v", "tone.flac"]);
        (await Should.ThrowAsync<UsageException>(() => IngestAsync(null))).Message.ShouldContain("--streams audio");
        Directory.Exists(folder["store"]).ShouldBeFalse();
    }

    private Task<IngestSummary> IngestAsync(StoreStreams? streams) => StoreIngest.RunAsync(
        new IngestOptions { Source = folder["v"], Store = folder["store"], Streams = streams }, null, TestContext.Current.CancellationToken);
}
