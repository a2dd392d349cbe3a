using Duet.Data.Media;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Media;

public sealed class ConversionLogTests
{
    [Fact]
    public void The_first_frame_and_the_first_sample_give_the_times()
    {
        var log = Read(
            "[Parsed_showinfo_2 @ 0x56323d4eafc0] [info] config in time_base: 1/1000, frame_rate: 25/1",
            "[Parsed_showinfo_2 @ 0x56323d4eafc0] [info] config out time_base: 0/0, frame_rate: 0/0",
            "[Parsed_showinfo_2 @ 0x56323d4eafc0] [info] n:   0 pts:      3 pts_time:0.003   pos:     4202 fmt:yuv444p sar:1/1 s:64x64 i:P iskey:1 type:I ",
            "[Parsed_ashowinfo_3 @ 0x56323d4d0500] [info] n:0 pts:132 pts_time:0.0029932 pos:5939 fmt:fltp channels:1 chlayout:mono rate:44100 nb_samples:1 ");
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
            "                    : [Parsed_showinfo_1 @ 0x1] [info] config in time_base: 1/1",
            "                    : [Parsed_showinfo_1 @ 0x1] [info] n:   0 pts: 5 ",
            "                    : [verbose] Input stream #0:0 (video): 7 packets read (1 bytes)",
            "[error] file:/videos/No space left on device/a.mp4: Invalid data found when processing input",
            "[Parsed_showinfo_2 @ 0x2] [info] config in time_base: 1/25, frame_rate: 25/1",
            "[Parsed_showinfo_2 @ 0x2] [info] n:   0 pts:      0 pts_time:0   pos:     1 ");
        log.DiskFull.ShouldBeFalse();
        log.Interrupted.ShouldBeFalse();
        log.FirstFrameTime.ShouldBe(Rational.Zero);
        log.VideoPackets.ShouldBe(0);
    }

    [Fact]
    public void A_timestamp_beyond_any_clock_is_no_time()
    {
        var log = Read(
            "[Parsed_showinfo_2 @ 0x2] [info] config in time_base: 1001/3, frame_rate: 25/1",
            "[Parsed_showinfo_2 @ 0x2] [info] n:   0 pts: 9223372036854775807 pts_time:0   pos:     1 ");
        log.FirstFrameTime.ShouldBeNull();
    }

    private static ConversionLog Read(params string[] lines)
    {
        var log = new ConversionLog(videoIndex: 0, audioIndex: 1);
        foreach (var line in lines)
        {
            log.Add(line);
        }

        return log;
    }
}
