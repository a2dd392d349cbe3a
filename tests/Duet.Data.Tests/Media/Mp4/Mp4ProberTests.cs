using System.Text.Json;
using CsCheck;
using Duet.Data.Media;
using Duet.Data.Media.Mp4;
using Duet.Data.Store;
using Duet.Data.Tests.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Media.Mp4;

/// <summary>The reader of MP4 headers against ffprobe, whose answers it stands in for.</summary>
public sealed class Mp4ProberTests : IDisposable
{
    private static readonly string[] H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Kind of file, pictures and sound of ffmpeg's own sources, and encoding; whether the header is of the plain kind.</summary>
    public static TheoryData<string, string, string, string, bool> Files => new()
    {
        { "plain", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "", true },
        { "b-frames", "testsrc=s=96x64:r=25:d=1", "sine=r=48000:d=1", "-preset medium -bf 3", true },
        { "baseline", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-profile:v baseline", true },
        { "faststart", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-movflags +faststart", true },
        { "quicktime", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-f mov", false },
        { "ntsc", "testsrc=s=96x64:r=30000/1001:d=1", "sine=r=44100:d=1.1", "", true },
        { "odd rate", "testsrc=s=96x64:r=981/50:d=1", "sine=r=44100:d=1.1", "", true },
        { "variable rate", "testsrc=s=96x64:r=25:d=1,select='not(mod(n\\,3))'", "sine=r=44100:d=1", "-vsync vfr", true },
        { "one frame", "testsrc=s=96x64:r=25:d=0.04", "sine=r=44100:d=1", "", true },
        { "odd size", "testsrc=s=102x70:r=25:d=1", "sine=r=44100:d=1", "", true },
        { "pixels", "testsrc=s=96x64:r=25:d=1,setsar=4/3", "sine=r=44100:d=1", "", true },
        { "odd pixels", "testsrc=s=96x64:r=25:d=1,setsar=133/97", "sine=r=44100:d=1", "", true },
        { "mono 8 kHz", "testsrc=s=96x64:r=25:d=1", "sine=r=8000:d=1", "", true },
        { "11 kHz", "testsrc=s=96x64:r=25:d=1", "sine=r=11025:d=1", "", true },
        { "16 kHz", "testsrc=s=96x64:r=25:d=1", "sine=r=16000:d=1", "", true },
        { "24 kHz", "testsrc=s=96x64:r=25:d=1", "sine=r=24000:d=1", "", true },
        { "stereo", "testsrc=s=96x64:r=25:d=1", "sine=r=32000:d=1,aformat=channel_layouts=stereo", "", true },
        { "5.1", "testsrc=s=96x64:r=25:d=1", "sine=r=48000:d=1,aformat=channel_layouts=5.1", "", true },
        { "mp3", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-c:a libmp3lame", true },
        { "mp3 stereo 22 kHz", "testsrc=s=96x64:r=25:d=1", "sine=r=22050:d=1,aformat=channel_layouts=stereo", "-c:a libmp3lame", true },
        { "opus", "testsrc=s=96x64:r=25:d=1", "sine=r=48000:d=1", "-c:a libopus", false },
        { "mpeg-4", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-c:v mpeg4", false },
        { "h.265", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-c:v libx265", false },
        { "4:2:2", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-pix_fmt yuv422p", true },
        { "4:4:4", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-pix_fmt yuv444p", true },
        { "10 bit", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-pix_fmt yuv420p10le", true },
        { "10 bit 4:2:2", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-pix_fmt yuv422p10le", true },
        { "grey", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-pix_fmt gray", false },
        { "full range", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-pix_fmt yuvj420p -color_range pc", true },
        { "bt709", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -movflags +write_colr", true },
        { "bt470bg", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-colorspace bt470bg -color_range tv", true },
        { "bt2020", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-pix_fmt yuv420p10le -colorspace bt2020nc -color_primaries bt2020 -color_trc smpte2084", true },
        { "late sound", "testsrc=s=96x64:r=25:d=1.5", "sine=r=44100:d=1", "-af asetpts=PTS+0.3/TB", true },
        { "late pictures", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1.5", "-vf setpts=PTS+0.27/TB -vsync passthrough", true },
        { "very late pictures", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=4", "-vf setpts=PTS+2.5/TB -vsync passthrough", false },
        { "no edit list", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-preset medium -bf 2 -use_editlist 0", false },
        { "no edit list, no b-frames", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-bf 0 -use_editlist 0", true },
        { "negative offsets", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-preset medium -bf 2 -movflags +negative_cts_offsets", false },
        { "fragments", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-movflags +frag_keyframe+empty_moov", false },
        { "titled", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-metadata title=A -metadata:s:v:0 handler_name=V -metadata comment=hello", true },
        { "interlaced", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-preset medium -flags +ilme+ildct -x264opts tff=1", true },
        { "time code", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-timecode 00:00:00:00", false },
        { "encrypted", "testsrc=s=96x64:r=25:d=1", "sine=r=44100:d=1", "-encryption_scheme cenc-aes-ctr -encryption_key 76a6c65c5ea762046bd749a2e632ccbb -encryption_kid a7e61c373e219033c21091fa607bf3b8", false },
    };

    [Theory]
    [Trait("Category", "Slow")]
    [MemberData(nameof(Files))]
    public async Task Says_what_ffprobe_says(string kind, string pictures, string sound, string encoding, bool isPlain)
    {
        var path = folder["v.mp4"];
        TestVideos.Ffmpeg(
            [
                "-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", sound, .. H264, "-c:a", "aac",
                .. encoding.Split(' ', StringSplitOptions.RemoveEmptyEntries), path,
            ]);
        await CompareAsync(kind, path, isPlain);
    }

    [Theory]
    [InlineData("90", "rotate=90", true)]
    [InlineData("180", "rotate=180", true)]
    [InlineData("270", "rotate=270", true)]
    [InlineData("30", "rotate=30", false)]
    [InlineData("title", "title=kind of covr", false)]
    public async Task A_copied_file_says_what_ffprobe_says(string kind, string metadata, bool isPlain)
    {
        var path = Make();
        TestVideos.Ffmpeg("-i", path, "-c", "copy", "-metadata:s:v:0", metadata, "-metadata", metadata, folder["copy.mp4"]);
        await CompareAsync(kind, folder["copy.mp4"], isPlain);
    }

    [Fact]
    public async Task Cut_joined_lone_and_many_streams_say_what_ffprobe_says()
    {
        var path = Make("-preset", "medium", "-bf", "2", "-g", "10");
        TestVideos.Ffmpeg("-ss", "0.5", "-i", path, "-c", "copy", folder["cut.mp4"]);
        await CompareAsync("cut away from a key frame", folder["cut.mp4"], null);
        TestVideos.Ffmpeg("-itsoffset", "0.3", "-i", path, "-i", path, "-map", "0:a", "-map", "1:v", "-map", "1:a", "-map", "1:v", "-c", "copy", "-disposition:v:0", "0", "-disposition:a:1", "default", folder["many.mp4"]);
        await CompareAsync("many", folder["many.mp4"], null);
        TestVideos.Ffmpeg("-i", path, "-c", "copy", "-an", folder["mute.mp4"]);
        await CompareAsync("mute", folder["mute.mp4"], true);
        TestVideos.Ffmpeg("-i", path, "-c", "copy", "-vn", folder["blind.m4a"]);
        await CompareAsync("blind", folder["blind.m4a"], true);
        TestVideos.Ffmpeg("-i", path, "-f", "lavfi", "-i", "testsrc=s=64x64:d=0.04", "-map", "0", "-map", "1", "-c", "copy", "-c:v:1", "mjpeg", "-disposition:v:1", "attached_pic", folder["cover.mp4"]);
        await CompareAsync("cover", folder["cover.mp4"], false);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Says_what_ffprobe_says_of_real_files()
    {
        var clips = Path.Combine(RealData.Folder, "clips");
        Assert.SkipUnless(Directory.Exists(clips), "the real videos are not here; set DUET_TEST_DATA to their folder");
        var mine = 0;
        foreach (var path in Directory.GetFiles(clips))
        {
            mine += await CompareAsync(Path.GetFileName(path), path, null) ? 1 : 0;
        }

        mine.ShouldBeGreaterThan(25); // of 55; the others have other codecs, roles, covers
    }

    [Fact]
    public void A_file_with_damaged_bytes_is_read_or_left_and_never_more()
    {
        var whole = File.ReadAllBytes(Make("-movflags", "+faststart"));
        var header = whole.AsSpan().IndexOf("mdat"u8);
        var path = folder["damaged.mp4"];
        byte[] tempting = [0, 1, 3, 7, 8, 16, 0x7F, 0x80, 0xFF];
        Gen.Select(Gen.Int[0, header + 64], Gen.OneOf(Gen.Byte, Gen.Int[0, tempting.Length - 1].Select(i => tempting[i])), Gen.Int[1, 4]).Array[1, 6]
            .Sample(
                changes =>
                {
                    var bytes = whole.ToArray();
                    foreach (var (place, value, length) in changes)
                    {
                        bytes.AsSpan(place, length).Fill(value);
                    }

                    File.WriteAllBytes(path, bytes);
                    var before = GC.GetAllocatedBytesForCurrentThread();
                    var probe = Mp4Prober.TryProbe(path);
                    (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(4 << 20);
                    probe?.Streams.ShouldAllBe(s => s.Width >= 0 && s.Channels <= 8);
                },
                iter: 2000, threads: 1);
    }

    [Fact]
    public void A_file_that_is_cut_anywhere_is_read_or_left()
    {
        var whole = File.ReadAllBytes(Make("-movflags", "+faststart"));
        var header = whole.AsSpan().IndexOf("mdat"u8) + 4;
        for (var length = 0; length < header; length += 7)
        {
            File.WriteAllBytes(folder["cut.mp4"], whole.AsSpan(0, length));
            Mp4Prober.TryProbe(folder["cut.mp4"]).ShouldBeNull();
        }

        Mp4Prober.TryProbe(folder["not there.mp4"]).ShouldBeNull();
    }

    private string Make(params string[] encoding)
    {
        TestVideos.Make(folder["made.mp4"], encoding: [.. H264, "-c:a", "aac", .. encoding]);
        return folder["made.mp4"];
    }

    /// <summary>Whether the header was read here.</summary>
    private static async Task<bool> CompareAsync(string kind, string path, bool? isPlain)
    {
        var mine = Mp4Prober.TryProbe(path);
        (isPlain ?? mine is not null).ShouldBe(mine is not null, kind);
        if (mine is not null)
        {
            var ffprobe = await Prober.AskAsync(MediaTools.Find(), path, new IngestOptions { Source = path, Store = path }.MediaLimits, TestContext.Current.CancellationToken);
            JsonSerializer.Serialize(mine, VideoEntry.JsonOptions).ShouldBe(JsonSerializer.Serialize(ffprobe, VideoEntry.JsonOptions), kind);
        }

        return mine is not null;
    }
}
