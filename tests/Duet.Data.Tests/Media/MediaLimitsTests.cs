using Duet.Data.Media;
using Duet.Data.Store;
using Duet.Data.Tests.Media.Hostile;
using Duet.Data.Tests.Store;
using Duet.Data.Tests.Store.Broken;
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

    [Theory]
    [InlineData("Error while decoding stream #0:0: Cannot allocate memory", true)]
    [InlineData("get_buffer() failed (-12 (nil))", true)]
    [InlineData("get_buffer() failed (-22 (nil))", false)]
    [InlineData("Error while decoding stream #0:0: Invalid data found when processing input", false)]
    public void Decoders_say_in_more_than_one_way_that_memory_ran_out(string error, bool ranOut) =>
        Refusals.Of(error).ShouldBe(ranOut ? Refusal.Memory : Refusal.None);

    /// <summary>The header's pictures are small, and so are the first ones.</summary>
    [Fact]
    [Trait("Category", "Slow")]
    public async Task Pictures_that_grow_later_are_held_to_the_limit()
    {
        TestVideos.Ffmpeg("-f", "lavfi", "-i", "testsrc=s=96x64:r=25:d=1", "-c:v", "mjpeg", folder["small.mjpeg"]);
        TestVideos.Ffmpeg("-f", "lavfi", "-i", "testsrc=s=1200x1000:r=25:d=1", "-c:v", "mjpeg", folder["large.mjpeg"]);
        File.WriteAllBytes(folder["both.mjpeg"], [.. File.ReadAllBytes(folder["small.mjpeg"]), .. File.ReadAllBytes(folder["large.mjpeg"])]);
        TestVideos.Ffmpeg("-f", "mjpeg", "-framerate", "25", "-i", folder["both.mjpeg"], "-f", "lavfi", "-i", "sine=d=2", "-c:v", "copy", "-c:a", "pcm_s16le", folder["v", "grows.mkv"]);

        await QuarantinedAsync(new() { Source = folder["v"], Store = folder["s"], FrameMegapixels = 1 }, "--frame-megapixels");
        (await IngestAsync(new() { Source = folder["v"], Store = folder["s"] })).Ready.ShouldBe(1);
    }

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

    /// <summary>A link has a few bytes, and what it leads to takes as long as it takes.</summary>
    [Fact]
    [Trait("Category", "Slow")]
    public async Task A_link_gets_the_time_of_the_file_that_it_leads_to()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the system's own limits are asked for");
        TestVideos.Make(folder["file", "a.avi"], 2, TestVideos.Moving, TestVideos.Tone, "-c:v", "rawvideo", "-c:a", "pcm_s16le");
        Directory.CreateDirectory(folder["link"]);
        File.CreateSymbolicLink(folder["link", "a.avi"], folder["file", "a.avi"]);
        var direct = await ProcessorSecondsAsync("file");
        (await ProcessorSecondsAsync("link")).ShouldBe(direct);
        direct.ShouldBe("1010"); // ten minutes, 200 s for each of its two, and the kernel's ten
    }

    [Fact]
    public async Task Pictures_that_go_on_an_hour_later_fill_no_disk()
    {
        // The gap would become ninety thousand pictures.
        TestVideos.Make(folder["gap.mkv"], 2, TestVideos.Moving + ",setpts='PTS+if(gt(T\\,1)\\,3600/TB\\,0)'", TestVideos.Tone, "-c:v", "mjpeg", "-vsync", "passthrough", "-c:a", "pcm_s16le");
        Directory.CreateDirectory(folder["v"]);
        File.WriteAllBytes(folder["v", "gap.mkv"], HostileFiles.WithLength(File.ReadAllBytes(folder["gap.mkv"]), 2));
        var file = (await IngestAsync(new() { Source = folder["v"], Store = folder["s"] })).Quarantined.ShouldHaveSingleItem();
        file.Reason.ShouldBe(QuarantineReason.Damaged);
        file.Detail.ShouldContain("far past its length of 2 s");
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

    /// <summary>What the kernel grants ffmpeg for the video of a folder, seconds.</summary>
    private async Task<string> ProcessorSecondsAsync(string source)
    {
        var (script, limits) = (folder[source + ".sh"], folder[source + ".limits"]);
        File.WriteAllText(script, $"#!/bin/sh\nsleep 1\ngrep 'Max cpu time' /proc/self/limits > '{limits}'\nexec ffmpeg \"$@\"\n");
        BrokenCorpus.Shell("chmod 700 \"$1\"", script);
        var tools = MediaTools.Find();
        (await IngestAsync(new() { Source = folder[source], Store = folder[source + ".store"], Tools = new MediaTools(script, tools.Ffprobe) })).Ready.ShouldBe(1);
        return File.ReadAllText(limits).Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
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
