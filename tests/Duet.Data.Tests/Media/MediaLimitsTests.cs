using Duet.Data.Media;
using Duet.Data.Store;
using Duet.Data.Tests.Media.Hostile;
using Duet.Data.Tests.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Media;

public sealed class MediaLimitsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(0, 0, 600)]
    [InlineData(50_000_000, 0, 600 + 50_000)] // by its size, where it does not say how long it is
    [InlineData(50_000_000, 60, 600 + 12_000)] // by its length, where that is less
    [InlineData(20_000, 1e12, 600 + 20)] // a length is only said
    public void Time_is_by_what_a_file_can_hold(long bytes, double seconds, double expected) =>
        Standard.TimeFor(bytes, seconds).TotalSeconds.ShouldBe(expected);

    [Theory]
    [InlineData(1920 * 1080, 16)]
    [InlineData(8000 * 8000, 5)]
    [InlineData(2_000_000_000, 1)]
    public void Huge_pictures_get_fewer_threads(long pixels, int threads) => Standard.ThreadsFor(16, pixels).ShouldBe(threads);

    [Fact]
    [Trait("Category", "Slow")]
    public async Task A_limit_says_its_name_and_once_raised_lets_the_file_in()
    {
        TestVideos.Make(folder["v", "large.mkv"], 0.2, "testsrc=s=8000x8000:r=10:d={0}", TestVideos.Tone, "-c:v", "ffv1", "-c:a", "pcm_s16le");

        await QuarantinedAsync(new() { Source = folder["v"], Store = folder["s"], FrameMegapixels = 63 }, "--frame-megapixels");
        await QuarantinedAsync(new() { Source = folder["v"], Store = folder["s"], MemoryMegabytes = 256 }, "--memory-megabytes");
        await QuarantinedAsync(new() { Source = folder["v"], Store = folder["s"], CpuSeconds = 1 }, "--cpu-seconds");
        var summary = await IngestAsync(new() { Source = folder["v"], Store = folder["s"] });
        summary.Quarantined.ShouldBeEmpty();
        summary.Ready.ShouldBe(1);
    }

    [Fact]
    public async Task Sound_that_goes_on_a_day_later_fills_no_disk()
    {
        // The gap would become three gigabytes of silence.
        TestVideos.Make(folder["gap.mkv"], 2, TestVideos.Moving, "sine=f=440:r=16000:d={0},asetpts='PTS+if(gt(T\\,1)\\,100000*SR\\,0)'", "-c:v", "mpeg4", "-c:a", "pcm_s16le");
        Directory.CreateDirectory(folder["v"]);
        File.WriteAllBytes(folder["v", "gap.mkv"], HostileFiles.WithLength(File.ReadAllBytes(folder["gap.mkv"]), 2));
        var file = (await IngestAsync(new() { Source = folder["v"], Store = folder["s"] })).Quarantined.ShouldHaveSingleItem();
        file.Reason.ShouldBe(QuarantineReason.Damaged);
        file.Detail.ShouldContain("far past its length of 2 s");
    }

    private static MediaLimits Standard => new IngestOptions { Source = "", Store = "" }.MediaLimits;

    private static async Task QuarantinedAsync(IngestOptions options, string option)
    {
        var file = (await IngestAsync(options)).Quarantined.ShouldHaveSingleItem();
        file.Reason.ShouldBe(QuarantineReason.Limit, file.Detail);
        file.Detail.ShouldContain(option);
    }

    private static Task<IngestSummary> IngestAsync(IngestOptions options) => StoreIngest.RunAsync(
        options with { Limits = new QualityLimits { MinSeconds = 0.1, Still = 2 } }, null, TestContext.Current.CancellationToken);
}
