using System.Text.Json.Nodes;
using Duet.Reports.Input;
using Duet.Reports.Tests.Synthetic;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Input;

public sealed class RunFilesReaderTests
{
    [Fact]
    public void TheRecipeTellsItsCurriculumInWords()
    {
        using var run = new RunFolderBuilder().Recipe();
        var recipe = RunFilesReader.Read(run.Folder).Recipe;
        recipe.Stages.ShouldBe([new StageSummary(6, "easy"), new StageSummary(4, "75\u00A0% easy + 25\u00A0% hard")]);
        (recipe.Method, recipe.Video, recipe.Audio, recipe.ClipFrames, recipe.ClipRate).ShouldBe(("avts", "r2plus1d_18", "vgg_m", 8, "12.5"));
    }

    [Fact]
    public void ARecipeOfAnotherShapeIsNoError()
    {
        using var run = new RunFolderBuilder().Write("recipe.yaml", "- 1\n- 2\n");
        RunFilesReader.Read(run.Folder).Recipe.Stages.ShouldBeEmpty();
        run.Write("recipe.yaml", "avts: {curriculum: [1, {epochs: many, easy: .nan}]}\n");
        RunFilesReader.Read(run.Folder).Recipe.Stages.ShouldBe([new StageSummary(null, "no negatives")]);
    }

    [Theory]
    [InlineData("recipe.yaml", "a: [1\nb: 2\n", "line 2")]
    [InlineData("recipe.yaml", "a: *nowhere\n", "line 1")]
    [InlineData("recipe.yaml", "a: 1\na: 2\n", "line 2")]
    [InlineData("environment.json", "{\n\"cpu\": }", "line 2")]
    [InlineData("store.json", "", "line 1")]
    [InlineData("result.json", "{\"format\":\"duet.result/1\",\"kind\":\"sync\",\n\"threshold\": \"high\"}", "line 2")]
    [InlineData("result.json", "{\"kind\":\"sync\"}", "duet.result/1")]
    [InlineData("result.json", "{\"format\":\"duet.result/2\",\"kind\":\"sync\"}", "Update Duet")]
    [InlineData("result.json", "[]", "duet.result/1")]
    public void AMalformedFileIsNamedWithItsLine(string file, string text, string expected)
    {
        using var run = new RunFolderBuilder().Write("metrics.jsonl", "").Write(file, text);
        var error = Should.Throw<ReportException>(() => RunFilesReader.Read(run.Folder));
        error.Message.ShouldContain(run.File(file));
        error.Message.ShouldContain(expected);
    }

    [Fact]
    public void ARecipeNestedWithoutEndIsRefused()
    {
        using var run = new RunFolderBuilder().Write("recipe.yaml", new string('[', 100_000));
        Should.Throw<ReportException>(() => RunFilesReader.Read(run.Folder)).Message.ShouldContain("levels deep");
    }

    public static TheoryData<string, string> Contradictions => new()
    {
        { "histograms.edges", "[0, 1, 1]" },
        { "histograms.edges", "[0, 1, \"NaN\"]" },
        { "histograms.positive", "[1, 2, 3]" },
        { "histograms.easy", "[1, -2]" },
        { "histograms.hard", "[1, \"Infinity\"]" },
        { "kinds.easy", "{\"accuracy\": 93.1}" },
        { "kinds.easy", "{\"auc\": -0.1}" },
        { "kinds.easy", "{\"accuracy_ci95\": [0.9, 0.8]}" },
        { "kinds.easy", "{\"accuracy_ci95\": [0.9]}" },
        { "examples", "[null]" },
        { "examples", "[{\"offsets_seconds\": [0, 1], \"distances\": [1]}]" },
        { "examples", "[{\"spectrogram\": {\"frames\": 2, \"mels\": 2, \"values_base64\": \"AAAA\"}}]" },
        { "examples", "[{\"spectrogram\": {\"frames\": -2, \"mels\": -2, \"values_base64\": \"AAAAAA==\"}}]" },
        { "examples", "[{\"spectrogram\": {\"frames\": 2000000000, \"mels\": 2000000000, \"values_base64\": \"AAAA\"}}]" },
        { "examples", "[{\"spectrogram\": {\"frames\": 1, \"mels\": 3, \"values_base64\": \"????\"}}]" },
    };

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void AResultThatContradictsItselfIsRefused(string where, string value)
    {
        using var run = new RunFolderBuilder();
        var sync = new JsonObject
        {
            ["format"] = "duet.result/1",
            ["kind"] = "sync",
            ["histograms"] = new JsonObject { ["edges"] = new JsonArray(0, 1, 2) },
            ["kinds"] = new JsonObject(),
        };
        var path = where.Split('.');
        (path.Length == 1 ? sync : sync[path[0]]!)[path[^1]] = JsonNode.Parse(value);
        run.Write("result.json", sync);
        Should.Throw<ReportException>(() => RunFilesReader.Read(run.Folder)).Message.ShouldContain(run.File("result.json"));
    }

    [Theory]
    [InlineData("{\"labels\":[\"a\",\"b\"],\"counts\":[[1,2]]}")]
    [InlineData("{\"labels\":[\"a\",\"b\"],\"counts\":[[1,2],[3]]}")]
    [InlineData("{\"labels\":[\"a\"],\"counts\":[[-1]]}")]
    [InlineData("{\"labels\":[\"a\"],\"counts\":[null]}")]
    [InlineData("{\"labels\":[null],\"counts\":[[1]]}")]
    public void AConfusionMatrixMustBeSquareAndCount(string confusion)
    {
        using var run = new RunFolderBuilder().Write("result.json", "{\"format\":\"duet.result/1\",\"kind\":\"probe\",\"results\":[{\"confusion\":" + confusion + "}]}");
        Should.Throw<ReportException>(() => RunFilesReader.Read(run.Folder)).Message.ShouldContain("results[0].confusion");
    }

    [Fact]
    public void AnIntervalWithoutEndsIsNone()
    {
        using var run = new RunFolderBuilder().Write("result.json", """
            {"format":"duet.result/1","kind":"sync","kinds":{"easy":{"accuracy":0.9,"accuracy_ci95":[null,null],"auc_ci95":["NaN",1]},"hard":{"accuracy_ci95":[0.25,0.5]}}}
            """);
        var sync = RunFilesReader.Read(run.Folder).Sync!;
        sync.Kinds!["easy"].AccuracyCi95.ShouldBeNull();
        sync.Kinds!["easy"].AucCi95.ShouldBeNull();
        sync.Kinds!["hard"].AccuracyCi95.ShouldBe(new Interval(0.25, 0.5));
    }
}
