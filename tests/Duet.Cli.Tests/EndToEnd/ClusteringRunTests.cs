using System.Security.Cryptography;
using System.Text.Json;
using Duet.Cli.Tests.Support;
using Duet.Data.Tables;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary>Deep clustering from the command line: killed, resumed, judged, shown.</summary>
[Collection(TinyStore.Collection)]
[Trait("Category", "Slow")]
public sealed class ClusteringRunTests(TinyStore tiny)
{
    private static readonly string[] Networks =
    [
        "--set", "clip.frames=8", "--set", "clip.size=32", "--set", "clip.audio_seconds=0.64", "--set", "video.width=0.125", "--set", "video.stages=2", "--set", "audio.width=0.125",
        "--set", "training.epoch_size=16", "--set", "training.batch=8", "--set", "training.threads=1", "--set", "training.log_every=1", "--set", "training.statistics_clips=8",
        "--set", "clustering.iterations=3", "--set", "clustering.epochs_per_iteration=1", "--set", "clustering.calibration_clips=8",
    ];

    [Fact]
    public void Killed_while_it_clusters_and_while_it_trains_a_run_ends_with_the_same_bits()
    {
        Pretrain("xdc-straight", "--set", "clustering.k=2").ExitCode.ShouldBe(0);
        string[] command = Command("xdc-killed", "--set", "clustering.k=2");

        // While it reads the first features: there is no checkpoint yet.
        DuetProcess.RunUntil(tiny.Folder, "pretrain: ", p => p.Kill(), command).Output.ShouldNotContain("iteration 1:");

        // When the second labels are on the disk and no checkpoint knows of them.
        DuetProcess.RunUntil(tiny.Folder, "iteration 2: ", p => p.Kill(), [.. command, "--resume"]).Output.ShouldNotContain("step 3 of");

        // Inside the third iteration.
        DuetProcess.RunUntil(tiny.Folder, "step 5 of 6", p => p.Kill(), [.. command, "--resume"]);
        var last = tiny.Duet([.. command, "--resume"]);
        last.ExitCode.ShouldBe(0, last.Error);
        last.Output.ShouldContain("resumed from step 4");
        Hashes("xdc-killed").ShouldBe(Hashes("xdc-straight"));
    }

    [Fact]
    public void A_run_is_judged_and_shown_and_its_labels_teach_another()
    {
        Pretrain("xdc-shown", "--set", "clustering.k=2").ShouldSatisfyAllConditions(
            r => r.ExitCode.ShouldBe(0, r.Error),
            r => r.Output.ShouldContain("iteration 3: audio features: 4 clips in 2 clusters"),
            r => r.Output.ShouldContain("NMI with the iteration before"),
            r => r.Output.ShouldContain("purity"));
        var probe = tiny.Duet("eval", "probe", "xdc-shown", "--store", "store", "--clips", "1", "--random-seeds", "1", "--batch", "4", "--json");
        probe.ExitCode.ShouldBe(0, probe.Error);
        using var judged = JsonDocument.Parse(probe.Output);
        judged.RootElement.GetProperty("results").EnumerateArray().Select(r => $"{r.GetProperty("modality")} {r.GetProperty("weights")}").Order(StringComparer.Ordinal)
            .ShouldBe(["audio pretrained", "audio random", "video pretrained", "video random"]);
        var sync = tiny.Duet("eval", "sync", "xdc-shown", "--store", "store");
        sync.ExitCode.ShouldBe(2);
        sync.Error.ShouldContain("was made by xdc");
        tiny.Duet("eval", "retrieval", "xdc-shown", "--store", "store", "--search", "across").ShouldBeOneError(2, "was made by xdc, whose encoders share no space", "take --search within");
        tiny.Duet("report", "xdc-shown").ExitCode.ShouldBe(0);
        File.ReadAllText(tiny.In("xdc-shown", "report.html")).ShouldContain("Pseudo-labels predicted right");
        var page = tiny.Duet("clusters", "xdc-shown", "--export", "labels.csv");
        page.ExitCode.ShouldBe(0, page.Error);
        File.ReadLines(tiny.In("labels.csv")).Count().ShouldBeGreaterThan(8);

        var given = Pretrain("xdc-given", "--set", "clustering.k=2", "--set", "clustering.labels=given", "--set", "clustering.iterations=1", "--set", "clip.frames=12", "--from", "xdc-shown");
        given.ExitCode.ShouldBe(0, given.Error);
        PseudoLabelTable.Read(tiny.In("xdc-given", "pseudo-labels", "iteration-01-audio.parquet")).Rows.Select(r => (r.Clip, r.Cluster))
            .ShouldBe(PseudoLabelTable.Read(tiny.In("xdc-shown", "pseudo-labels", "iteration-03-audio.parquet")).Rows.Select(r => (r.Clip, r.Cluster)));
    }

