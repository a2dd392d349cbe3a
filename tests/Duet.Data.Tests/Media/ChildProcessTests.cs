using System.Text;
using Duet.Data.Media;
using Duet.Data.Tests.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Media;

public sealed class ChildProcessTests : IDisposable
{
    private const string Shell = "/bin/sh";
    private const int Hang = 120_000;

    private static readonly ChildLimits Ample = new()
    {
        Stall = TimeSpan.FromMinutes(10),
        ProcessorTime = TimeSpan.FromMinutes(10),
        MemoryBytes = 4L << 30,
    };

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact(Timeout = Hang)]
    public async Task What_works_for_ever_ends_though_it_always_makes_progress()
    {
        var (exit, _) = await RunAsync("while :; do echo x; done", Ample with { ProcessorTime = TimeSpan.FromSeconds(0.5) }, TestContext.Current.CancellationToken);
        exit.Limit.ShouldBe(ChildLimit.Time);
    }

    [Fact(Timeout = Hang)]
    public async Task What_sleeps_and_trickles_for_ever_ends()
    {
        var (exit, _) = await RunAsync("while sleep 0.05; do echo x; done", Ample with { ProcessorTime = TimeSpan.FromSeconds(0.4) }, TestContext.Current.CancellationToken);
        exit.Limit.ShouldBe(ChildLimit.Time);
    }

    [Fact(Timeout = Hang)]
    public async Task What_hangs_ends_with_all_that_it_started()
    {
        // Were only the shell killed, the one that sleeps would hold the pipes, and they would be read for ten minutes.
        var (exit, _) = await RunAsync("sleep 600; true", Ample with { Stall = TimeSpan.FromSeconds(0.5) }, TestContext.Current.CancellationToken);
        exit.Limit.ShouldBe(ChildLimit.Stall);
    }

    [Fact(Timeout = Hang)]
    public async Task Memory_is_watched_where_the_kernel_does_not_limit_it()
    {
        var (exit, _) = await RunAsync("exec dd if=/dev/zero of=/dev/null bs=300M", Ample with { MemoryBytes = 100 << 20, ByKernel = false }, TestContext.Current.CancellationToken);
        exit.Limit.ShouldBe(ChildLimit.Memory);
    }

    [Fact(Timeout = Hang)]
    public async Task A_file_grows_no_longer_than_allowed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the kernel of Linux does that");
        var (exit, _) = await RunAsync($"exec dd if=/dev/zero of={folder["long"]} bs=4096", Ample with { FileBytes = 1 << 20 }, TestContext.Current.CancellationToken);
        exit.Limit.ShouldBe(ChildLimit.FileSize);
    }

    [Fact(Timeout = Hang)]
    public async Task Who_is_killed_by_somebody_else_says_so()
    {
        var (exit, _) = await RunAsync("kill -KILL $$", Ample, TestContext.Current.CancellationToken);
        exit.Limit.ShouldBe(ChildLimit.Killed);
    }

    [Fact(Timeout = Hang)]
    public async Task The_kernel_keeps_the_limits_too()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the kernel of Linux does that");
        var limits = Ample with { ProcessorTime = TimeSpan.FromSeconds(70), MemoryBytes = 300 << 20, FileBytes = 5 << 20 };

        // They are set once the process runs, core files last.
        var (_, output) = await RunAsync(
            "until grep -q 'core file size *1 ' /proc/self/limits; do sleep 0.05; done; grep -E 'cpu|data|file size|open files' /proc/self/limits; "
            + "until grep -q 1000 /proc/self/oom_score_adj; do sleep 0.05; done", limits, TestContext.Current.CancellationToken);
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[..^1])).ShouldBe(
        [
            "Max cpu time 80 80", "Max file size 5242880 5242880", "Max data size 314572800 314572800", "Max core file size 1 1", "Max open files 256 256",
        ]);
    }

    [Fact(Timeout = Hang)]
    public async Task A_child_gets_none_of_this_process_s_files_and_little_of_its_environment()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is Linux's");
        using var open = new FileStream(folder["open"], FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        var (_, output) = await RunAsync("cd /proc/self/fd; for f in *; do readlink $f; done; env", Ample, TestContext.Current.CancellationToken);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var files = lines.Where(line => !line.Contains('=', StringComparison.Ordinal)).ToList();
        files.Count(file => file.StartsWith("pipe:", StringComparison.Ordinal)).ShouldBeGreaterThanOrEqualTo(4, "three streams and the lifeline");
        files.Where(file => file.StartsWith('/') && file != "/dev/null").ShouldBeEmpty(); // whoever started the tests may have left them some
        var names = lines.Where(line => line.Contains('=', StringComparison.Ordinal)).Select(line => line[..line.IndexOf('=', StringComparison.Ordinal)]);
        names.Except(["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "LC_ALL", "PWD", "OLDPWD", "SHLVL", "_"], StringComparer.Ordinal).ShouldBeEmpty();
        Environment.GetEnvironmentVariables().Count.ShouldBeGreaterThan(8, "there was something to leave out");
    }

    private static async Task<(ChildExit Exit, string Output)> RunAsync(string script, ChildLimits limits, CancellationToken cancellationToken)
    {
        var output = new StringBuilder();
        var exit = await ChildProcess.RunAsync(
            Shell,
            ["-c", script],
            bytes =>
            {
                if (output.Length < 10_000)
                {
                    output.Append(Encoding.UTF8.GetString(bytes));
                }
            },
            _ => { },
            limits,
            otherProgress: null,
            cancellationToken);
        return (exit, output.ToString());
    }
}
