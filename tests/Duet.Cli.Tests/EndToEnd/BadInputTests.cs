using Duet.Cli.Tests.Support;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary>Wrong calls that need no store to be wrong.</summary>
public sealed class BadInputTests : IDisposable
{
    private static readonly Dictionary<string, string> NoPath = new() { ["PATH"] = "/nonexistent" };

    private readonly string folder = Directory.CreateTempSubdirectory("duet-bad-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(1, "is not a Duet store", "pretrain avts_demo --store . --run r")]
    [InlineData(1, "There is no store at", "pretrain avts_demo --store gone --run r")]
    [InlineData(2, "There is no recipe 'avts_dmo', neither a file nor one that ships. Did you mean 'avts_demo'?", "pretrain avts_dmo --store . --run r")]
    [InlineData(2, "mine.yaml:3: clip: unknown key 'frame'; did you mean 'frames'?", "pretrain mine.yaml --store . --run r")]
    [InlineData(2, "training.batch: expected a whole number, found 'many'", "pretrain avts_demo --store . --run r --set training.batch=many")]
    [InlineData(2, "'.' holds no run", "eval sync . --store .")]
    [InlineData(2, "'gone' holds no run", "eval probe gone --store .")]
    [InlineData(1, "holds nothing to report", "report .")]
    public void Is_one_error(int exitCode, string message, string line)
    {
        File.WriteAllText(Path.Combine(folder, "mine.yaml"), "name: mine\nclip:\n  frame: 8\n");
        DuetProcess.RunIn(folder, environment: null, line.Split(' ')).ShouldBeOneError(exitCode, message);
        Directory.Exists(Path.Combine(folder, "r")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("ingest a.mp4 --store s")]
    [InlineData("demo --out d --videos 2")]
    public void Without_ffmpeg_it_says_how_to_get_it(string line)
    {
        File.WriteAllText(Path.Combine(folder, "a.mp4"), "no video");
        DuetProcess.RunIn(folder, NoPath, line.Split(' ')).ShouldBeOneError(1, "ffmpeg", "PATH", "apt");
        Directory.Exists(Path.Combine(folder, "s")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("ro", "ingest a.mp4 --store place/s", "read-only")]
    [InlineData("ro", "demo --out place/d --videos 2", "read-only")]
    [InlineData("size=100k", "demo --out place/d --videos 12", "the disk is full")]
    [InlineData("size=150k", "demo --out place/d --videos 1", "the disk is full")] // the sound fits, so it is ffmpeg that finds no room
    public void A_place_that_takes_nothing_is_one_error(string mount, string line, string message)
    {
        Assert.SkipWhen(PrivateMount.Missing is not null, PrivateMount.Missing ?? "");
        File.WriteAllText(Path.Combine(folder, "a.mp4"), "no video");
        var place = Directory.CreateDirectory(Path.Combine(folder, "place")).FullName;
        DuetProcess.RunWith(new PrivateMount(place, mount), folder, line.Split(' ')).ShouldBeOneError(1, message, place);
    }

    [Fact]
    public void A_disk_that_is_full_at_a_files_very_end_is_noticed_although_ffmpeg_ends_with_0()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("The stand-in for ffmpeg is a shell script.");
            return;
        }

        var ffmpeg = Path.Combine(folder, "ffmpeg");
        File.WriteAllText(ffmpeg, "#!/bin/sh\n/bin/cat >/dev/null\nfor last; do :; done\nlast=${last#file:}\necho cut short >\"$last\"\necho \"Error closing file $last: No space left on device\" >&2\n");
        File.SetUnixFileMode(ffmpeg, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var result = DuetProcess.RunIn(folder, new Dictionary<string, string> { ["PATH"] = folder }, "demo", "--out", "d", "--videos", "1");
        result.ShouldBeOneError(1, "the disk is full");
        Directory.GetFiles(Path.Combine(folder, "d"), "*.mp4*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(2, "ingest a.mp4 --store a.mp4")]
    [InlineData(1, "demo --out a.mp4")]
    public void A_file_where_a_folder_should_go_is_one_error(int exitCode, string line)
    {
        File.WriteAllText(Path.Combine(folder, "a.mp4"), "no video");
        DuetProcess.RunIn(folder, environment: null, line.Split(' ')).ShouldBeOneError(exitCode, Path.Combine(folder, "a.mp4"));
    }
}
