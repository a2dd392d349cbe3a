using Duet.Data.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Store;

/// <summary>The files of real archives, where they are at hand.</summary>
public sealed class RealFilesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Each_is_ready_or_quarantined_for_the_true_reason()
    {
        var clips = Path.Combine(RealData.Folder, "clips");
        Assert.SkipUnless(Directory.Exists(clips), "the real videos are not here; set DUET_TEST_DATA to their folder");
        var before = Directory.GetFiles(clips).Select(f => (f, FileStamp.Of(f))).ToList();
        var options = new IngestOptions { Source = clips, Store = folder["store"] };
        var summary = await StoreIngest.RunAsync(options, null, TestContext.Current.CancellationToken);

        string[] mute =
        [
            "codec_av1_video.mkv", "codec_bt709_full_range.mp4", "codec_h265_video.mp4", "decord_corrupted.mp4", "decord_video_0.mov", "decord_video_180.mov",
            "decord_video_90.mov", "foleycrafter_examples_gen3_case5.mp4", "mmaction_demo.mp4", "mmaction_skeleton.mp4", "mmaction_struct.mp4", "mmaction_test.mp4",
        ];
        summary.Quarantined.Select(q => (q.Path, q.Reason)).ShouldBe(
            mute.Select(name => (name, QuarantineReason.NoAudio)).Append(("bento.mp4", QuarantineReason.TooShort)), ignoreOrder: true);
        summary.Ready.ShouldBe(42);
        Directory.GetFiles(clips).Select(f => (f, FileStamp.Of(f))).ShouldBe(before);
        StoreVerifier.Run(folder["store"], null, TestContext.Current.CancellationToken).Problems.ShouldBeEmpty();
        (await StoreIngest.RunAsync(options, null, TestContext.Current.CancellationToken)).Processed.ShouldBe(0);
    }
}
