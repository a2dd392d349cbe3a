using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Duet.Data.Scenes;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Scenes;

/// <summary>The files on disk: what a reader of the set finds.</summary>
public sealed class SceneSetTests : IDisposable
{
    private static readonly SceneSetOptions Options = new() { Count = 12, Seconds = 2, Width = 64, Height = 48, Seed = 11, TestShare = 0, ValidationShare = 0 };

    private readonly string folder = Directory.CreateTempSubdirectory("duet-scenes-").FullName;

    [Fact]
    [Trait("Category", "Slow")]
    public async Task WritesVideosThatDecodeToWhatWasDrawnAndASecondRunKeepsThem()
    {
        var reports = new List<SceneSetProgress>();
        await SceneSet.WriteAsync(Options, folder, new Each(reports.Add), TestContext.Current.CancellationToken);
        reports.Count.ShouldBe(12);
        reports.Max(report => report.Done).ShouldBe(12);

        var list = File.ReadAllLines(Path.Combine(folder, SceneSet.ListFile));
        list[0].ShouldBe("path,label,split");
        list.Length.ShouldBe(13);
        list.Skip(1).Select(line => line.Split(',')[1]).ShouldBe(SceneKinds.All.Select(kind => kind.Name));
        list.Skip(1).ShouldAllBe(line => line.EndsWith(",train") && File.Exists(Path.Combine(folder, line.Split(',')[0])));
        Directory.GetFiles(folder, "*.partial*", SearchOption.AllDirectories).ShouldBeEmpty();

        var truth = File.ReadAllLines(Path.Combine(folder, SceneSet.TruthFile)).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        for (var i = 0; i < truth.Length; i++)
        {
            var scene = new Scene(Options, i);
            truth[i].GetProperty("kind").GetString().ShouldBe(scene.Kind.Name);
            truth[i].GetProperty("events").EnumerateArray().Select(e => e.GetProperty("time").GetDouble()).ShouldBe(scene.Events.Select(e => e.Time));
            truth[i].GetProperty("parameters").EnumerateObject().Count().ShouldBe(scene.Parameters.Count);
        }

        var hammer = Path.Combine(folder, "hammer", "hammer-0000.mp4");
        Probe(hammer).ShouldBe("h264,64,48,25/1,50|aac,16000,1");
        Lag(new Scene(Options, 1).RenderSamples(), Decode(hammer)).ShouldBe(0, "the encoder's delay must be undone by the edit list");

        var written = File.GetLastWriteTimeUtc(hammer);
        File.Delete(Path.Combine(folder, "saw", "saw-0000.mp4"));
        await SceneSet.WriteAsync(Options, folder, null, TestContext.Current.CancellationToken);
        File.GetLastWriteTimeUtc(hammer).ShouldBe(written);
        File.Exists(Path.Combine(folder, "saw", "saw-0000.mp4")).ShouldBeTrue();

        var other = await Should.ThrowAsync<UsageException>(() => SceneSet.WriteAsync(Options with { Seed = 12 }, folder));
        other.Message.ShouldContain("other options");
    }

    [Fact]
    public async Task EncodesOddSizes()
    {
        await SceneSet.WriteAsync(Options with { Count = 1, Width = 33, Height = 25, Seconds = 1, SampleRate = 44100 }, folder, null, TestContext.Current.CancellationToken);
        Probe(Path.Combine(folder, "ball", "ball-0000.mp4")).ShouldBe("h264,33,25,25/1,25|aac,44100,1");
    }

    [Theory]
    [InlineData(360, 0.15, 0.25)]
    [InlineData(100, 0.2, 0.2)]
    [InlineData(5, 0.5, 0.5)]
    public void SplitsAreTheSameForEveryKind(int count, double validation, double test)
    {
        var splits = SceneSet.Splits(new SceneSetOptions { Count = count, ValidationShare = validation, TestShare = test });
        for (var kind = 0; kind < Math.Min(count, 12); kind++)
        {
            var members = splits.Where((_, i) => i % 12 == kind).ToArray();
            Math.Abs(members.Count(split => split == "test") - (members.Length * test)).ShouldBeLessThanOrEqualTo(0.5);
            Math.Abs(members.Count(split => split == "val") - (members.Length * validation)).ShouldBeLessThanOrEqualTo(1);
            members.ShouldAllBe(split => split == "train" || split == "val" || split == "test");
        }

        // The kinds' turns must not be the splits' turns: another seed divides otherwise.
        if (count == 360)
        {
            splits.ShouldNotBe(SceneSet.Splits(new SceneSetOptions { Count = count, Seed = 1, ValidationShare = validation, TestShare = test }));
        }
    }

