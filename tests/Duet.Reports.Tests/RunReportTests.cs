using System.Text.RegularExpressions;
using System.Xml.Linq;
using Duet.Data;
using Duet.Data.Store;
using Duet.Reports.Tests.Synthetic;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests;

public sealed class RunReportTests
{
    [Fact]
    public void ADemoFolderBecomesOneReportBesideItsResult()
    {
        using var run = new RunFolderBuilder().Demo();

        string path = RunReport.Write(run.Folder, new RunReportOptions { Title = "Ten kinds of scene" });

        path.ShouldBe(run.File("report.html"));
        var page = new ReportPage(File.ReadAllText(path));
        page.Root.Descendants("h1").Single().Value.ShouldBe("Ten kinds of scene");
        page.Root.Descendants("section").Select(s => (string?)s.Attribute("id")).ShouldBe(["examples", "sync", "probe", "training", "data", "made", "notes"]);
        page.Root.Descendants("nav").Single().Elements("a").Select(a => ((string)a.Attribute("href")!)[1..]).ShouldBe(["examples", "sync", "probe", "training", "data", "made", "notes"]);
    }

    [Fact]
    public void NothingIsLoadedFromAnywhereAndNothingRuns()
    {
        using var run = new RunFolderBuilder().Demo();
        var page = ReportPage.Draw(run, new DrawnStore());

        string withoutPictures = Regex.Replace(page.Html, "data:image/(png|jpeg);base64,[A-Za-z0-9+/=]+", "", RegexOptions.None, TimeSpan.FromSeconds(10));
        Regex.IsMatch(withoutPictures, "https?:|//[a-z]|@import|url\\(|javascript:", RegexOptions.IgnoreCase, TimeSpan.FromSeconds(10)).ShouldBeFalse();
        page.Root.Descendants().Select(e => e.Name.LocalName).ShouldNotContain(name => name == "script" || name == "link" || name == "iframe" || name == "object" || name == "base");
        page.Root.Descendants().Attributes().ShouldNotContain(a => a.Name.LocalName.StartsWith("on", StringComparison.OrdinalIgnoreCase));
        foreach (var reference in page.Root.Descendants().Attributes().Where(a => a.Name.LocalName is "href" or "src"))
        {
            reference.Value.ShouldMatch("^(data:image/(jpeg|png);base64,[A-Za-z0-9+/=]+|#[a-z]+)$");
        }

        string policy = (string)page.Root.Descendants("meta").Single(m => (string?)m.Attribute("http-equiv") == "Content-Security-Policy").Attribute("content")!;
        policy.ShouldContain("default-src 'none'");
        page.Root.Descendants("image").Count(i => ((string)i.Attribute("href")!).StartsWith("data:image/jpeg", StringComparison.Ordinal)).ShouldBeGreaterThanOrEqualTo(6 * 3);
    }

    [Fact]
    public void AnchorsAreUniqueAndEveryChartIsNamedForThoseWhoCannotSeeIt()
    {
        using var run = new RunFolderBuilder().Demo();
        var page = ReportPage.Write(run);
        page.Root.Descendants().Attributes("id").Select(a => a.Value).ShouldBeUnique();
        page.Root.Descendants("svg").Where(s => s.Attribute("aria-hidden") is null).ShouldAllBe(s => s.Attribute("aria-label") != null && s.Attribute("role") != null);
    }

    [Fact]
    public void ARunFolderWithoutResultsShowsItsTraining()
    {
        using var run = new RunFolderBuilder().Recipe().Metrics();
        var page = new ReportPage(File.ReadAllText(RunReport.Write(run.File("run"))));
        page.Root.Descendants("h1").Single().Value.ShouldBe("avts_r2plus1d_scenes_8x56");
        page.Root.Descendants("section").Select(s => (string?)s.Attribute("id")).ShouldBe(["training", "made", "notes"]);
        ReportPage.Shown(page.Section("notes")!).ShouldContain("Nobody has judged this run");
        page.Root.Descendants("article").Count().ShouldBe(2);
    }

    [Fact]
    public void MetricsAloneAreEnough()
    {
        using var run = new RunFolderBuilder().Write("metrics.jsonl", """{"kind":"train","step":1,"loss":0.5}""" + "\n");
        var page = ReportPage.Write(run);
        page.Charts.Select(c => c.Element("figcaption")!.Value).ShouldBe(["Loss"]);
        page.Root.Descendants("h1").Single().Value.ShouldBe(Path.GetFileName(run.Folder));
    }

    [Fact]
    public void ResultsOfEvaluationsInSubfoldersAreFoundAndTheNewestOfAKindIsShown()
    {
        using var run = new RunFolderBuilder();
        var older = run.SyncResult();
        older["kinds"]!["easy"]!["accuracy"] = 0.5125;
        run.Write("eval/sync-older.json", older).Write("eval/sync-newer.json", run.SyncResult()).Write("eval/probe.json", run.ProbeResult()).Write("eval/other.json", "{\"a\": 1}");
        File.SetLastWriteTimeUtc(run.File("eval/sync-older.json"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        var page = ReportPage.Write(run);

        page.Section("sync").ShouldNotBeNull();
        page.Section("probe").ShouldNotBeNull();
        page.Text.ShouldContain("93.1 %");
        page.Text.ShouldNotContain("51.3 %");
    }

    [Fact]
    public void AFolderWithNothingToReportIsSaidSo()
    {
        using var run = new RunFolderBuilder();
        Should.Throw<ReportException>(() => RunReport.Write(run.Folder)).Message.ShouldContain("nothing to report");
        File.Exists(run.File("report.html")).ShouldBeFalse();
        Should.Throw<ReportException>(() => RunReport.Write(run.File("absent"))).Message.ShouldContain("is no folder");
    }

    [Fact]
    public void AMissingStoreCostsThePicturesOnlyAndIsSaid()
    {
        using var run = new RunFolderBuilder().Demo();
        var page = ReportPage.Write(run);
        var hint = page.Section("examples")!.Elements("p").Single(p => (string?)p.Attribute("class") == "hint");
        hint.Value.ShouldContain("'store'");
        hint.Value.ShouldContain("--store");
        page.Section("examples")!.Descendants("image").ShouldAllBe(i => ((string)i.Attribute("href")!).StartsWith("data:image/png", StringComparison.Ordinal));
    }

    [Fact]
    public void AStoreThatWasAskedForMustBeOne()
    {
        using var run = new RunFolderBuilder().Demo();
        Should.Throw<StoreException>(() => RunReport.Write(run.Folder, new RunReportOptions { StoreDirectory = run.File("no-store") }));
    }

    [Fact]
    public void TheCommandGivenWinsOverTheOneRecorded()
    {
        using var run = new RunFolderBuilder().Demo();
        ReportPage.Write(run).Section("made")!.Element("pre")!.Value.ShouldBe("duet demo --out runs/demo");
        ReportPage.Write(run, new RunReportOptions { Command = "duet demo --out 'my runs'" }).Section("made")!.Element("pre")!.Value.ShouldBe("duet demo --out 'my runs'");
    }

    [Fact]
    public void TheSameFilesGiveTheSamePage()
    {
        using var run = new RunFolderBuilder().Demo();
        var options = new RunReportOptions { Time = new FrozenTime() };
        string first = File.ReadAllText(RunReport.Write(run.Folder, options));
        File.ReadAllText(RunReport.Write(run.Folder, options)).ShouldBe(first);
        first.ShouldContain("2026-03-04 05:06 UTC");
    }

    private sealed class FrozenTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);
    }
}
