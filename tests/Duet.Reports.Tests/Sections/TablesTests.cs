using System.Globalization;
using System.Text.Json.Nodes;
using Duet.Reports.Tests.Synthetic;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Sections;

/// <summary>Every number on the page is the input's.</summary>
public sealed class TablesTests
{
    [Fact]
    public void TheSyncTableHoldsTheResultsNumbers()
    {
        using var run = new RunFolderBuilder();
        run.Write("result.json", run.SyncResult());
        var rows = ReportPage.Rows(ReportPage.Write(run).Section("sync")!.Descendants("table").First());
        rows.Select(r => string.Join(" | ", r.Select((c, i) => i == 3 ? "" : c))).ShouldBe(
        [
            "easythe sound of another video | 93.1 % | 91.1 – 95.0 % |  | 0.978 | 0.969 – 0.986 | 1 600 | 100",
            "hardthe same video's sound from another moment, not overlapping | 82.9 % | 79.8 – 85.7 % |  | 0.894 | 0.871 – 0.915 | 1 600 | 100",
            "super-hardthe same video's sound, shifted but overlapping | 66.4 % | 63.0 – 69.8 % |  | 0.702 | 0.664 – 0.741 | 1 600 | 100",
        ]);
    }

    [Fact]
    public void TheProbeTableHoldsTheResultsNumbers()
    {
        using var run = new RunFolderBuilder();
        run.Write("result.json", run.ProbeResult());
        var rows = ReportPage.Rows(ReportPage.Write(run).Section("probe")!.Descendants("table").First());
        rows.Select(r => string.Join(" | ", r.Select((c, i) => i == 5 ? "" : c))).ShouldBe(
        [
            "audio | pretrained | conv5 | 91.4 % | 86.0 – 95.5 % |  | +21.1 | +13.9 to +28.7",
            "audio | random | conv5 | 70.3 % | 62.0 – 78.4 % |  |  | ",
            "video | pretrained | conv5 | 83.6 % | 76.5 – 89.9 % |  | +29.5 | +20.2 to +38.4",
            "video | random | conv5 | 54.1 % | 44.5 – 63.2 % |  |  | ",
        ]);
    }

    [Fact]
    public void TheRetrievalTableHoldsTheResultsNumbers()
    {
        using var run = new RunFolderBuilder();
        run.Write("eval-retrieval.json", run.RetrievalResult());
        var section = ReportPage.Write(run).Section("retrieval")!;
        ReportPage.Rows(section.Descendants("table").Single()).Select(r => string.Join(" | ", r)).ShouldBe(
        [
            "video → video | pretrained | conv5 | 73.1 %68.1 – 78.1 %chance 8.3 % | 95.0 %90.0 – 98.0 %chance 35.4 % | ",
            "video → video | random | conv5 | 28.2 %23.2 – 33.2 %chance 8.3 % | 95.0 %90.0 – 98.0 %chance 35.4 % | ",
            "audio → video | pretrained | conv5 | 77.6 %72.6 – 82.6 %chance 8.3 % | 95.0 %90.0 – 98.0 %chance 35.4 % | 32 – 4chance 78.5",
        ]);
        ReportPage.Shown(section).ShouldContain("test: 156 among 444");
        section.Descendants("img").ShouldBeEmpty("there is no store, so there are no pictures");
    }

    [Fact]
    public void NeighboursAreShownByAFrameEachAndHitsAreMarked()
    {
        using var run = new RunFolderBuilder();
        run.Write("eval-retrieval.json", run.RetrievalResult("a", "b", "c"));
        var queries = ReportPage.Draw(run, new DrawnStore()).Section("retrieval")!.Descendants("div").Where(d => (string?)d.Attribute("class") == "query").ToList();
        queries.Count.ShouldBe(2);

        // Within the pictures the class is the hit, across the modalities the video itself.
        Classes(queries[0]).ShouldBe(["asked", "miss", "hit", "hit"]);
        Classes(queries[1]).ShouldBe(["asked", "miss", "miss", "hit"]);
        queries.ShouldAllBe(q => q.Descendants("img").Count() == 4);
        ReportPage.Shown(queries[0]).ShouldContain("first hit at 2");

        static IEnumerable<string?> Classes(System.Xml.Linq.XElement query) => query.Elements("figure").Select(f => (string?)f.Attribute("class"));
    }

    [Theory]
    [InlineData("recall", 1.2)]
    [InlineData("chance", -1)]
    public void ARecallThatIsNoShareIsNamed(string field, double value)
    {
        using var run = new RunFolderBuilder();
        var result = run.RetrievalResult();
        result["results"]![1]!["recall_at"]![0]![field] = value;
        run.Write("eval-retrieval.json", result);
        Should.Throw<ReportException>(() => ReportPage.Write(run)).Message.ShouldContain($"results[1].recall_at.{field}");
    }

