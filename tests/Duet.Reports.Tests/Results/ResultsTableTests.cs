using System.Text.Json.Nodes;
using Duet.Reports.Results;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Results;

public sealed class ResultsTableTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("duet-results-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Runs_that_differ_in_their_seed_alone_are_one_row_with_an_interval_over_seeds()
    {
        foreach (var (seed, share) in new[] { (0, 0.70), (1, 0.74), (2, 0.78) })
        {
            Run($"xdc_{seed}", seed, Probe("esc50", seed, [share - 0.1, share + 0.1]));
        }

        var row = ResultsTable.Read([folder]).Rows.ShouldHaveSingleItem();
        row.Number.ShouldBe(74, 1e-9);
        (row.Low!.Value, row.High!.Value).ShouldBe((74 - (4.3027 * 4 / Math.Sqrt(3)), 74 + (4.3027 * 4 / Math.Sqrt(3))), "mean and t interval of three");
        (row.Seeds, row.IntervalOver, row.Method, row.Data, row.K, row.Model).ShouldBe((3, "seeds", "xdc", "kinetics", 64, "resnet18_audio"));
        row.PerFold.Select(f => Math.Round(f, 6)).ShouldBe([64, 84]);
        row.Runs.ShouldBe(["xdc_0 @ 40", "xdc_1 @ 40", "xdc_2 @ 40"]);
    }

    [Fact]
    public void What_a_row_says_of_its_network_and_clip_holds_without_a_run()
    {
        var probe = Probe("esc50", 0, [0.5]);
        var row = probe["results"]![0]!;
        (row["weights"], row["network"], row["clip"]) = ("random", "resnet18_audio", "2 s");
        Write("baselines/result.json", probe);
        var found = ResultsTable.Read([folder]).Rows.ShouldHaveSingleItem();
        (found.Method, found.Model, found.Clip, found.Data).ShouldBe(("random", "resnet18_audio", "2 s", ""));
    }

    [Fact]
    public void Runs_that_differ_in_more_stay_apart()
    {
        Run("a", 0, Probe("esc50", 0, [0.7]), k: 64);
        Run("b", 1, Probe("esc50", 1, [0.8]), k: 128);
        Run("c", 0, Probe("esc50", 0, [0.9]), k: 64); // the same seed again is no second seed
        ResultsTable.Read([folder]).Rows.Select(r => (r.K, Math.Round(r.Number, 6), r.Runs.Single())).ShouldBe([(64, 70, "a @ 40"), (64, 90, "c @ 40"), (128, 80, "b @ 40")]);
    }

    [Fact]
    public void Few_labels_are_said_and_are_not_compared_with_what_papers_reach_with_all()
    {
        var all = Probe("esc50", 0, [0.7]);
        all["protocol"] = "probe_esc50";
        var few = Probe("esc50", 0, [0.4]);
        few["protocol"] = "probe_esc50";
        few["videos_per_class"] = 3;
        var share = Probe("esc50", 0, [0.3]);
        share["protocol"] = "probe_esc50";
        share["label_share"] = 0.125;
        Run("all", 0, all);
        Run("few", 0, few);
        Run("share", 0, share);
        var rows = ResultsTable.Read([folder]).Rows;
        rows.Select(r => (r.Labels, Math.Round(r.Number, 6), r.Published.Count > 0)).ShouldBe([("", 70, true), ("12.5 %", 30, false), ("3 a class", 40, false)]);
        ResultsText.Aligned(new ResultsTable(rows, [])).ShouldContain("12.5 %");
        ResultsText.Csv(new ResultsTable(rows, [])).ShouldContain(",3 a class,");
    }

    [Fact]
    public void An_interval_over_seeds_stays_among_the_shares_that_there_are()
    {
        Run("xdc_0", 0, Probe("esc50", 0, [0.9]));
        Run("xdc_1", 1, Probe("esc50", 1, [1.0]));
        var row = ResultsTable.Read([folder]).Rows.ShouldHaveSingleItem();
        row.High.ShouldBe(100);
        row.Low!.Value.ShouldBeInRange(0, 95);
    }

    [Fact]
    public void A_random_network_is_the_same_whichever_run_it_stands_beside()
    {
        foreach (int seed in new[] { 0, 1 })
        {
            var probe = Probe("esc50", seed, [0.5]);
            probe["results"]![0]!["weights"] = "random";
            probe["results"]![0]!["per_seed"] = new JsonArray(0.4, 0.5, 0.6);
            Run($"xdc_{seed}", seed, probe);
        }

        var row = ResultsTable.Read([folder]).Rows.ShouldHaveSingleItem();
        (row.Method, row.Data, row.K, row.Seeds, row.Runs.Count).ShouldBe(("random", "", null, 3, 2));
    }

    [Fact]
    public void A_finetuning_inside_a_run_belongs_to_that_run()
    {
        Run("xdc_0", 0, null);
        var result = new JsonObject
        {
            ["format"] = "duet.result/1",
            ["kind"] = "finetune",
            ["method"] = "xdc",
            ["dataset"] = "esc50",
            ["protocol"] = "finetune_esc50_all",
            ["layers"] = "all",
            ["networks"] = new JsonArray("resnet18_audio"),
            ["clip"] = "2 s of sound",
            ["seed"] = 0,
            ["step"] = 40,
            ["results"] = new JsonArray(Row("audio", "pretrained", [0.75])),
        };
        Write("xdc_0/finetune/finetune_esc50_all/result.json", result);
        Write("xdc_0/finetune/finetune_esc50_all/split1/final/result.json", new JsonObject { ["format"] = "duet.result/1", ["kind"] = "training" });

        var row = ResultsTable.Read([folder], "finetune").Rows.ShouldHaveSingleItem();
        (row.Data, row.Clip, row.Layers, row.Runs.Single()).ShouldBe(("kinetics", "2 s of sound", "all", "xdc_0/finetune/finetune_esc50_all @ 40"));
        row.Published.Single().Number.ShouldBe(78.0);
    }

    [Fact]
    public void Retrieval_gives_a_row_for_each_k_and_synchronisation_for_each_kind()
    {
        Run("avts", 0, new JsonObject
        {
            ["format"] = "duet.result/1",
            ["kind"] = "retrieval",
            ["dataset"] = "ucf101",
            ["results"] = new JsonArray(new JsonObject { ["modality"] = "video->video", ["recall_at"] = new JsonArray(Recall(1, 0.2), Recall(5, 0.5)) }),
        });
        Write("avts/eval-sync.json", new JsonObject { ["format"] = "duet.result/1", ["kind"] = "sync", ["method"] = "avts", ["kinds"] = new JsonObject { ["easy"] = new JsonObject { ["accuracy"] = 0.8, ["accuracy_ci95"] = new JsonArray(0.7, 0.9) } } });

        ResultsTable.Read([folder]).Rows.Select(r => $"{r.Dataset} {r.Modality} {r.Measure} {r.Number:0}").ShouldBe(["kinetics easy sync 80", "ucf101 video->video R@1 20", "ucf101 video->video R@5 50"]);
        ResultsTable.Read([folder]).Rows[0].Published.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("{", "line 1")]
    [InlineData("[]", "no result of Duet")]
    [InlineData("""{"format": "other/1", "kind": "probe"}""", "no result of Duet")]
    [InlineData("""{"format": "duet.result/9", "kind": "probe"}""", "duet.result/9")]
    [InlineData("""{"format": "duet.result/1", "kind": "probe", "results": [null]}""", "null stands where")]
    [InlineData("""{"format": "duet.result/1", "kind": "probe", "results": [{"accuracy": 7}]}""", "7 is no share")]
    [InlineData("""{"format": "duet.result/1", "kind": "probe", "results": [{"accuracy": "NaN"}]}""", "NaN is no share")]
    [InlineData("""{"format": "duet.result/1", "kind": "probe", "results": [{"accuracy": 0.5, "accuracy_ci95": [0.9, 0.1]}]}""", "low end")]
    [InlineData("""{"format": "duet.result/1", "kind": "probe", "results": [{"accuracy": 0.5, "per_fold": [0.5, -1]}]}""", "-1 is no share")]
    [InlineData("""{"format": "duet.result/1", "kind": "probe", "results": {"accuracy": 0.5}}""", "not what a report can read")]
    [InlineData("""{"format": "duet.result/1", "kind": "probe", "seed": 1e99, "results": []}""", "not what a report can read")]
    public void What_is_damaged_foreign_or_absurd_is_named_and_the_rest_is_read(string json, string reason)
    {
        Run("good", 0, Probe("esc50", 0, [0.5]));
        Directory.CreateDirectory(Path.Combine(folder, "bad"));
        File.WriteAllText(Path.Combine(folder, "bad", "result.json"), json);

        var table = ResultsTable.Read([folder]);
        table.Rows.ShouldHaveSingleItem().Runs.ShouldBe(["good @ 40"]);
        var skipped = table.Skipped.ShouldHaveSingleItem();
        skipped.Path.ShouldBe(Path.Combine(folder, "bad", "result.json"));
        skipped.Reason.ShouldContain(reason);
    }

    [Fact]
    public void The_order_does_not_depend_on_the_folders()
    {
        Run("b", 0, Probe("esc50", 0, [0.5]));
        Run("a", 0, Probe("dcase2014", 0, [0.6]));
        var once = ResultsText.Aligned(ResultsTable.Read([Path.Combine(folder, "a"), Path.Combine(folder, "b")]));
        ResultsText.Aligned(ResultsTable.Read([Path.Combine(folder, "b"), folder, Path.Combine(folder, "a")])).ShouldBe(once);
        Should.Throw<ReportException>(() => ResultsTable.Read([Path.Combine(folder, "none")])).Message.ShouldContain("is no folder");
    }

    [Fact]
    public void Texts_hold_what_names_hold()
    {
        Run("=a|b", 0, Probe("esc50", 0, [0.5, 0.6]));
        var table = ResultsTable.Read([folder]);

        var lines = ResultsText.Aligned(table).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines[0].ShouldStartWith("dataset  protocol");
        lines[1].ShouldContain("55.0  40.0 to 70.0, videos");
        lines[1][lines[0].IndexOf("published", StringComparison.Ordinal)..].ShouldStartWith("39.6 (AVTS Table 3, SVM on MFCC");

        ResultsText.Markdown(table).ShouldContain("=a\\|b @ 40");
        var cells = ResultsText.Csv(table).Split("\r\n");
        cells[0].Split(',').Length.ShouldBe(20);
        cells[1].ShouldContain(",55,40,70,videos,50 60,1,'=a|b @ 40,");
    }

    private static JsonObject Recall(int k, double share) => new() { ["k"] = k, ["recall"] = share, ["ci95"] = new JsonArray(0, 1) };

    private static JsonObject Row(string modality, string weights, double[] perFold) => new()
    {
        ["modality"] = modality,
        ["weights"] = weights,
        ["layer"] = "conv5",
        ["accuracy"] = perFold.Average(),
        ["accuracy_ci95"] = new JsonArray(0.4, 0.7),
        ["mean_of_folds"] = perFold.Average(),
        ["per_fold"] = new JsonArray([.. perFold.Select(f => (JsonNode)f)]),
        ["per_seed"] = new JsonArray(perFold.Average()),
    };

    private static JsonObject Probe(string dataset, int seed, double[] perFold) => new()
    {
        ["format"] = "duet.result/1",
        ["kind"] = "probe",
        ["method"] = "xdc",
        ["dataset"] = dataset,
        ["protocol"] = "probe_" + dataset,
        ["store_fingerprint"] = "00",
        ["seed"] = seed,
        ["step"] = 40,
        ["results"] = new JsonArray(Row("audio", "pretrained", perFold)),
    };

    private void Run(string name, int seed, JsonObject? result, int k = 64)
    {
        string run = Path.Combine(folder, name);
        Directory.CreateDirectory(run);
        File.WriteAllText(Path.Combine(run, "recipe.yaml"), $"name: xdc\nmethod: xdc\nseed: {seed}\nclip: {{ frames: 8, size: 112, audio_seconds: 2 }}\nvideo: {{ name: r2plus1d_18 }}\naudio: {{ name: resnet18_audio }}\nclustering: {{ k: {k} }}\n");
        File.WriteAllText(Path.Combine(run, "store.json"), """{"path": "stores/kinetics", "fingerprint": "11"}""");
        if (result is not null)
        {
            Write($"{name}/eval-probe.json", result);
        }
    }

    private void Write(string path, JsonObject content)
    {
        string file = Path.Combine(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content.ToJsonString());
    }
}