    [Fact]
    public async Task SaysWhichOptionIsOutOfRange()
    {
        SceneSetOptions[] bad =
        [
            new() { Count = 0 }, new() { Seconds = double.NaN }, new() { Width = 8 }, new() { Height = 100000 }, new() { FrameRate = 0 }, new() { SampleRate = 12345 },
            new() { ValidationShare = -0.1 }, new() { ValidationShare = 0.6, TestShare = 0.6 }, new() { Jobs = -1 }, new() { NoiseLevel = -1 }, new() { StrangerSounds = -1 },
            new() { Bystanders = -1 }, new() { CameraMotion = 9 },
        ];
        foreach (var options in bad)
        {
            var error = options.Validate().ShouldHaveSingleItem();
            typeof(SceneSetOptions).GetProperty(error.Property).ShouldNotBeNull();
            var thrown = await Should.ThrowAsync<UsageException>(() => SceneSet.WriteAsync(options, folder));
            thrown.Message.ShouldContain(error.Property);
        }

        new SceneSetOptions().Validate().ShouldBeEmpty();
        Directory.EnumerateFileSystemEntries(folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task CancellationLeavesNothingHalfWritten()
    {
        using var source = new CancellationTokenSource();
        var cancel = new Each(_ => source.Cancel());
        await Should.ThrowAsync<OperationCanceledException>(() => SceneSet.WriteAsync(Options with { Count = 60, Jobs = 2 }, folder, cancel, source.Token));
        Directory.GetFiles(folder, "*.partial*", SearchOption.AllDirectories).ShouldBeEmpty();
        File.Exists(Path.Combine(folder, SceneSet.ListFile)).ShouldBeFalse("a list of videos that don't exist");
    }

    [Fact]
    public async Task AFolderThatIsAFileIsAnError()
    {
        var file = Path.Combine(folder, "file");
        await File.WriteAllTextAsync(file, "mine", TestContext.Current.CancellationToken);
        var error = await Should.ThrowAsync<DuetException>(() => SceneSet.WriteAsync(Options, file));
        error.Message.ShouldContain(file);
        File.ReadAllText(file).ShouldBe("mine");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string Probe(string path)
    {
        var video = Text("ffprobe", "-v", "error", "-select_streams", "v", "-count_frames", "-show_entries", "stream=codec_name,width,height,r_frame_rate,nb_read_frames", "-of", "csv=p=0", path);
        var audio = Text("ffprobe", "-v", "error", "-select_streams", "a", "-show_entries", "stream=codec_name,sample_rate,channels", "-of", "csv=p=0", path);
        return $"{video}|{audio}";
    }

    private static string Text(string program, params string[] arguments) => System.Text.Encoding.UTF8.GetString(Run(program, arguments)).Trim();

    private static short[] Decode(string path) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, short>(Run("ffmpeg", ["-v", "error", "-i", path, "-f", "s16le", "-"])).ToArray();

    private static byte[] Run(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        using var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, string.Join(' ', arguments.Prepend(program)).ToString(CultureInfo.InvariantCulture));
        return output.ToArray();
    }

    /// <summary>By how many samples the second is later, from the best correlation within 100 ms.</summary>
    private static int Lag(short[] original, short[] decoded)
    {
        var (best, at) = (double.NegativeInfinity, 0);
        for (var lag = -1600; lag <= 1600; lag++)
        {
            var sum = 0.0;
            for (var i = 2000; i < Math.Min(original.Length, decoded.Length) - 2000; i++)
            {
                sum += (double)original[i] * decoded[i + lag];
            }

            (best, at) = sum > best ? (sum, lag) : (best, at);
        }

        return at;
    }

    /// <summary>Unlike <see cref="Progress{T}"/>, tells at once and on the same thread.</summary>
    private sealed class Each(Action<SceneSetProgress> tell) : IProgress<SceneSetProgress>
    {
        private readonly Lock turn = new();

        public void Report(SceneSetProgress value)
        {
            lock (turn)
            {
                tell(value);
            }
        }
    }
}
