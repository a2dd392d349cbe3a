using Duet.Data.Media;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Media;

public sealed class ConversionLogTests
{
    [Fact]
    public void The_first_frame_and_the_first_sample_give_the_times()
    {
        var log = Read("[info] 1000000000000.000000", "[verbose] 44100.000000", "[info] 3.000000", "[verbose] 132.000000", "[info] 4.000000", "[verbose] 133.000000");
        log.FirstFrameTime.ShouldBe(new Rational(3, 1000));
        log.FirstSampleTime.ShouldBe(new Rational(132, 44100));
    }

    [Fact]
    public void Packets_and_errors_are_counted_by_stream()
    {
        var log = Read(
            "[verbose]   Input stream #0:0 (video): 25 packets read (2284 bytes); 25 frames decoded; ",
            "[verbose]   Input stream #0:1 (audio): 45 packets read (1841 bytes); 44 frames decoded (44608 samples); ",
            "[error] Error while decoding stream #0:1: Invalid data found when processing input",
            "[vist#0:0/h264 @ 0x55] [dec:h264 @ 0x56] [error] Error submitting packet to decoder: Invalid data found when processing input");
        (log.VideoPackets, log.AudioPackets, log.VideoErrors, log.AudioErrors).ShouldBe((25, 45, 1, 1));
        log.FirstError.ShouldBe("Error while decoding stream #0:1: Invalid data found when processing input");
    }

    [Fact]
    public void A_signal_and_a_full_disk_are_seen()
    {
        Read("[info] Exiting normally, received signal 2.").Interrupted.ShouldBeTrue();
        Read("[error] av_interleaved_write_frame(): No space left on device").DiskFull.ShouldBeTrue();
        Read("[out#1/s16le @ 0x55] [error] Task finished with error code: -28 (No space left on device)").DiskFull.ShouldBeTrue();
    }

    /// <summary>These lines are what ffmpeg 5.1 prints for a file whose title, comment and artist say so.</summary>
    [Fact]
    public void What_a_file_says_about_itself_is_not_taken_for_what_ffmpeg_says()
    {
        var log = Read(
            "[info]     title           : [error] No space left on device",
            "[info]     comment         : Exiting normally, received signal 2.",
            "[info]     artist          : a",
            "                    : [info] 1000000000000000.000000",
            "[info]     composer        : ",
            "[info]     5.000000",
            "                    : [verbose] Input stream #0:0 (video): 7 packets read (1 bytes)",
            "[error] file:/videos/No space left on device/a.mp4: Invalid data found when processing input",
            "[info] 40000000000000.000000",
            "[info] 0.000000");
        log.DiskFull.ShouldBeFalse();
        log.Interrupted.ShouldBeFalse();
        log.FirstFrameTime.ShouldBe(Rational.Zero);
        log.VideoPackets.ShouldBe(0);
    }

    /// <summary>What the resampler says where a sound's times jump by 12 s, by 2 s and back.</summary>
    [Fact]
    public void Long_holes_and_overlaps_of_the_sound_are_counted()
    {
        string Adding(int samples) => $"[Parsed_aresample_1 @ 0x5641] [SWR @ 0x5642] [verbose] adding {samples} audio samples of silence";
        var log = Read([
            .. Enumerable.Repeat(Adding(16384), 11), Adding(11776), Adding(16384), Adding(15616), Adding(700),
            "[Parsed_aresample_1 @ 0x5641] [SWR @ 0x5642] [verbose] discarding 576 audio samples", "[Parsed_aresample_1 @ 0x5641] [SWR @ 0x5642] [verbose] discarding 24 audio samples",
            "[info]     title           : adding 16384 audio samples of silence"]);
        (log.GapSeconds, log.OverlappingSamples).ShouldBe((12, 600));
        Read([.. Enumerable.Repeat(Adding(16384), 11)]).GapSeconds.ShouldBe(11 * 1.024, 1e-9, "a hole that the log ends in");
        Read([.. Enumerable.Repeat(Adding(16384), 12), "[verbose] 48000.000000", "[verbose] 0.000000"]).GapSeconds.ShouldBe(0, "4 s of a sound of 48 kHz");
    }

    [Fact]
    public void Still_stretches_are_measured_within_what_is_kept()
    {
        string Freeze(string what) => $"[Parsed_freezedetect_5 @ 0x55] [info] lavfi.freezedetect.{what}";
        var log = Read(Freeze("freeze_start: 1"), Freeze("freeze_duration: 2"), Freeze("freeze_end: 3"), Freeze("freeze_start: 8"));
        log.StillSeconds(0, 10).ShouldBe(4);
        log.StillSeconds(2, 6).ShouldBe(1);
        log.StillSeconds(3.5, 7).ShouldBe(0);
        log.StillSeconds(2, 9).ShouldBe(2);
    }

    [Fact]
    public void A_timestamp_beyond_any_clock_is_no_time()
    {
        Read("[info] 333666666666666688.000000", "[info] 9223372036854775808.000000").FirstFrameTime.ShouldBeNull();
        Read("[info] 333666666666666688.000000", "[info] -9223372036854775808.000000").FirstFrameTime.ShouldBeNull();
        Read("[info] 40000000000000.000000", "[info] nan", "[info] 1.000000").FirstFrameTime.ShouldBeNull();
        Read("[verbose] nan", "[verbose] 1.000000").FirstSampleTime.ShouldBeNull();
        Read("[verbose] 44100.500000", "[verbose] 1.000000").FirstSampleTime.ShouldBeNull();
    }

    /// <summary>As C's <c>printf("%f")</c> writes a double, which is how ffmpeg prints the time base.</summary>
    [Theory]
    [InlineData(1, 981)]
    [InlineData(1, 90000)]
    [InlineData(1001, 30000)]
    [InlineData(1001, 24000)]
    [InlineData(1, 1000000000)]
    [InlineData(1, 2147483647)]
    [InlineData(65521, 1000003)]
    [InlineData(100000, 2997003)]
    [InlineData(1, 1)]
    [InlineData(3600, 1)]
    public void Every_time_base_is_found_again_from_its_digits(int numerator, int denominator)
    {
        var printed = ((double)numerator / denominator * 1e15).ToString("F6", System.Globalization.CultureInfo.InvariantCulture);
        Read($"[info] {printed}", "[info] 7.000000").FirstFrameTime.ShouldBe(7 * new Rational(numerator, denominator));
    }

    [Theory]
    [InlineData("0.000000")]
    [InlineData("-5.000000")]
    [InlineData("9999999999999999999999999.000000")]
    [InlineData("0.500000")]
    public void A_unit_that_is_none_gives_no_time(string printed) => Read($"[info] {printed}", "[info] 7.000000").FirstFrameTime.ShouldBeNull();

    private static ConversionLog Read(params string[] lines)
    {
        var log = new ConversionLog(videoIndex: 0, audioIndex: 1, frameRate: 25, sampleRate: 16_000, leastGap: 10);
        foreach (var line in lines)
        {
            log.Add(line);
        }

        return log;
    }
}
