using System.Text.Json;
using System.Text.Json.Nodes;
using Duet.Cli.Tests.Support;
using Duet.Data.Store;
using Duet.Data.Tables;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary><c>duet clusters</c> on pseudo-labels of the tiny store, and what it says when there are none.</summary>
[Collection(TinyStore.Collection)]
[Trait("Category", "Slow")]
public sealed class ClustersTests(TinyStore tiny)
{
    [Fact]
    public void The_page_has_pictures_sound_and_labels_and_the_terminal_the_ranking()
    {
        var run = Clustered();

        var result = tiny.Duet("clusters", run);

        result.ExitCode.ShouldBe(0, result.Error);
        result.Output.ShouldContain("audio clusters, iteration 1 of 1: 2 of 2 used by 10 clips, ranked by purity");
        result.Output.ShouldContain("this 1.00");
        result.Output.ShouldContain($"Page: {run}/clusters.html");
        var page = File.ReadAllText(tiny.In(run, "clusters.html"));
        Count(page, "data:image/jpeg;base64,").ShouldBe(20);
        Count(page, "data:audio/wav;base64,").ShouldBe(20);
    }

    [Fact]
    public void Json_is_the_ranking_and_the_export_joins()
    {
        var run = Clustered();

        var result = tiny.Duet("clusters", run, "--json", "--top", "1", "--nearest", "3", "--out", "pages/here.html", "--export", "labels.csv");

        result.ExitCode.ShouldBe(0, result.Error);
        var root = JsonDocument.Parse(result.Output).RootElement;
        root.GetProperty("kind").GetString().ShouldBe("clusters");
        root.GetProperty("page").GetString().ShouldBe("pages/here.html");
        var clusters = root.GetProperty("clusterings")[0].GetProperty("clusters");
        clusters.EnumerateArray().Select(c => c.GetProperty("purity").GetDouble()).ShouldBe([1, 1]);
        clusters[0].GetProperty("nearest").GetArrayLength().ShouldBe(3);
        Count(File.ReadAllText(tiny.In("pages", "here.html")), "<audio").ShouldBe(2 * 3);
        var lines = File.ReadAllLines(tiny.In("labels.csv"));
        lines.Length.ShouldBe(21);
        lines.Count(l => l.Contains(",this,", StringComparison.Ordinal)).ShouldBe(2 * 5);
        tiny.Duet("clusters", run, "--export", "labels.parquet").ExitCode.ShouldBe(0);
        File.Exists(tiny.In("labels.parquet")).ShouldBeTrue();
    }

    [Fact]
    public void A_store_that_lacks_videos_is_said_with_how_many()
    {
        var result = tiny.Duet("clusters", Clustered(), "--store", "other");

        result.ExitCode.ShouldBe(0, result.Error);
        result.Output.ShouldContain("The store lacks 8 of the run's 10 videos (8 clips)");
        result.Output.ShouldContain("no labels, so the clusters are ranked by tightness");
    }

    [Fact]
    public void A_run_of_another_method_is_told_which_methods_cluster() =>
        tiny.Duet("clusters", tiny.Run).ShouldBeOneError(2, "has no pseudo-labels", "its method is avts", "sdc, mdc, cdc and xdc");

    [Fact]
    public void A_table_of_another_run_is_an_error()
    {
        var run = Clustered();
        File.AppendAllText(tiny.In(run, "pseudo-labels", "iteration-01-audio.parquet"), "x");

        tiny.Duet("clusters", run, "--json").ShouldBeOneError(1, "iteration-01-audio.parquet", "SHA-256");
    }

    [Fact]
    public void An_iteration_that_there_is_not_is_wrong_use() =>
        tiny.Duet("clusters", Clustered(), "--iteration", "3").ShouldBeOneError(2, "--iteration 3", "only iteration 1");

    [Fact]
    public void Filters_are_drawn_beside_those_of_the_start()
    {
        var result = tiny.Duet("filters", tiny.Run, "--json");

        result.ExitCode.ShouldBe(0, result.Error);
        var root = JsonDocument.Parse(result.Output).RootElement;
        root.GetProperty("kind").GetString().ShouldBe("filters");
        var filters = root.GetProperty("filters").EnumerateArray().ToList();
        filters.Select(f => f.GetProperty("modality").GetString()).ShouldBe(["video", "audio"]);
        filters.ShouldAllBe(f => f.GetProperty("cosine_to_random").GetDouble() > 0.9 && f.GetProperty("cosine_to_random").GetDouble() < 1); // some steps from its own start
        File.ReadAllText(tiny.In(tiny.Run, "filters.html")).ShouldContain("Learned minus random");
        tiny.Duet("filters", tiny.Run).Output.ShouldContain("stem.0.weight");
    }

    [Fact]
    public void Filters_need_encoders()
    {
        Directory.CreateDirectory(tiny.In("begun"));
        File.WriteAllText(tiny.In("begun", "recipe.yaml"), "name: begun");

        tiny.Duet("filters", "begun").ShouldBeOneError(2, "no encoders yet", "--resume");
        tiny.Duet("filters", "nowhere").ShouldBeOneError(2, "holds no run");
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    /// <summary>A new run folder whose clusters are the labels.</summary>
    private string Clustered()
    {
        var run = "clustered-" + Guid.NewGuid().ToString("N");
        Directory.CreateDirectory(tiny.In(run, "pseudo-labels"));
        File.WriteAllText(tiny.In(run, "store.json"), new JsonObject { ["path"] = tiny.In("store") }.ToJsonString());
        using var store = VideoStore.Open(tiny.In("store"));
        var entries = new JsonArray();
        foreach (var features in (string[])["audio", "video"])
        {
            var rows = store.Videos.Select((v, i) => new PseudoLabel($"{v.Id}/0", v.Id, 0, 0.5, "training", v.Label == "this" ? 0 : 1, i)).ToList();
            var hash = PseudoLabelTable.Write(tiny.In(run, "pseudo-labels", $"iteration-01-{features}.parquet"), new Dictionary<string, string>(), rows);
            entries.Add(new JsonObject { ["features"] = features, ["file"] = $"iteration-01-{features}.parquet", ["sha256"] = hash, ["k"] = 2 });
        }

        File.WriteAllText(
            tiny.In(run, "pseudo-labels", "iteration-01.json"),
            new JsonObject { ["format"] = "duet.clustering/1", ["method"] = "xdc", ["iteration"] = 1, ["clusterings"] = entries }.ToJsonString());
        return run;
    }
}