    [Fact]
    public void TheOffsetTableHoldsTheResultsNumbers()
    {
        using var run = new RunFolderBuilder();
        run.Write("result.json", run.SyncResult());
        var rows = ReportPage.Rows(ReportPage.Write(run).Section("sync")!.Descendants("table").Last());
        rows.Select(r => string.Join(" | ", r.Select((c, i) => i == 3 ? "" : c))).ShouldBe(
        [
            "exactly zero | 44.8 % | 35.2 – 54.8 % |  | 4.0 %",
            "± 0.08 s | 76.0 % | 66.6 – 83.5 % |  | 12.0 %",
        ]);
    }

    [Fact]
    public void WhatMadeTheNumbersIsSaidBesideThem()
    {
        using var run = new RunFolderBuilder().Demo();
        string text = ReportPage.Write(run).Text;
        text.ShouldContain("a distance of 0.5312, was chosen on 60 videos (480 pairs) with easy and hard negatives; the numbers below are from 100 other videos (2 400 pairs).");
        text.ShouldContain("random weights (the mean over 3 seeds), its batch normalisation calibrated on training clips,");
        text.ShouldContain("Left out of an evaluation, in all or in part (1)");
        text.ShouldContain("too short to shift its sound both ways");
        text.ShouldContain("One run with one seed (0).");
    }

    [Fact]
    public void TheHeadlineIsTheSameNumbersInWords()
    {
        using var run = new RunFolderBuilder().Demo();
        var cards = ReportPage.Write(run).Root.Descendants("article").Select(ReportPage.Shown).ToList();
        cards.Count.ShouldBe(4);
        cards[0].ShouldContain("93.1 %");
        cards[0].ShouldContain("91.1 – 95.0 %");
        cards[0].ShouldContain("1 600 pairs");
        cards[1].ShouldContain("82.9 %");
        cards[2].ShouldContain("+21.1 points");
        cards[2].ShouldContain("+13.9 to +28.7");
        cards[2].ShouldContain("names 91.4 % of the held-out videos right; on the same network with random weights, 70.3 %.");
        cards[3].ShouldContain("+29.5 points");
    }

    [Fact]
    public void BarsAreAsLongAsTheirShareAndMatricesHoldTheirCounts()
    {
        using var run = new RunFolderBuilder();
        run.Write("result.json", Probe("[[3,1],[0,4]]"));
        var page = ReportPage.Write(run);
        var bars = page.Chart("Sound, kind by kind").Descendants("rect").Where(r => (string?)r.Attribute("class") == "bar").Select(r => double.Parse((string)r.Attribute("width")!, CultureInfo.InvariantCulture)).ToList();
        bars.Count.ShouldBe(2);
        (bars[1] / bars[0]).ShouldBe(0.75, 1e-3);
        var cells = page.Chart("audio, pretrained weights").Descendants("rect").Where(r => (string?)r.Attribute("class") == "cell").Select(r => (string?)r.Attribute("fill-opacity"));
        cells.ShouldBe(["0.75", "0.25", "0", "1"]);
        page.Root.Descendants("details").ShouldAllBe(d => d.Attribute("open") == null);
    }

    [Fact]
    public void WhatIsMissingIsADashNotANumber()
    {
        using var run = new RunFolderBuilder().Write("result.json", """
            {"format":"duet.result/1","kind":"sync","kinds":{"easy":{"accuracy":"NaN"},"hard":{}},"examples":[{}]}
            """);
        var page = ReportPage.Write(run);
        ReportPage.Rows(page.Section("sync")!.Descendants("table").Single()).ShouldAllBe(r => r.Skip(1).All(c => c == "–"));
        page.Root.Descendants("article").ShouldBeEmpty();
        page.Html.ShouldNotContain("NaN");
        page.Section("examples").ShouldBeNull();
    }

    [Fact]
    public void AnEmptyResultStillMakesAPage()
    {
        foreach (string kind in (string[])["sync", "probe", "demo"])
        {
            using var run = new RunFolderBuilder().Write("result.json", "{\"format\":\"duet.result/1\",\"kind\":\"" + kind + "\"}");
            ReportPage.Write(run).Section("notes").ShouldNotBeNull();
        }
    }

    private static JsonObject Probe(string counts) => JsonNode.Parse("""
        {"format":"duet.result/1","kind":"probe","results":[{"modality":"audio","weights":"pretrained","accuracy":0.875,
         "per_class":{"a":{"accuracy":0.75,"support":4},"b":{"accuracy":1,"support":4}},"confusion":{"labels":["a","b"],"counts":COUNTS}}]}
        """.Replace("COUNTS", counts, StringComparison.Ordinal))!.AsObject();
}
