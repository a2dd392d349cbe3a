using Duet.Data.Media;
using Duet.Data.Store;
using Shouldly;
using SkiaSharp;
using Xunit;

namespace Duet.Data.Tests.Store;

/// <summary>
/// One clock: a flash at 1 s of the picture's own time and a beep at 1 s of the sound's own time are as far apart in the
/// store as a player shows them.
/// </summary>
public sealed class StartSkewTests : IDisposable
{
    private const string Flash = "color=black:s=64x64:r=25:d=4,drawbox=0:0:64:64:white:fill:enable='between(t,0.999,1.039)'";
    private const string Beep = "aevalsrc='if(between(t,1,1.04),0.8*sin(2*PI*1000*t),0)':s=48000:d=4";
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("mkv", "mpeg4", "flac", 0, 0)]
    [InlineData("mkv", "mpeg4", "flac", 0.5, 0)]
    [InlineData("mkv", "mpeg4", "flac", 0.02, 0)]
    [InlineData("mkv", "mpeg4", "flac", 0, 0.37)]
    [InlineData("mp4", "libx264", "aac", 0, 0)]
    [InlineData("mp4", "libx264", "aac", 0.7, 0)]
    [InlineData("mp4", "libx264", "aac", 0, 0.25)]
    [InlineData("mov", "mjpeg", "pcm_s16le", 0.123, 0)]
    [InlineData("ts", "mpeg2video", "mp2", 0.4, 0)]
    public async Task Sound_and_pictures_of_one_instant_have_one_time(string container, string video, string audio, double soundLater, double picturesLater)
    {
        var path = folder[$"v.{container}"];
        TestVideos.Ffmpeg(
        [
            "-itsoffset", Text(picturesLater), "-f", "lavfi", "-i", Flash, "-itsoffset", Text(soundLater), "-f", "lavfi", "-i", Beep,
            "-map", "0:v", "-map", "1:a", "-c:v", video, "-c:a", audio, "-q:v", "2", path,
        ]);
        var apart = await BeepMinusFlashAsync(path);

        // Half a frame for the grid where the offset is no multiple of a frame, and a few ms for the codec's own edges.
        apart.ShouldBe(soundLater - picturesLater, 0.026);
        if (soundLater * 25 % 1 == 0 && picturesLater * 25 % 1 == 0)
        {
            apart.ShouldBe(soundLater - picturesLater, 0.012);
        }
    }

    [Fact]
    public async Task A_cut_that_starts_between_key_frames_keeps_the_clock()
    {
        // Copied from 0.5 s on, pictures start at a key frame before, behind an edit list, and the sound at the cut.
        TestVideos.Ffmpeg("-f", "lavfi", "-i", Flash, "-f", "lavfi", "-i", Beep, "-c:v", "libx264", "-g", "20", "-c:a", "aac", folder["whole.mp4"]);
        TestVideos.Ffmpeg("-ss", "0.5", "-i", folder["whole.mp4"], "-c", "copy", folder["cut.mp4"]);
        (await BeepMinusFlashAsync(folder["cut.mp4"])).ShouldBe(0, 0.026);
    }

    [Fact]
    public async Task A_variable_frame_rate_and_a_hole_in_the_sound_keep_the_clock()
    {
        // Frames at odd times before the flash; the sound from 0.3 to 0.8 s is missing.
        TestVideos.Ffmpeg(
            "-f", "lavfi", "-i", Flash + ",select='gte(t,0.9)+not(mod(n,3))'", "-f", "lavfi", "-i", Beep + ",aselect='not(between(t,0.3,0.8))'",
            "-vsync", "vfr", "-c:v", "mpeg4", "-q:v", "2", "-c:a", "pcm_s16le", folder["vfr.mkv"]);
        (await BeepMinusFlashAsync(folder["vfr.mkv"])).ShouldBe(0, 0.012);
    }

    [Fact]
    public async Task The_measured_skew_is_in_the_catalog()
    {
        TestVideos.Ffmpeg(
            "-f", "lavfi", "-i", Flash, "-itsoffset", "0.5", "-f", "lavfi", "-i", Beep, "-c:v", "mpeg4", "-c:a", "flac", folder["v.mkv"]);
        await IngestAsync(folder["v.mkv"]);
        StoreInfo.Read(folder["store"]).LargestSkewSeconds.ShouldBe(0.5, 0.002);
    }

    private static string Text(double value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private Task<IngestSummary> IngestAsync(string path) => StoreIngest.RunAsync(
        new IngestOptions { Source = path, Store = folder["store"], Jobs = 1, Limits = new QualityLimits { Silent = 2, Still = 2 } }, null, TestContext.Current.CancellationToken);

    private async Task<double> BeepMinusFlashAsync(string path)
    {
        (await IngestAsync(path)).Quarantined.ShouldBeEmpty();
        using var store = VideoStore.Open(folder["store"]);
        var video = store.Videos.ShouldHaveSingleItem();
        var frames = new FrameBuffer();
        store.ReadFrames(video, 0, video.FrameCount, 1, frames).ShouldBe(video.FrameCount);
        var flash = Enumerable.Range(0, video.FrameCount).First(i => Brightness(frames, i) > 128);
        var samples = new short[video.SampleCount];
        store.ReadSamples(video, 0, samples);
        var beep = Array.FindIndex(samples, s => Math.Abs((int)s) > 4000);
        beep.ShouldBeGreaterThan(0);
        return ((double)beep / video.SampleRate) - (flash / video.FrameRate.ToDouble());
    }

    private static double Brightness(FrameBuffer frames, int index)
    {
        var (offset, length) = frames.Frames[index];
        using var bitmap = SKBitmap.Decode(frames.Bytes.AsSpan(offset, length));
        return bitmap.GetPixel(bitmap.Width / 2, bitmap.Height / 2).Green;
    }
}
