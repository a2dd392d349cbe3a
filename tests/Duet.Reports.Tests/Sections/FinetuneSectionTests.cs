using System.Text.Json.Nodes;
using System.Xml.Linq;
using Duet.Reports.Tests.Synthetic;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Sections;

public sealed class FinetuneSectionTests
{
    [Fact]
    public void AFinetuningInsideARunIsShownWithItsClassesConfusionsAndAnswers()
    {
        using var builder = new RunFolderBuilder();
        builder.Demo().Write("run/finetune/finetune_own_small_cpu/result.json", builder.Finetuning());
        var section = Section(new ReportPage(File.ReadAllText(RunReport.Write(builder.File("run")))));

        section.Value.ShouldContain("finetune_own_small_cpu");
        section.Value.ShouldContain("resnet18_audio; 2 s of sound; pretrained (avts); all layers learn; 50\u00A0% of the labels; tested by up to 10 clips of each video.");
        section.Descendants("svg").Count().ShouldBeGreaterThanOrEqualTo(3, "the interval, the classes, the confusions");
        section.Descendants("summary").Select(s => s.Value).ShouldBe(["Confusion matrices: what was taken for what", "Each answer, audio, pretrained: 1 of 2 wrong"]);
        section.Descendants("code").Select(c => c.Value).ShouldBe([RunFolderBuilder.Id(1), RunFolderBuilder.Id(0)], "the wrong one first");
    }

    [Fact]
    public void AFinetuningInAFolderOfItsOwnHasAReportToo()
    {
        using var builder = new RunFolderBuilder();
        builder.Write("recipe.yaml", "name: finetune_own_small_cpu\nprotocol: finetune\n").Write("result.json", builder.Finetuning("scratch"));
        var page = new ReportPage(File.ReadAllText(RunReport.Write(builder.Folder)));
        page.Root.Descendants("section").Select(s => (string?)s.Attribute("id")).ShouldContain("finetuning");
        Section(page).Value.ShouldContain("trained from scratch");
        page.Root.Value.ShouldNotContain("Nobody has judged this run");
    }

    [Fact]
    public void ProbesShowTheirAnswersToo()
    {
        using var builder = new RunFolderBuilder().Demo();
        var page = ReportPage.Write(builder);
        page.Root.Descendants("section").Single(s => (string?)s.Attribute("id") == "probe").Descendants("summary").Count(s => s.Value.StartsWith("Each answer", StringComparison.Ordinal)).ShouldBe(2, "of the two learned rows");
    }

    [Fact]
    public void AProbeWithoutRandomNetworksDoesNotSpeakOfThem()
    {
        using var builder = new RunFolderBuilder();
        var probe = builder.ProbeResult();
        var row = probe["results"]![0]!.DeepClone();
        row["weights"] = "log_mel";
        probe["results"] = new JsonArray(row);
        builder.Write("result.json", probe);
        string text = new ReportPage(File.ReadAllText(RunReport.Write(builder.Folder))).Root.Descendants("section").Single(s => (string?)s.Attribute("id") == "probe").Value;
        text.ShouldContain("No encoder: statistics");
        text.ShouldNotContain("random weights");
    }

    [Theory]
    [InlineData("results", "[null]", "results[0]")]
    [InlineData("results", """[{"accuracy": 2}]""", "2 is no share")]
    [InlineData("results", """[{"accuracy": 0.5, "predictions": [null]}]""", "predictions")]
    [InlineData("splits", "[null]", "splits")]
    public void WhatContradictsItselfIsRefused(string key, string json, string reason)
    {
        using var builder = new RunFolderBuilder();
        var result = builder.Finetuning();
        result[key] = JsonNode.Parse(json);
        builder.Write("result.json", result);
        Should.Throw<ReportException>(() => RunReport.Write(builder.Folder)).Message.ShouldContain(reason);
    }

    private static XElement Section(ReportPage page) => page.Root.Descendants("section").Single(s => (string?)s.Attribute("id") == "finetuning");
}
