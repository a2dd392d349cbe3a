using System.Text.Json.Nodes;
using Duet.Data;
using Duet.Reports.Clusters;
using Duet.Reports.Tests.Synthetic;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Clusters;

/// <summary>Through the front door: what a spoilt run folder is told.</summary>
public sealed class ClusteringFilesTests
{
    [Fact]
    public void TheLastIterationIsShownUnlessAnotherIsAskedFor()
    {
        using var run = new ClusterRunBuilder().Small(3);

        ClusterReport.Write(run.Folder).Iteration.ShouldBe(3);
        ClusterReport.Write(run.Folder, new ClusterReportOptions { Iteration = 2 }).Iteration.ShouldBe(2);
        Should.Throw<UsageException>(() => ClusterReport.Write(run.Folder, new ClusterReportOptions { Iteration = 4 })).Message.ShouldBe("--iteration 4: the run has iterations 1, 2, 3.");
    }

    [Fact]
    public void ARunThatDoesNotClusterIsToldWhichMethodsDo()
    {
        using var run = new ClusterRunBuilder();
        File.WriteAllText(run.File("recipe.yaml"), "name: x\nmethod: avts\n");

        var error = Should.Throw<UsageException>(() => ClusterReport.Write(run.Folder));

        error.Message.ShouldContain("its method is avts");
        error.Message.ShouldContain("sdc, mdc, cdc and xdc");
        Should.Throw<UsageException>(() => ClusterReport.Write(run.File("nowhere"))).Message.ShouldContain("is no folder");
    }

    [Fact]
    public void ATableOfAnotherRunIsNamedWithBothHashes()
    {
        using var run = new ClusterRunBuilder().Small(1);
        string expected = (string)JsonNode.Parse(File.ReadAllText(run.Iteration(1)))!["clusterings"]![1]!["sha256"]!;
        File.Copy(run.Table(1, "audio"), run.Table(1, "video"), overwrite: true);

        var error = Should.Throw<ReportException>(() => ClusterReport.Write(run.Folder));

        error.Message.ShouldContain(run.Table(1, "video"));
        error.Message.ShouldContain("iteration-01.json");
        error.Message.ShouldContain(expected);
    }

    [Fact]
    public void ADamagedTableIsNamedEvenWhereNoHashTells()
    {
        using var run = new ClusterRunBuilder().Small(1, json => json["clusterings"]![0]!["sha256"] = null);
        var bytes = File.ReadAllBytes(run.Table(1, "audio"));
        Array.Clear(bytes, bytes.Length / 2, 40);
        File.WriteAllBytes(run.Table(1, "audio"), bytes);

        Should.Throw<DuetException>(() => ClusterReport.Write(run.Folder)).Message.ShouldContain("iteration-01-audio.parquet");
    }

    [Fact]
    public void AMissingTableIsNamed()
    {
        using var run = new ClusterRunBuilder().Small(1);
        File.Delete(run.Table(1, "video"));

        Should.Throw<ReportException>(() => ClusterReport.Write(run.Folder)).Message.ShouldContain("iteration-01-video.parquet is missing");
    }

    [Fact]
    public void AClusterBeyondKIsRefused()
    {
        using var run = new ClusterRunBuilder().Small(1, json => json["clusterings"]![0]!["k"] = 2);

        Should.Throw<ReportException>(() => ClusterReport.Write(run.Folder)).Message.ShouldContain("cluster 2 of 2");
    }

    public static TheoryData<string, string?, string> Spoilt => new()
    {
        { "file", "../../../etc/passwd", "must be a file's name" },
        { "file", "..", "must be a file's name" },
        { "file", "/etc/passwd", "must be a file's name" },
        { "file", "a\0b", "must be a file's name" },
        { "file", null, "must name the table" },
        { "features", "", "must name the features" },
        { "features", "video", "stands there twice" },
    };

