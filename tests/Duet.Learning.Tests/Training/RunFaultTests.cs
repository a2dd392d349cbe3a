using System.Globalization;
using System.Text.Json.Nodes;
using Duet.Data.Files;
using Duet.Learning.Training;
using Duet.Tests.Shared.Files;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Training;

/// <summary>
/// A whole run whose n-th file operation fails: it stops with the reason, and resumed it ends with the same bits. CI takes a few n; with
/// <c>DUET_FAULTS=all</c> it is every one.
/// </summary>
[Trait("Category", "Slow")]
public sealed class RunFaultTests
{
    /// <summary>So many short runs: two threads would only wait for each other where the machine has other work.</summary>
    private static readonly Duet.Learning.Recipes.Recipe OneThread = TinyRun.Recipe with { Training = TinyRun.Recipe.Training with { Threads = 1 } };

    private static readonly Lazy<(string[] Bits, int Calls)> Straight = new(() =>
    {
        using var run = new TinyRun();
        var files = new FaultyFiles(int.MaxValue);
        using (DurableFiles.Replace(files))
        {
            run.Run(OneThread);
        }

        return (Bits(run), files.Calls);
    });

    [Theory]
    [InlineData(Fault.NoSpace)]
    [InlineData(Fault.Error)]
    public void Wherever_the_disk_fails_the_run_says_so_and_goes_on_later(Fault fault)
    {
        var told = 0;
        foreach (var failAt in Places())
        {
            using var run = new TinyRun();
            using (DurableFiles.Replace(new FaultyFiles(failAt, fault)))
            {
                var message = Should.Throw<FileWriteException>(() => run.Run(OneThread), $"{fault} at call {failAt} was passed over").Message;
                message.ShouldContain(run.Folder.Path);
                message.ShouldContain(fault == Fault.NoSpace ? "the disk is full" : "does not answer");
                told += message.Contains("The last checkpoint is kept: '", StringComparison.Ordinal) ? 1 : 0;
            }

            run.Run(OneThread, resume: run.Folder.HoldsRun).Finished.ShouldBeTrue();
            Bits(run).ShouldBe(Straight.Value.Bits, $"{fault} at call {failAt}");
        }

        told.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData(Lost.Everything)]
    [InlineData(Lost.Contents)]
    public void Whenever_the_power_goes_the_run_goes_on_later(Lost lost)
    {
        foreach (var cutAt in Places())
        {
            using var run = new TinyRun();
            Directory.CreateDirectory(run.Folder.Path);
            var files = new PowerCut(run.Folder.Path, cutAt);
            using (DurableFiles.Replace(files))
            {
                Should.Throw<PowerCutException>(() => run.Run(OneThread));
            }

            files.Restart(lost);
            run.Run(OneThread, resume: run.Folder.HoldsRun).Finished.ShouldBeTrue();
            Bits(run).ShouldBe(Straight.Value.Bits, $"cut at call {cutAt}");
        }
    }

    /// <summary>All of the run's calls, or some from every part of it.</summary>
    private static IEnumerable<int> Places()
    {
        const int Some = 6;
        var calls = Straight.Value.Calls;
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The run has {calls} file operations."));
        return Environment.GetEnvironmentVariable("DUET_FAULTS") == "all"
            ? Enumerable.Range(1, calls)
            : Enumerable.Range(0, Some).Select(i => 1 + (i * (calls - 1) / (Some - 1)));
    }

    /// <summary>The last tensors, and what of the metrics no clock says.</summary>
    private static string[] Bits(TinyRun run) =>
    [
        .. run.Tensors().OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => $"{t.Key} {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(t.Value))}"),
        .. File.ReadLines(run.Folder.MetricsFile).Select(l => JsonNode.Parse(l)!).Where(l => l["kind"]!.GetValue<string>() != "event").Select(l => $"{l["kind"]} {l["step"]} {l["loss"]?.ToJsonString()}"),
    ];
}
