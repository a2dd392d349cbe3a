using Duet.Reports.Input;
using Duet.Reports.Tests.Synthetic;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Sections;

public sealed class ProvenanceSectionTests
{
    [Fact]
    public void DataMachineAndRecipeAreThere()
    {
        using var run = new RunFolderBuilder().Demo();
        var page = ReportPage.Write(run);
        var facts = page.Root.Descendants("dl").SelectMany(l => l.Elements("div")).Select(d => (Name: d.Element("dt")!.Value, Value: ReportPage.Shown(d.Element("dd")!))).ToList();
        facts.ShouldContain(("store", "store"));
        facts.ShouldContain(("fingerprint", "9f2c51d0a1b7a3f4c0de55aa10ff3391d8f01b2c3d4e5f60718293a4b5c6d7e8"));
        facts.ShouldContain(("videos, train", "240"));
        facts.ShouldContain(("videos, validation", "60"));
        facts.ShouldContain(("videos, test", "100"));
        facts.ShouldContain(("threads", "2"));
        facts.ShouldContain(("cpu features", "avx2, avx512f, avx512_bf16, amx_bf16"));
        facts.ShouldContain(("train", "5 min 12 s"));
        page.Section("made")!.Descendants("details").Single().Element("pre")!.Value.ShouldBe(File.ReadAllText(run.File("run/recipe.yaml")).TrimEnd('\n') + "\n");
    }

    [Fact]
    public void AStoreThatChangedSinceIsSaid()
    {
        using var run = new RunFolderBuilder().Demo();
        ReportPage.Draw(run, new DrawnStore()).Section("data")!.Elements("p").ShouldNotContain(p => p.Value.Contains("has changed", StringComparison.Ordinal));
        ReportPage.Draw(run, new DrawnStore { Fingerprint = "beef" }).Section("data")!.Elements("p").ShouldContain(p => p.Value.Contains("its fingerprint is now beef", StringComparison.Ordinal));
    }

    [Fact]
    public void QuarantinedFilesAreCountedByReasonAndListed()
    {
        using var run = new RunFolderBuilder().Demo();
        var store = new DrawnStore { Quarantined = [new("a.mp4", "silent", "silent: 100 % below -60 dB"), new("b.mp4", "silent", "silent: 98 %"), new("<c>.mp4", "no audio", "no audio stream")] };
        var data = ReportPage.Draw(run, store).Section("data")!;
        ReportPage.Shown(data).ShouldContain("3 files were quarantined and taught nothing: 2 silent, 1 no audio.");
        ReportPage.Rows(data.Descendants("table").First()).ShouldBe([["a.mp4", "silent: 100 % below -60 dB"], ["b.mp4", "silent: 98 %"], ["<c>.mp4", "no audio stream"]]);
        ReportPage.Shown(ReportPage.Draw(run, new DrawnStore()).Section("data")!).ShouldContain("none was quarantined");
        ReportPage.Shown(ReportPage.Draw(run, new DrawnStore { Quarantined = null }).Section("data")!).ShouldNotContain("quarantined");
    }
}
