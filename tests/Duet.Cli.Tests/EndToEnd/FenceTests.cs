using System.Diagnostics;
using System.Globalization;
using Duet.Cli.Tests.Support;
using Duet.Data.Store;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary>What the command's processes start, and what becomes of that.</summary>
public sealed class FenceTests : IDisposable
{
    /// <summary>Only to end what hangs: a loaded machine may need long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string folder = Directory.CreateTempSubdirectory("duet-fence-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("audio")]
    [InlineData("both")]
    public void Ffmpeg_does_not_outlive_a_killed_ingest(string streams)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere ffmpeg ends when it next writes");
        MakeVideo("a.mp4");

        // One that hangs, and so never notices that nobody reads what it writes.
        Program("bin/ffmpeg", $"echo $$ > {In("pid.part")}; mv {In("pid.part")} {In("pid")}; exec sleep 600");
        File.CreateSymbolicLink(In("bin", "ffprobe"), "/usr/bin/ffprobe");
        using var process = DuetProcess.Start(folder, Path("bin"), "ingest", "videos", "--store", "store", "--streams", streams);
        Until(() => File.Exists(In("pid")) || process.HasExited);
        var id = int.Parse(File.ReadAllText(In("pid")), CultureInfo.InvariantCulture);
        Until(() => State(id).Contains("(sleep)", StringComparison.Ordinal));
        process.Kill();
        process.WaitForExit();
        Until(() => State(id) is "" || State(id).Contains(") Z", StringComparison.Ordinal));
    }

    [Fact]
    public void A_program_called_ffmpeg_in_the_working_folder_is_not_run()
    {
        Program("ffmpeg", $"touch {In("pwned")}");
        Program("ffprobe", $"touch {In("pwned")}");
        Program("bin/ffmpeg", $"echo $0 >> {In("used")}; echo from the path >&2; exit 1");
        Program("bin/ffprobe", "exit 1");
        DuetProcess.RunIn(folder, Path("bin"), "doctor").Output.ShouldContain(In("bin", "ffmpeg"));
        DuetProcess.RunIn(folder, Path("bin"), "demo", "--out", "demo").Error.ShouldContain("from the path");
        File.ReadAllLines(In("used")).ShouldAllBe(line => line == In("bin", "ffmpeg"));
        File.Exists(In("pwned")).ShouldBeFalse();
    }

    [Fact]
    public void The_environment_changes_nothing_of_what_ffmpeg_reads_or_writes()
    {
        MakeVideo("a.mkv");
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["FFREPORT"] = $"file={In("report.log")}:level=48",
            ["AV_LOG_FORCE_COLOR"] = "1",
        };
        var result = DuetProcess.RunIn(folder, environment, "ingest", "videos", "--store", "store");
        result.ExitCode.ShouldBe(0, result.Output + result.Error);
        File.Exists(In("report.log")).ShouldBeFalse();
        using var store = VideoStore.Open(In("store"));
        store.Videos.Count.ShouldBe(1);
    }

    private static void Until(Func<bool> condition)
    {
        var patience = Stopwatch.StartNew();
        while (!condition())
        {
            patience.Elapsed.ShouldBeLessThan(Patience, "it never happened");
            Thread.Sleep(20);
        }
    }

    /// <summary>What the system says of a process: <c>12 (sleep) S ...</c>; nothing where there is none.</summary>
    private static string State(int id)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
        }
        catch (IOException)
        {
            return "";
        }
    }

    private string In(params string[] parts) => System.IO.Path.Combine([folder, .. parts]);

    private Dictionary<string, string> Path(string first) => new(StringComparer.Ordinal) { ["PATH"] = In(first) + ":/usr/bin:/bin" };

    private void Program(string name, string script)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(In(name))!);
        File.WriteAllText(In(name), "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(In(name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private void MakeVideo(string name)
    {
        Directory.CreateDirectory(In("videos"));
        using var process = Process.Start(new ProcessStartInfo(
            "ffmpeg",
            ["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=96x64:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2", "-c:v", "mpeg4", "-c:a", "aac", In("videos", name)])
        { UseShellExecute = false })!;
        process.WaitForExit();
        process.ExitCode.ShouldBe(0);
    }
}
