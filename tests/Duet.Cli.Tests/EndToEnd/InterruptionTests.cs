using System.Security.Cryptography;
using System.Text.Json;
using Duet.Cli.Tests.Support;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary>Stopping a run from outside, and going on by what the command itself says.</summary>
[Collection(TinyStore.Collection)]
[Trait("Category", "Slow")]
public sealed class InterruptionTests(TinyStore tiny)
{
    /// <summary>Steps that are long beside a signal's way, so that it arrives within one.</summary>
    private static readonly string[] Heavy =
        ["--set", "clip.size=48", "--set", "video.width=0.25", "--set", "training.batch=16", "--set", "training.epoch_size=96"];

    [Fact]
    public void However_often_and_by_whatever_signal_it_is_stopped_a_run_ends_with_the_same_bits()
    {
        string[] straight = ["pretrain", "tiny.yaml", "--store", "store", "--run", "straight", .. Heavy];
        var whole = tiny.Duet(straight);
        whole.ExitCode.ShouldBe(0, whole.Error);

        // Ctrl-C: the step is finished, everything is saved, and what goes on is said.
        string[] command = ["pretrain", "tiny.yaml", "--store", "store", "--run", "stopped", .. Heavy];
        var first = DuetProcess.RunUntil(tiny.Folder, "step 2 of 12", Signals.SendInterrupt, command);
        first.ExitCode.ShouldBe(130, first.Error);
        first.Error.ShouldBe("stopping; press Ctrl-C again to leave at once\n");
        first.Output.ShouldContain(" of 12; everything is saved. Go on with:\n");
        var goOn = GoOn(first);

        // SIGTERM and SIGUSR1, as schedulers send them, are the same; so are several of them.
        foreach (var (step, send) in new (string, Action<System.Diagnostics.Process>)[] { ("4", Signals.SendTerminate), ("6", Signals.SendUser), ("8", Signals.SendInterruptThenTerminate) })
        {
            var next = DuetProcess.RunUntil(tiny.Folder, $"step {step} of 12", send, goOn);
            next.ExitCode.ShouldBe(130, next.Error);
            next.Error.ShouldBe("stopping; press Ctrl-C again to leave at once\n");
            next.Output.ShouldContain("resumed from step ");
            next.Output.ShouldNotContain("ended without saving");
            GoOn(next).ShouldBe(goOn);
        }

        // A second Ctrl-C leaves at once: nothing more is saved or said, and what was saved is as it was.
        var before = Checkpoints("stopped");
        var left = DuetProcess.RunUntil(tiny.Folder, "step 10 of 12", Signals.SendTwoInterrupts, goOn);
        left.ExitCode.ShouldBe(130, left.Error);
        left.Output.ShouldNotContain("Go on with");
        Checkpoints("stopped").ShouldBe(before);

        var last = tiny.Duet(goOn);
        last.ExitCode.ShouldBe(0, last.Error);
        last.Output.ShouldContain($" on {Environment.MachineName}, since 20");
        last.Output.ShouldContain("ended without saving");
        Bits("stopped").ShouldBe(Bits("straight"));
        StepsTold("stopped").ShouldBe(Enumerable.Range(1, 12));
    }

    [Fact]
    public void An_interrupted_demo_goes_on_and_a_finished_one_is_told_again()
    {
        string[] command =
        [
            "demo", "--out", "demo", "--videos", "24",
            "--set", "clip.frames=8", "--set", "clip.size=32", "--set", "clip.audio_seconds=0.64", "--set", "video.width=0.125", "--set", "video.stages=2",
            "--set", "audio.width=0.125", "--set", "head.time_bins=4", "--set", "data.validation_share=0.5", "--set", "avts.curriculum[0].epochs=1",
            "--set", "avts.curriculum[1].epochs=1", "--set", "training.epoch_size=96", "--set", "training.batch=8", "--set", "training.threads=1",
            "--set", "training.log_every=1", "--set", "training.validation_clips=8", "--set", "training.statistics_clips=8",
        ];
        var stopped = DuetProcess.RunUntil(tiny.Folder, "step 2 of 24", Signals.SendInterrupt, command);
        stopped.ExitCode.ShouldBe(130, stopped.Error);
        stopped.Output.ShouldContain("Go on with the same command.");
        File.Exists(tiny.In("demo", "result.json")).ShouldBeFalse();

        var finished = tiny.Duet(command);
        finished.ExitCode.ShouldBe(0, finished.Error);
        finished.Output.ShouldContain("resumed from step ");
        finished.Output.ShouldNotContain("step 2 of 24");
        using var result = JsonDocument.Parse(File.ReadAllText(tiny.In("demo", "result.json")));
        result.RootElement.GetProperty("format").GetString().ShouldBe("duet.result/1");
        result.RootElement.GetProperty("kind").GetString().ShouldBe("demo");
        result.RootElement.GetProperty("store").GetProperty("videos").GetInt32().ShouldBe(24);
        var easy = result.RootElement.GetProperty("sync").GetProperty("kinds").GetProperty("easy").GetProperty("accuracy").GetDouble();
        easy.ShouldBeInRange(0, 1);
        var probes = result.RootElement.GetProperty("probe").GetProperty("results").EnumerateArray()
            .Select(r => $"{r.GetProperty("modality").GetString()} {r.GetProperty("weights").GetString()}");
        probes.Order(StringComparer.Ordinal).ShouldBe(["audio pretrained", "audio random", "video pretrained", "video random"]);

        var report = File.ReadAllText(tiny.In("demo", "report.html"));
        report.ShouldContain(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{100 * easy:0.0}\u00A0%"));
        report.ShouldContain("</html>");

        // A third call makes, trains and changes nothing, and tells the same; as JSON, and nothing else on standard output.
        var again = tiny.Duet([.. command, "--json"]);
        again.ExitCode.ShouldBe(0, again.Error);
        again.Error.ShouldNotContain("step 24 of 24");
        using var told = JsonDocument.Parse(again.Output);
        foreach (var part in new[] { "sync", "probe" })
        {
            told.RootElement.GetProperty(part).GetRawText().ShouldBe(result.RootElement.GetProperty(part).GetRawText());
        }
    }

    /// <summary>The command that the last line names, less the program's name.</summary>
    private static string[] GoOn(DuetResult result)
    {
        var line = result.Output.TrimEnd('\n').Split('\n')[^1];
        line.ShouldStartWith("  duet pretrain ");
        line.ShouldEndWith(" --resume");
        return line.Trim().Split(' ')[1..];
    }

    private string[] Checkpoints(string run) =>
        [.. Directory.GetFiles(tiny.In(run, "checkpoints")).Order(StringComparer.Ordinal).Select(f => $"{Path.GetFileName(f)} {Hash(f)}")];

    private string Bits(string run) => Hash(tiny.In(run, "checkpoints", "step-00000012.safetensors"));

    private IEnumerable<int> StepsTold(string run) => File.ReadLines(tiny.In(run, "metrics.jsonl"))
        .Select(line => JsonDocument.Parse(line).RootElement)
        .Where(line => line.GetProperty("kind").GetString() == "train")
        .Select(line => line.GetProperty("step").GetInt32());

    private static string Hash(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
}
