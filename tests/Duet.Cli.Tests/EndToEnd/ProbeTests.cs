using System.Text.Json;
using Duet.Cli.Tests.Support;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary><c>duet eval probe</c> on stores that can't be probed, and without a run; <c>duet results</c> on what it leaves.</summary>
[Collection(TinyStore.Collection)]
[Trait("Category", "Slow")]
public sealed class ProbeTests(TinyStore tiny)
{
    [Fact]
    public void Labels_of_one_class_teach_nothing()
    {
        Ingest("one-class", i => $"{{0}},this,{(i < 5 ? "train" : "test")}").ExitCode.ShouldBe(0);
        LogMel("one-class").ShouldBeOneError(2, "one class only", "Label more videos");
    }

    [Fact]
    public void A_fold_without_a_labelled_video_can_not_be_tested()
    {
        Ingest("empty-fold", i => $"{{0}},{(i < 6 ? i % 2 == 0 ? "this" : "that" : "")},{(i < 6 ? $"fold{(i / 2 % 2) + 1}" : "fold3")}").ExitCode.ShouldBe(0);
        LogMel("empty-fold").ShouldBeOneError(2, "no labelled video to test on ('fold3')");
    }

    [Fact]
    public void A_list_that_names_absent_files_is_probed_without_them_and_its_result_stands_in_the_table()
    {
        var ingest = Ingest("absent", i => i == 3 ? "videos/not_there.mp4,that,fold1" : $"{{0}},{(i % 2 == 0 ? "this" : "that")},fold{(i / 2 % 2) + 1}");
        ingest.ExitCode.ShouldBe(3, ingest.Error);
        (ingest.Output + ingest.Error).ShouldContain("not_there.mp4");

        var probe = LogMel("absent", "--set", "dataset=esc10");
        probe.ExitCode.ShouldBe(0, probe.Error);
        using var written = JsonDocument.Parse(File.ReadAllText(tiny.In("absent-results", "result.json")));
        var row = written.RootElement.GetProperty("results")[0];
        row.GetProperty("weights").GetString().ShouldBe("log_mel");
        row.GetProperty("predictions").GetArrayLength().ShouldBe(9);
        row.GetProperty("per_fold").GetArrayLength().ShouldBe(2);

        var results = tiny.Duet("results", "absent-results", "--json");
        results.ExitCode.ShouldBe(0, results.Error);
        using var table = JsonDocument.Parse(results.Output);
        var entry = table.RootElement.GetProperty("rows").EnumerateArray().ShouldHaveSingleItem();
        (entry.GetProperty("method").GetString(), entry.GetProperty("dataset").GetString()).ShouldBe(("log_mel", "esc10"));
        entry.GetProperty("published").EnumerateArray().Select(p => p.GetProperty("number").GetDouble()).ShouldBe([72.7, 95.7]);

        Directory.CreateDirectory(tiny.In("absent-results", "broken"));
        File.WriteAllText(tiny.In("absent-results", "broken", "result.json"), "{");
        var damaged = tiny.Duet("results", "absent-results", "--format", "csv");
        damaged.ExitCode.ShouldBe(3);
        damaged.Error.ShouldContain("skipped: ");
        damaged.Error.ShouldContain("broken/result.json");
        damaged.Output.TrimEnd().Split('\n').Length.ShouldBe(2);
    }

    [Fact]
    public void Without_a_run_networks_and_a_file_must_be_named()
    {
        tiny.Duet("eval", "probe", "--store", "store").ShouldBeOneError(2, "--out FILE");
        tiny.Duet("eval", "probe", "--store", "store", "--out", "x.json").ShouldBeOneError(2, "which networks", "--features log_mel");
        var mistyped = tiny.Duet("eval", "probe", "--store", "store", "--out", "x.json", "--features", "mel");
        mistyped.ExitCode.ShouldBe(2);
        mistyped.Error.ShouldStartWith("error: --features mel: it must be one of encoder, log_mel.");
    }

    [Fact]
    public void A_protocol_of_another_kind_names_its_verb() =>
        tiny.Duet("eval", "probe", "--store", "store", "--protocol", "finetune_esc50_all", "--out", "x.json").ShouldBeOneError(2, "duet eval finetune");

    [Fact]
    public void Folders_without_results_are_told() => tiny.Duet("results", "videos").ShouldBeOneError(2, "No result is below videos", "duet eval");

    private DuetResult LogMel(string store, params string[] more) =>
        tiny.Duet(["eval", "probe", "--store", store, "--features", "log_mel", "--clips", "1", "--set", "clip.audio_seconds=1", "--out", $"{store}-results/result.json", .. more]);

    /// <summary>The tiny videos with a line each of a list; <c>{0}</c> in it is the video's path.</summary>
    private DuetResult Ingest(string store, Func<int, string> line)
    {
        var videos = Directory.GetFiles(tiny.In("videos"), "*.mp4", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        File.WriteAllLines(tiny.In($"{store}.csv"), videos.Select((v, i) => line(i).Replace("{0}", v, StringComparison.Ordinal)).Prepend("path,label,split"));
        return tiny.Duet("ingest", $"{store}.csv", "--store", store);
    }
}