    [Theory]
    [InlineData("4 training clips, fewer than the 5 clusters", "--set", "clustering.k=5")]
    [InlineData("as long as a clip", "--set", "clustering.k=2", "--set", "clip.audio_seconds=100")]
    [InlineData("Name that run with --from", "--set", "clustering.k=2", "--set", "clustering.labels=given", "--set", "clustering.iterations=1")]
    [InlineData("xdc learns from both modalities", "--set", "clustering.k=2", "--set", "clustering.streams=audio")]
    [InlineData("holds no run", "--set", "clustering.k=2", "--from", "nowhere")]
    [InlineData("Did you mean 'patience'", "--set", "clustering.pationce=2")]
    public void What_can_not_work_is_said_before_anything_is_read(string message, params string[] settings)
    {
        var result = Pretrain("xdc-bad", settings);
        result.ExitCode.ShouldBe(2, result.Output);
        result.Error.ShouldContain(message);
        Directory.Exists(tiny.In("xdc-bad")).ShouldBeFalse();
    }

    [Fact]
    public void The_demonstration_clusters_too()
    {
        var result = tiny.Duet(["demo", "--method", "cdc", "--out", "demo-cdc", "--videos", "24", .. Networks, "--set", "clustering.k=4", "--set", "data.validation_share=0.4"]);
        result.ExitCode.ShouldBe(0, result.Error);
        result.Output.ShouldContain("joint features");
        using var told = JsonDocument.Parse(File.ReadAllText(tiny.In("demo-cdc", "result.json")));
        told.RootElement.GetProperty("training").GetProperty("recipe").GetString().ShouldBe("cdc_demo");
        told.RootElement.GetProperty("sync").ValueKind.ShouldBe(JsonValueKind.Null);
        File.ReadAllText(tiny.In("demo-cdc", "report.html")).ShouldContain("</html>");
        File.ReadAllText(tiny.In("demo-cdc", "clusters.html")).ShouldContain("</html>");
    }

    private DuetResult Pretrain(string run, params string[] settings) => tiny.Duet(Command(run, settings));

    private static string[] Command(string run, params string[] settings) => ["pretrain", "xdc_demo", "--store", "store", "--run", run, .. Networks, .. settings];

    private string[] Hashes(string run) =>
    [
        .. Directory.GetFiles(tiny.In(run, "pseudo-labels")).Where(f => f.EndsWith(".json", StringComparison.Ordinal)).Append(tiny.In(run, "checkpoints", "step-00000006.safetensors"))
            .Order(StringComparer.Ordinal).Select(f => $"{Path.GetFileName(f)} {Text(f)}"),
    ];

    /// <summary>A table names its run; the JSON beside it has the labels' numbers and, but for the tables' own hash, must be the same.</summary>
    private static string Text(string file) => file.EndsWith(".json", StringComparison.Ordinal)
        ? string.Join('\n', File.ReadLines(file).Where(l => !l.Contains("sha256", StringComparison.Ordinal)))
        : Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
}
