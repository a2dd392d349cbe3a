using System.Text.Json;
using Duet.Cli.Tests.Support;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary><c>duet eval</c> and <c>duet report</c> on a run, and what they say when they can't.</summary>
[Collection(TinyStore.Collection)]
[Trait("Category", "Slow")]
public sealed class EvaluationTests(TinyStore tiny)
{
    [Fact]
    public void Sync_writes_its_result_and_prints_the_same_as_json()
    {
        var result = tiny.Duet("eval", "sync", tiny.Run, "--store", "store", "--clips-per-video", "1", "--json");

        result.ExitCode.ShouldBe(0, result.Error);
        var root = SameAsFile(result, "eval-sync.json");
        root.GetProperty("kind").GetString().ShouldBe("sync");
        root.GetProperty("validation").GetProperty("videos").GetInt32().ShouldBe(3);
        root.GetProperty("test").GetProperty("videos").GetInt32().ShouldBe(3);
        root.GetProperty("kinds").GetProperty("hard").GetProperty("accuracy").GetDouble().ShouldBeInRange(0, 1);
    }

    [Fact]
    public void Probe_and_report_write_their_files()
    {
        var probe = tiny.Duet("eval", "probe", tiny.Run, "--store", "store", "--clips", "1", "--random-seeds", "1", "--json");

        probe.ExitCode.ShouldBe(0, probe.Error);
        var root = SameAsFile(probe, "eval-probe.json");
        root.GetProperty("kind").GetString().ShouldBe("probe");
        root.GetProperty("results").GetArrayLength().ShouldBe(4);
        root.GetProperty("results")[0].GetProperty("confusion").GetProperty("labels").GetArrayLength().ShouldBe(2);

        var report = tiny.Duet("report", tiny.Run, "--json");
        report.ExitCode.ShouldBe(0, report.Error);
        using var json = JsonDocument.Parse(report.Output);
        var page = json.RootElement.GetProperty("report").GetString()!;
        Path.GetFullPath(page, tiny.Folder).ShouldBe(tiny.In(tiny.Run, "report.html"));
        File.ReadAllText(tiny.In(tiny.Run, "report.html")).ShouldContain("</html>");
    }

    [Fact]
    public void Retrieval_searches_within_and_across_and_a_named_protocol_has_a_file_of_its_own()
    {
        var result = tiny.Duet("eval", "retrieval", tiny.Run, "--store", "store", "--clips", "2", "--random-seeds", "1", "--set", "retrieval.recall_at=[1, 2]", "--json");

        result.ExitCode.ShouldBe(0, result.Error);
        var root = SameAsFile(result, "eval-retrieval.json");
        root.GetProperty("kind").GetString().ShouldBe("retrieval");
        root.GetProperty("results").EnumerateArray().Select(r => $"{r.GetProperty("modality").GetString()} {r.GetProperty("weights").GetString()} {r.GetProperty("queries")}").Order(StringComparer.Ordinal)
            .ShouldBe(["audio->audio pretrained 3", "audio->audio random 3", "audio->video pretrained 3", "video->audio pretrained 3", "video->video pretrained 3", "video->video random 3"]);

        var within = tiny.Duet("eval", "retrieval", tiny.Run, "--store", "store", "--protocol", "retrieval_ucf101", "--clips", "1", "--random-seeds", "0");
        within.ExitCode.ShouldBe(0, within.Error);
        within.Output.ShouldContain("test: 3 test videos among 7 training videos");
        File.Exists(tiny.In(tiny.Run, "eval-retrieval-retrieval_ucf101.json")).ShouldBeTrue();
        tiny.Duet("eval", "retrieval", tiny.Run, "--store", "other", "--search", "within").ShouldBeOneError(2, "no labels");
        tiny.Duet("eval", "probe", tiny.Run, "--store", "store", "--protocol", "retrieval_ucf101").ShouldBeOneError(2, "duet eval retrieval");
    }

    [Fact]
    public void A_probe_needs_labels() =>
        tiny.Duet("eval", "probe", tiny.Run, "--store", "other").ShouldBeOneError(2, "no labels", "--labels folders");

    [Fact]
    public void An_unknown_split_is_told_with_those_that_there_are() =>
        tiny.Duet("eval", "sync", tiny.Run, "--store", "store", "--split", "tset").ShouldBeOneError(2, "no split 'tset'", "Did you mean 'test'?", "train, val, all");

    [Fact]
    public void An_unknown_layer_is_told_with_those_that_there_are() =>
        tiny.Duet("eval", "probe", tiny.Run, "--store", "store", "--layer", "conv9").ShouldBeOneError(2, "conv9", "conv1");

    [Fact]
    public void A_folder_that_is_no_store_is_an_error() =>
        tiny.Duet("eval", "sync", tiny.Run, "--store", "videos", "--json").ShouldBeOneError(1, "is not a Duet store", "duet ingest");

    /// <summary>The JSON on standard output, all of which it must be, and which must be what the file holds.</summary>
    private JsonElement SameAsFile(DuetResult result, string file)
    {
        var printed = JsonDocument.Parse(result.Output).RootElement;
        var written = JsonDocument.Parse(File.ReadAllText(tiny.In(tiny.Run, file))).RootElement;
        JsonElement.DeepEquals(printed, written).ShouldBeTrue();
        return printed;
    }
}
