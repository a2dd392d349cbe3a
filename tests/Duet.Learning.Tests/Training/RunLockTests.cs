using System.Diagnostics;
using System.Text.Json;
using Duet.Data;
using Duet.Learning.Training;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Training;

public sealed class RunLockTests : IDisposable
{
    private readonly RunFolder run = new(Path.Combine(Directory.CreateTempSubdirectory("duet-lock-").FullName, "run"));

    private string HolderFile => Path.Combine(run.Path, "run.pid");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(run.Path)!, recursive: true);

    [Fact]
    public void A_second_process_is_kept_out_and_told_who_the_first_is()
    {
        using (var held = RunLock.Take(run))
        {
            held.TakenOver.ShouldBeNull();
            var message = Should.Throw<UsageException>(() => RunLock.Take(run)).Message;
            message.ShouldContain($"pid {Environment.ProcessId} on {Environment.MachineName}, since 20");
            message.ShouldContain(run.Path);
            File.Delete(HolderFile);
            Should.Throw<UsageException>(() => RunLock.Take(run)).Message.ShouldContain("it has not yet said which");
        }

        using var next = RunLock.Take(run);
        next.TakenOver.ShouldBeNull();
    }

    [Fact]
    public void The_lock_of_a_dead_process_is_taken_over_and_that_is_said()
    {
        Leave(Environment.MachineName, DeadPid(), DateTimeOffset.UtcNow);
        using var held = RunLock.Take(run);
        held.TakenOver.ShouldNotBeNull().ShouldContain($"on {Environment.MachineName}, since ");
        JsonDocument.Parse(File.ReadAllText(HolderFile)).RootElement.GetProperty("pid").GetInt32().ShouldBe(Environment.ProcessId);
    }

    [Fact]
    public void Where_locks_hold_another_machine_s_leftover_is_taken_over_too()
    {
        Leave("elsewhere", 1, DateTimeOffset.UtcNow);
        using var held = RunLock.Take(run);
        held.TakenOver.ShouldNotBeNull().ShouldContain("pid 1 on elsewhere");
    }

    /// <summary>Whoever cleans up may take the lock's file away from under a living process.</summary>
    [Fact]
    public void A_living_process_keeps_the_folder_without_its_lock()
    {
        using var held = RunLock.Take(run);
        File.Delete(Path.Combine(run.Path, "run.lock"));
        Should.Throw<UsageException>(() => RunLock.Take(run)).Message.ShouldContain($"pid {Environment.ProcessId} on {Environment.MachineName}");
        File.Exists(HolderFile).ShouldBeTrue();
    }

    [Fact]
    public void What_is_no_name_of_a_holder_is_no_obstacle()
    {
        Directory.CreateDirectory(run.Path);
        foreach (var text in new[] { "", "123\n", "{}", "[]", "{\"host\":null,\"pid\":1,\"since\":\"2026-01-01T00:00:00Z\"}", "null", "\0\0\0" })
        {
            File.WriteAllText(HolderFile, text);
            using var held = RunLock.Take(run);
            held.TakenOver.ShouldBeNull(text);
        }
    }

    [Fact]
    public void A_number_that_was_given_out_again_is_another_process()
    {
        new RunHolder(Environment.MachineName, Environment.ProcessId, DateTimeOffset.UtcNow).MayLive().ShouldBeTrue();
        new RunHolder(Environment.MachineName, Environment.ProcessId, DateTimeOffset.UtcNow.AddYears(-30)).MayLive().ShouldBeFalse();
        new RunHolder(Environment.MachineName, DeadPid(), DateTimeOffset.UtcNow).MayLive().ShouldBeFalse();
        new RunHolder("elsewhere", DeadPid(), DateTimeOffset.UtcNow).MayLive().ShouldBeTrue();
    }

    private void Leave(string host, int pid, DateTimeOffset since)
    {
        Directory.CreateDirectory(run.Path);
        new RunHolder(host, pid, since).Write(HolderFile);
    }

    private static int DeadPid()
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", "--version") { RedirectStandardOutput = true, UseShellExecute = false })!;
        process.WaitForExit();
        return process.Id;
    }
}
