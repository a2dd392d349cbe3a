using System.Globalization;
using System.Runtime.InteropServices;
using Duet.Data.Media;
using Duet.Data.Store;
using Duet.Data.Tests.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Media;

/// <summary>Holes in a file's times are left out by ffmpeg and put back by Duet: what comes of it is what ffmpeg makes of the whole.</summary>
public sealed class HolesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(30, 25, "mkv")] // pictures are chosen first, and scaled then
    [InlineData(15, 25, "mkv")] // scaled first
    [InlineData(25, 10, "mp4")]
    [InlineData(30, 1, "mp4")]
    [InlineData(24, 25, "nut")]
    [InlineData(12, 25, "nut")] // every twelfth picture is halfway between two that come out, and what is left out is no whole number of the file's units
    [InlineData(24, 10, "mp4")]
    public async Task Pictures_are_those_of_a_graph_that_leaves_nothing_out(int source, int rate, string container)
    {
        var path = folder["holes." + container];
        const string jumps = "setpts='PTS+(gt(T\\,1)*40.2+gt(T\\,2)*9+gt(T\\,3)*33)/TB'"; // the second one is too short to be left out
        TestVideos.Make(path, 4, $"testsrc=s=96x64:r={source}:d={{0}},{jumps}", TestVideos.Tone, "-c:v", "mpeg4", "-vsync", "passthrough", "-c:a", "aac");
        var conversion = await PicturesAsync(path, rate);
        conversion.FrameOffsets.Count.ShouldBeLessThan(rate * 35);
        conversion.FrameCount.ShouldBeGreaterThan(rate * 80);
        var (from, seconds) = conversion.Log.Held.Longest.ShouldNotBeNull();
        from.ShouldBe(1, 0.5 / rate);
        seconds.ShouldBe(40.2, 2.0 / Math.Min(rate, source));
    }

    /// <summary>Of so few pictures a second, more would stay of the hole than it has.</summary>
    [Fact]
    public async Task Few_pictures_a_second_leave_out_longer_holes_only()
    {
        TestVideos.Make(folder["slow.mkv"], 4, "testsrc=s=96x64:r=25:d={0},setpts='PTS+(gt(T\\,1)*12+gt(T\\,2)*12)/TB'", TestVideos.Tone, "-c:v", "mpeg4", "-vsync", "passthrough", "-c:a", "aac");
        var conversion = await PicturesAsync(folder["slow.mkv"], new Rational(1, 4));
        conversion.Log.Held.Longest.ShouldBeNull();
    }

    /// <summary>What comes again after that had been there before.</summary>
    [Fact]
    public async Task Times_that_go_back_leave_nothing_out()
    {
        string[] Setts(char stream, int seconds) => [$"-bsf:{stream}", $"setts=pts='PTS+(gt(PTS\\,1000)-gt(PTS\\,2000)+gt(PTS\\,3000))*{seconds}000':dts=DTS"];
        TestVideos.Make(folder["back.mkv"], 4, TestVideos.Moving, TestVideos.Tone, ["-c:v", "mpeg4", "-c:a", "pcm_s16le", .. Setts('v', 20), .. Setts('a', 100)]);
        (await PicturesAsync(folder["back.mkv"], 25)).Log.Held.Stretches().ShouldHaveSingleItem();
        var conversion = await SoundAsync(folder["back.mkv"], 16000);
        conversion.Log.Silence.Added(long.MaxValue).ShouldBe(16000 * 88);
    }

    [Theory]
    [InlineData(16000, 16000)]
    [InlineData(44100, 16000)]
    [InlineData(8000, 22050)]
    public async Task Sound_is_that_of_a_graph_that_leaves_nothing_out(int source, int rate)
    {
        var path = folder["holes.mkv"];
        var jumps = $"sine=f=440:r={source}:d={{0}},asetpts='PTS+(gt(T\\,1)*100.25+gt(T\\,2)*30+gt(T\\,3)*61)*SR'"; // the second one is too short to be left out
        TestVideos.Make(path, 4, TestVideos.Moving, jumps, "-c:v", "mpeg4", "-c:a", "pcm_s16le");
        var conversion = await SoundAsync(path, rate);
        conversion.Log.Silence.Added(long.MaxValue).ShouldBe(rate * (88 + 49));
        conversion.Log.Silence.Longest.ShouldBe((1, 100));
        conversion.Log.GapSeconds.ShouldBe(12.25 + 30 + 12, 0.1);
    }

    [Fact]
    public void Silence_is_added_as_it_is_counted()
    {
        const int Rate = 10;
        var silence = new LeftOutSilence(Rate);
        ((string[])["2.000000", "3.000000", "5.000000", "70.000000", "9.000000", "4.000000"]).ShouldAllBe(l => silence.Take(l));
        silence.Longest.ShouldBe((6, 82));
        foreach (var (samples, added) in new[] { (29, 0), (30, 30), (59, 30), (60, 730), (100, 770) })
        {
            silence.Added(samples).ShouldBe(added);
            short[] numbers = [.. Enumerable.Range(1, samples).Select(i => (short)i)];
            using var to = new MemoryStream();
            silence.Copy(new MemoryStream(MemoryMarshal.AsBytes<short>(numbers).ToArray()), to, TestContext.Current.CancellationToken);
            var copied = MemoryMarshal.Cast<byte, short>(to.ToArray()).ToArray();
            copied.Length.ShouldBe(samples + added);
            copied.Where(n => n != 0).ShouldBe(numbers);
            copied.Skip(20).TakeWhile(n => n == 0).Count().ShouldBe(added == 0 ? 0 : 30);
        }
    }

    /// <summary>A day would be two million pictures and three gigabytes of silence.</summary>
    [Theory]
    [InlineData(30, "mkv", "libx264")]
    [InlineData(25, "mkv", "libx264")]
    [InlineData(30, "mp4", "libx264")]
    [InlineData(30, "ts", "mpeg2video")]
    [Trait("Category", "Slow")]
    public async Task Pictures_that_go_on_a_day_later_end_with_the_sound(int rate, string container, string codec)
    {
        TestVideos.Make(
            folder["v", "day." + container], 2, $"testsrc=s=96x64:r={rate}:d={{0}},setpts='PTS+if(gt(T\\,1)\\,86400/TB\\,0)'", "sine=f=440:r=48000:d={0}",
            "-c:v", codec, "-vsync", "passthrough", "-c:a", "mp2");
        var video = await StoredAsync(new() { Source = folder["v"], Store = folder["s"], MemoryMegabytes = 256 });
        video.FrameCount.ShouldBeInRange(50, 51);
    }

    /// <summary>2^31 samples are 13.5 hours: of more silence ffmpeg's resampler makes none, and what follows would not be in time.</summary>
    [Fact]
    [Trait("Category", "Slow")]
    public async Task What_goes_on_a_day_later_in_both_is_damaged()
    {
        TestVideos.Make(
            folder["v", "day.mkv"], 4, "testsrc=s=96x64:r=25:d={0},setpts='PTS+if(gt(T\\,2)\\,86400/TB\\,0)'", "sine=f=440:r=44100:d={0},asetpts='PTS+if(gt(T\\,2)\\,86400*SR\\,0)'",
            "-c:v", "libx264", "-vsync", "passthrough", "-c:a", "pcm_s16le");
        await DamagedAsync("0 % can be decoded");
    }

    [Fact]
    public async Task Times_that_leave_out_more_than_a_store_can_hold_say_so()
    {
        TestVideos.Make(
            folder["v", "days.mkv"], 3, "testsrc=s=96x64:r=25:d={0},setpts='PTS+(gt(T\\,1)+gt(T\\,2))*90000/TB'", TestVideos.Tone, "-c:v", "libx264", "-vsync", "passthrough", "-c:a", "pcm_s16le");
        await DamagedAsync("after 1 s its timestamps leave out 25 hours");
    }

    /// <summary>The sound goes on, as over a slide: the picture stands for as long, and is stored as often.</summary>
    [Fact]
    public async Task A_picture_that_stands_while_the_sound_goes_on_is_stored()
    {
        TestVideos.Make(
            folder["v", "slide.mkv"], 40, "testsrc=s=96x64:r=25:d=4,setpts='PTS+if(gt(T\\,2)\\,30/TB\\,0)'", TestVideos.Tone, "-c:v", "mpeg4", "-vsync", "passthrough", "-c:a", "pcm_s16le");
        var video = await StoredAsync(new() { Source = folder["v"], Store = folder["s"] });
        video.FrameCount.ShouldBe(34 * 25);
        using var store = VideoStore.Open(folder["s"]);
        var buffer = new FrameBuffer();
        store.ReadFrames(video, 0, video.FrameCount, 1, buffer).ShouldBe(video.FrameCount);
        string Frame(double second) => Convert.ToHexString(buffer.Bytes.AsSpan(buffer.Frames[(int)(25 * second)].Offset, buffer.Frames[(int)(25 * second)].Length));
        Frame(31).ShouldBe(Frame(3));
        Frame(33).ShouldNotBe(Frame(31));
        Frame(1).ShouldNotBe(Frame(3));
    }

    [Fact]
    public void Numbers_that_are_no_holes_are_none()
    {
        var held = new HeldPictures(25);
        string[] lines =
        [
            "-2", "5", "27", "1000", "nonsense", "26", "1000", "27", "5", "40", "0", "30", "100", "31", "-3", "-7", "9", "nan", "50", "1",
            "60", "9999999999999999999999999", "61", "7", "70",
        ];
        lines.Select(l => held.Take(l.Any(char.IsLetter) ? l : l + ".000000")).ShouldBe(lines.Select(l => !l.Any(char.IsLetter)));
        held.Take("1e3").ShouldBeFalse();
        held.Added(27).ShouldBe(0);
        held.Added(28).ShouldBe(1000);
        held.Added(30).ShouldBe(1000);
        held.Added(31).ShouldBe(1100);
        held.Added(51).ShouldBe(1101);
        held.Added(61).ShouldBe(1101L + int.MaxValue);
        held.Longest.ShouldBe(((60 - 2 + 1101) / 25.0, 2 + (int.MaxValue / 25.0)));
        held.TimeOf(1).ShouldBe(1);
        held.TimeOf(1.08).ShouldBe(41.08, 1e-9);
        held.TimeOf(1.2).ShouldBe(45.2, 1e-9);
        held.Within(new ClockAlignment(0, 28, 0, 0, 0)).ShouldBeFalse();
        held.Within(new ClockAlignment(20, 9, 0, 0, 0)).ShouldBeTrue();
        held.Order(30, new ClockAlignment(1000, 30, 0, 0, 0)).Distinct().ShouldBe([27, 28, 29]);
        held.Order(30, new ClockAlignment(1000, 30, 0, 0, 0)).Count(i => i == 27).ShouldBe(28);
        held.Order(30, new ClockAlignment(1000, 10, 0, 0, 0)).Count().ShouldBe(10);
    }

    /// <summary>A pause lasts from the picture before it to the one behind, whether or not something looked for movement in what stayed of it.</summary>
    [Fact]
    public void A_hole_stands_still_once()
    {
        ConversionLog Read(params string[] lines)
        {
            var log = new ConversionLog(0, 1, frameRate: 25, sampleRate: 16000, leastGap: 10);
            foreach (var line in (string[])["[info] 40000000000000.000000", "[info] 0.000000", "[info] 27.000000", "[info] 1000.000000", .. lines])
            {
                log.Add(line);
            }

            return log;
        }

        string Freeze(string what) => $"[Parsed_freezedetect_5 @ 0x55] [info] lavfi.freezedetect.{what}";
        Read().StillSeconds(0, 100).ShouldBe(42, 1e-9);
        Read(Freeze("freeze_start: 1"), Freeze("freeze_duration: 2"), Freeze("freeze_end: 3")).StillSeconds(0, 100).ShouldBe(42, 1e-9);
        Read(Freeze("freeze_start: 0.5"), Freeze("freeze_duration: 3")).StillSeconds(0, 100).ShouldBe(43, 1e-9);
        Read(Freeze("freeze_start: 0.5")).StillSeconds(0, 100).ShouldBe(99.5, 1e-9);
        Read().StillSeconds(10, 20).ShouldBe(10, 1e-9);
    }

    [Fact]
    public async Task What_runs_away_is_ended_on_the_way()
    {
        TestVideos.Make(folder["long.mkv"], 60);
        var (request, frames, _) = await RequestAsync(folder["long.mkv"], 25);
        await Should.ThrowAsync<RunawayException>(() => Converter.RunAsync(MediaTools.Find(), request with { MaxFrames = 20 }, TestContext.Current.CancellationToken));
        var early = frames.Length;
        await Converter.RunAsync(MediaTools.Find(), request, TestContext.Current.CancellationToken);
        early.ShouldBeLessThan((frames.Length - early) / 4);
    }

    private async Task DamagedAsync(string detail)
    {
        var file = (await IngestAsync(new() { Source = folder["v"], Store = folder["s"], MemoryMegabytes = 256 })).Quarantined.ShouldHaveSingleItem();
        file.Reason.ShouldBe(QuarantineReason.Damaged, file.Detail);
        file.Detail.ShouldContain(detail);
    }

    private async Task<StoredVideo> StoredAsync(IngestOptions options)
    {
        (await IngestAsync(options)).Quarantined.ShouldBeEmpty();
        using var store = VideoStore.Open(options.Store);
        return store.Videos.ShouldHaveSingleItem();
    }

    /// <summary>Converts a file's pictures, which are to be those of a graph that leaves nothing out.</summary>
    private async Task<Conversion> PicturesAsync(string path, Rational rate)
    {
        var (request, frames, _) = await RequestAsync(path, rate);
        var conversion = await Converter.RunAsync(MediaTools.Find(), request, TestContext.Current.CancellationToken);
        IReadOnlyList<long> offsets = [.. conversion.FrameOffsets, conversion.FramesEnd];
        using var held = new MemoryStream();
        var order = conversion.Log.Held.Order(conversion.FrameOffsets.Count, new ClockAlignment(0, conversion.FrameCount, 0, 0, 0));
        offsets = HeldPictures.Copy(frames, offsets, order, held, TestContext.Current.CancellationToken);
        offsets[^1].ShouldBe(held.Length);
        offsets.Count.ShouldBe(conversion.FrameCount + 1);

        var whole = Whole(request, HeldPictures.Times(request.FrameRate, PrintedTime.OfFrames), "PTS-STARTPTS");
        held.ToArray().AsSpan().SequenceEqual(whole).ShouldBeTrue();
        return conversion;
    }

    /// <summary>Converts a file's sound, which is to be that of a graph that leaves nothing out.</summary>
    private async Task<Conversion> SoundAsync(string path, int rate)
    {
        var (request, _, probe) = await RequestAsync(path, 25);
        request = request with { Video = null, Audio = probe.Audio, SampleRate = rate };
        var conversion = await Converter.RunAsync(MediaTools.Find(), request, TestContext.Current.CancellationToken);
        var samples = MemoryMarshal.Cast<byte, short>(File.ReadAllBytes(request.SamplesPath)).ToArray();
        samples.Length.ShouldBe((int)conversion.SampleCount);

        var all = MemoryMarshal.Cast<byte, short>(Whole(request, LeftOutSilence.Times(PrintedTime.OfSamples), "PTS")).ToArray();
        ((double)samples.Length).ShouldBe(all.Length, 2);
        var differ = Enumerable.Range(0, Math.Min(samples.Length, all.Length)).Count(i => Math.Abs(samples[i] - all[i]) > 64);
        differ.ShouldBeLessThan(rate / 100, "the resampler may be a fraction of a sample off");
        return conversion;
    }

    /// <summary>What ffmpeg makes of a file when the times are these instead.</summary>
    private byte[] Whole(ConversionRequest request, string times, string instead)
    {
        TestVideos.Ffmpeg([.. Converter.Arguments(request).Select(a => a.Replace(times, instead, StringComparison.Ordinal))
            .Select(a => a == "pipe:1" ? folder["whole"] : a).Where(a => a is not ("-nostdin" or "-hide_banner" or "-nostats"))]);
        return File.ReadAllBytes(folder["whole"]);
    }

    private async Task<(ConversionRequest Request, MemoryStream Frames, MediaProbe Probe)> RequestAsync(string path, Rational rate)
    {
        var limits = new IngestOptions { Source = "", Store = "" }.MediaLimits;
        var probe = await Prober.ProbeAsync(MediaTools.Find(), path, limits, TestContext.Current.CancellationToken);
        var frames = new MemoryStream();
        var request = new ConversionRequest
        {
            Path = path,
            Video = probe.Video,
            Audio = null,
            FrameRate = rate,
            Width = 48,
            Height = 32,
            SampleRate = 16000,
            JpegQuality = 3,
            Threads = 1,
            Frames = frames,
            SamplesPath = folder["sound.pcm"],
            MaxFrames = 1_000_000,
            MaxFrameBytes = 1 << 30,
            MaxSampleBytes = 1 << 30,
            Limits = limits,
            ProcessorTime = TimeSpan.FromMinutes(1),
        };
        return (request, frames, probe);
    }

    private static Task<IngestSummary> IngestAsync(IngestOptions options) => StoreIngest.RunAsync(options, null, TestContext.Current.CancellationToken);
}