    [Theory]
    [MemberData(nameof(Spoilt))]
    public void AnEntryThatCannotBeIsRefusedWithItsPlace(string key, string? value, string says)
    {
        using var run = new ClusterRunBuilder().Small(1, json => json["clusterings"]![0]![key] = value);

        Should.Throw<ReportException>(() => ClusterReport.Write(run.Folder)).Message.ShouldSatisfyAllConditions(
            m => m.ShouldContain("iteration-01.json, clusterings["), m => m.ShouldContain(says));
    }

    [Theory]
    [InlineData("{", "line 1")]
    [InlineData("null", "holds only null")]
    [InlineData("{\"format\":\"duet.clustering/9\"}", "duet.clustering/9")]
    [InlineData("{\"format\":\"duet.clustering/1\",\"iteration\":0}", "iterations count from 1")]
    [InlineData("{\"format\":\"duet.clustering/1\",\"iteration\":1}", "there is none")]
    [InlineData("{\"format\":\"duet.clustering/1\",\"iteration\":1,\"clusterings\":[null]}", "null where an object belongs")]
    [InlineData("{\"format\":\"duet.clustering/1\",\"iteration\":1,\"clusterings\":[{\"features\":\"audio\",\"file\":\"f\",\"k\":2000000000}]}", "2000000000 clusters")]
    public void JsonThatCannotBeIsRefusedWithItsFile(string json, string says)
    {
        using var run = new ClusterRunBuilder().Small(1);
        File.WriteAllText(run.Iteration(1), json);

        var error = Should.Throw<ReportException>(() => ClusterReport.Write(run.Folder));

        error.Message.ShouldContain("iteration-01.json");
        error.Message.ShouldContain(says);
    }

    [Fact]
    public void TwoFilesOfOneIterationAreRefused()
    {
        using var run = new ClusterRunBuilder().Small(2, json => json["iteration"] = 1);

        Should.Throw<ReportException>(() => ClusterReport.Write(run.Folder)).Message.ShouldContain("both call themselves iteration 1");
    }

    [Theory]
    [InlineData(0, 0, 1, "--nearest 0")]
    [InlineData(101, 0, 1, "--nearest 101")]
    [InlineData(10, -1, 1, "--top -1")]
    [InlineData(10, 0, 2001, "--megabytes 2001")]
    public void OptionsOutOfRangeAreWrongUse(int nearest, int top, int megabytes, string says)
    {
        using var run = new ClusterRunBuilder().Small(1);

        Should.Throw<UsageException>(() => ClusterReport.Write(run.Folder, new ClusterReportOptions { Nearest = nearest, Top = top, Megabytes = megabytes })).Message.ShouldStartWith(says);
    }

    [Fact]
    public void AStoreThatIsGoneIsANoteAndOneThatWasAskedForAnError()
    {
        using var run = new ClusterRunBuilder().Small(1);
        ClusterReport.Write(run.Folder).Notes.ShouldContain(n => n.Contains("doesn't say where its store is", StringComparison.Ordinal));
        File.WriteAllText(run.File("store.json"), """{"path":"/nowhere/at/all"}""");

        var result = ClusterReport.Write(run.Folder);

        result.Notes.ShouldContain(n => n.Contains("'/nowhere/at/all' any more", StringComparison.Ordinal));
        result.Clusterings.ShouldAllBe(c => c.RankedBy == "tightness");
        new ReportPage(File.ReadAllText(result.Page!)).Text.ShouldContain("'/nowhere/at/all' any more");
        Should.Throw<StoreException>(() => ClusterReport.Write(run.Folder, new ClusterReportOptions { Store = run.File("no-store") }));
    }

    [Fact]
    public void AnExportsNameSaysItsFormat()
    {
        using var run = new ClusterRunBuilder().Small(1);

        Should.Throw<UsageException>(() => ClusterReport.Write(run.Folder, new ClusterReportOptions { Export = run.File("labels.txt") })).Message.ShouldContain(".csv or .parquet");
        File.Exists(run.File("clusters.html")).ShouldBeFalse();
        ClusterReport.Write(run.Folder, new ClusterReportOptions { Export = run.File("labels.csv") });
        File.ReadAllLines(run.File("labels.csv")).Length.ShouldBe(1 + (2 * 8));
    }
}
