using System.Text;
using Duet.Data.Media;
using Duet.Data.Media.Mp4;
using Duet.Data.Store;
using Duet.Data.Tests.Store;
using Duet.Tests.Shared.Fuzzing;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Media;

/// <summary>What ingest reads itself: MP4 headers, and what ffprobe and ffmpeg print, in which a file may have its say.</summary>
[Trait("Category", "Slow")]
public sealed class MediaFuzzTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>A header is read, or left to ffprobe (refused here); nothing is thrown.</summary>
    [Fact]
    public void Mp4_headers()
    {
        var path = folder["v.mp4"];
        byte[][] samples = [Header("-bf", "0"), Header("-preset", "medium", "-bf", "2", "-g", "10")];
        byte[][] words = [.. "moov;mdat;trak;stsd;avc1;avcC;mp4a;esds;stts;stsz;stco;co64;stsc;ctts;edts;elst;mvex;free;uuid;udta;meta".Split(';').Select(Encoding.ASCII.GetBytes), [0, 0, 0, 1], [0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF]];
        new MutationFuzzer("mp4", samples) { Words = words, IsTyped = e => e is StoreException, AllocationLimit = length => (1 << 20) + (32L * length) }.Run(8_000, bytes =>
        {
            File.WriteAllBytes(path, bytes);
            var probe = Mp4Prober.TryProbe(path) ?? throw new StoreException("left to ffprobe");
            probe.Streams.ShouldAllBe(s => s.Width >= 0 && s.Height >= 0 && s.Channels >= 0 && s.Channels <= 8 && s.FrameRate >= 0 && s.SampleRate >= 0);
        }).Checked("mp4");
    }

    [Fact]
    public void Answers_of_ffprobe()
    {
        var sample = """
            {"programs":[],"streams":[{"index":0,"codec_name":"h264","codec_type":"video","width":320,"height":180,"sample_aspect_ratio":"4:3","pix_fmt":"yuv420p","color_space":"bt709",
            "avg_frame_rate":"30000/1001","start_time":"0.500000","duration":"4.500000","disposition":{"default":1,"attached_pic":0},"tags":{"rotate":"90","DURATION":"00:01:10.381000000"},"side_data_list":[{"rotation":-90}]},
            {"index":1,"codec_name":"aac","codec_type":"audio","sample_rate":"44100","channels":2,"start_time":"N/A","disposition":{"default":1}}],"format":{"format_name":"matroska,webm","duration":"4.0"}}
            """u8.ToArray();
        byte[][] words = [.. "null;1e400;-1;99999999999999999999;\"\\ud800\";\"0/0\";\"1/0\";\"NaN\";\"99:99:99\";[[[[[[[[[[[[;{\"a\":;\"rotation\":1e300;\u00ff;\"-9223372036854775808/-1\"".Split(';').Select(Encoding.Latin1.GetBytes)];
        new MutationFuzzer("ffprobe", [sample]) { Words = words, IsTyped = e => e is MediaException }.Run(40_000, bytes =>
        {
            var probe = Prober.Parse(bytes);
            probe.Streams.ShouldAllBe(s => s.PixelAspect > 0 && s.FrameRate >= 0 && (s.DurationSeconds == null || s.DurationSeconds > 0));
            _ = (probe.Video, probe.Audio);
        }).Checked("ffprobe");
    }

    /// <summary>A line that makes no sense is no line: nothing is thrown, and no count goes below nothing. There is nothing to refuse.</summary>
    [Fact]
    public void Lines_of_ffmpeg()
    {
        var sample = Encoding.UTF8.GetBytes("""
            [verbose]   Input stream #0:0 (video): 25 packets read (2284 bytes); 25 frames decoded;
            [verbose]   Input stream #0:1 (audio): 45 packets read (1841 bytes); 44 frames decoded (44608 samples);
            [info] 1000000000000.000000
            [verbose] 44100.000000
            [info] 3.000000
            [verbose] 132.000000
            [error] Error while decoding stream #0:1: Invalid data found when processing input
            [vist#0:0/h264 @ 0x55] [dec:h264 @ 0x56] [error] Error submitting packet to decoder: Invalid data found when processing input
            [Parsed_freezedetect_5 @ 0x55] [info] lavfi.freezedetect.freeze_start: 1.2
            [Parsed_freezedetect_5 @ 0x55] [info] lavfi.freezedetect.freeze_duration: 0.5
            """);
        byte[][] words = [.. "[info] ;[verbose] ;[error] ; @ 0x55] ;[[[[[[[[;nan;-nan;9999999999999999999999999.000000;0.000000;1e308;freeze_start: -;#0:99999999999;concealing;\n;\u00ff".Split(';').Select(Encoding.Latin1.GetBytes)];
        var result = new MutationFuzzer("ffmpeg-log", [sample]) { Words = words, IsTyped = _ => false }.Run(20_000, bytes =>
        {
            var log = new ConversionLog(0, 1, frameRate: 25, sampleRate: 8, leastGap: 5);
            foreach (var line in Encoding.UTF8.GetString(bytes).Split('\n'))
            {
                log.Add(line);
            }

            (log.VideoPackets >= 0 && log.AudioPackets >= 0 && log.VideoErrors >= 0 && log.AudioErrors >= 0).ShouldBeTrue();
        });
        result.Checked("ffmpeg-log", refused: -1);
    }

    /// <summary>The file's header, and the first bytes of its pictures and sound, of which the prober reads nothing.</summary>
    private byte[] Header(params string[] encoding)
    {
        TestVideos.Make(folder["made.mp4"], encoding: ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", .. encoding, "-c:a", "aac", "-movflags", "+faststart"]);
        return File.ReadAllBytes(folder["made.mp4"]);
    }
}
