using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Duet.Data.Store;
using Duet.Data.Tables;
using Duet.Reports.Clusters;
using Duet.Reports.Tests.Synthetic;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Clusters;

public sealed class ClustersPageTests
{
    [Fact]
    public void ClustersStandInTheirOrderWithSharesAndMedia()
    {
        var page = Draw(Videos("drum", "rain"));

        var audio = Cards(page, "audio");
        audio.Select(c => (string)c.Attribute("data-cluster")!).ShouldBe(["2", "0", "1"]);
        ReportPage.Shown(audio[1].Descendants("h4").Single()).ShouldBe("drum 0.67, rain 0.33");
        var clips = audio[1].Descendants("figure").ToList();
        clips.Count.ShouldBe(3);
        clips[0].Descendants("img").Single().Attribute("src")!.Value.ShouldStartWith("data:image/jpeg;base64,");
        var sound = clips[0].Descendants("audio").Single();
        sound.Attribute("src")!.Value.ShouldStartWith("data:audio/wav;base64,");
        sound.Attribute("preload")!.Value.ShouldBe("none");
        sound.Attribute("controls").ShouldNotBeNull();
        Cards(page, "video").Count.ShouldBe(3);
    }

    [Fact]
    public void NothingIsFetchedAndOnlyThePagesOwnScriptMayRun()
    {
        var page = Draw(Videos("drum", "rain"));

        foreach (var attribute in page.Root.Descendants().Attributes().Where(a => a.Name.LocalName is "src" or "href" or "srcset" or "action" or "poster"))
        {
            attribute.Value.ShouldMatch("^(data:|#)", attribute.ToString()[..Math.Min(100, attribute.ToString().Length)]);
        }

        string policy = page.Root.Descendants("meta").Single(m => (string?)m.Attribute("http-equiv") == "Content-Security-Policy").Attribute("content")!.Value;
        var script = page.Root.Descendants("script").Single(s => s.Attribute("type") is null);
        string hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script.Value)));
        policy.ShouldContain("default-src 'none'");
        policy.ShouldContain($"script-src 'sha256-{hash}'");
        policy.ShouldContain("media-src data:");
        policy.ShouldNotContain("http");
        page.Root.Descendants("style").Single().Value.ShouldNotContain("url(");
    }

    [Fact]
    public void TheSearchKnowsEveryClip()
    {
        var index = Index(Draw(Videos("drum", "rain")));

        index.GetProperty("total").GetInt32().ShouldBe(8);
        index.GetProperty("sets").EnumerateArray().Select(s => s.GetProperty("features").GetString()).ShouldBe(["audio", "video"]);
        var clip = index.GetProperty("clips")[7];
        var video = index.GetProperty("videos")[clip.GetProperty("v").GetInt32()];
        video.EnumerateArray().Select(v => v.GetString()).ShouldBe([ClusterRunBuilder.Id(7), "rain/7.mp4", "rain"]);
        clip.GetProperty("c").EnumerateArray().Select(c => c.GetInt32()).ShouldBe([2, 0]);
        clip.GetProperty("t").GetInt32().ShouldBe(0);
    }

    [Fact]
    public void AnIndexThatWouldBeTooLargeHoldsTheNearestOfEveryCluster()
    {
        var tables = Tables();

        using var index = JsonDocument.Parse(SearchIndex.Write(tables, null, most: 4));

        index.RootElement.GetProperty("total").GetInt32().ShouldBe(8);
        var clips = index.RootElement.GetProperty("clips").EnumerateArray().ToList();
        clips.Count.ShouldBe(4);
        clips.Select(c => c.GetProperty("c")[0].GetInt32()).Distinct().Count().ShouldBe(3);
    }

    public static TheoryData<string> Hostile => HostileTextTests.Names;

    [Theory]
    [MemberData(nameof(Hostile))]
    public void NamesFromOutsideNeverBecomeMarkup(string name)
    {
        var plain = Draw(Videos("plain", "plain"));

        var page = Draw(Videos(name, name, path: name), run: "/runs/" + name.Replace('/', '_').Replace('\0', '0'), note: name);

        page.Root.Descendants().Select(e => e.Name.LocalName).Distinct().Order().ShouldBe(plain.Root.Descendants().Select(e => e.Name.LocalName).Append("p").Distinct().Order());
        page.Root.Descendants().Count().ShouldBe(plain.Root.Descendants().Count());
        page.Root.Descendants().Attributes().ShouldNotContain(a => a.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
        page.Html.ShouldNotContain("\u202E");
        string data = page.Root.Descendants("script").Single(s => s.Attribute("type") is not null).Value;
        data.IndexOfAny(['<', '>', '&']).ShouldBe(-1);
        Index(page).GetProperty("videos")[0][2].GetString()!.ShouldNotContain("\u202E");
    }

    [Fact]
    public void VideosThatTheStoreLacksAreShownAsMissing()
    {
        var videos = Videos("drum", "rain");
        videos.Remove(ClusterRunBuilder.Id(0));

        Draw(videos).Text.ShouldContain("not in the store");
    }

    [Fact]
    public void IterationsAreChartedAndTabled()
    {
        var section = Draw(Videos("drum", "rain")).Section("iterations")!;

        var rows = ReportPage.Rows(section.Descendants("table").Single());
        rows.Count.ShouldBe(4);
        rows[3][..5].ShouldBe(["2", "video", "3", "7", "0.500"]);
        section.Descendants("figure").Select(f => ReportPage.Shown(f.Element("figcaption")!)).ShouldContain("NMI with labels");
    }

    [Fact]
    public void ClipsWithoutPicturesShowTheirLoudness()
    {
        var page = Draw(Videos("drum", "rain"), media: new Fake(new MediaOfClip(null, new byte[60], [0, 1, 0.5])));

        Cards(page, "audio")[0].Descendants("svg").Count().ShouldBe(1);
        Cards(page, "audio")[0].Descendants("audio").Count().ShouldBe(1);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task TheSearchWorksInABrowser()
    {
        const string Name = "<img src=x onerror=\"document.title='broken'\">";
        string dom = await Browser.DomAsync(Draw(Videos(Name, "rain")).Html, "#q=" + Uri.EscapeDataString("IMG onerror /6.mp4"));

        dom.ShouldContain("1 clip found.");
        dom.ShouldContain("&lt;img src=x");
        dom.ShouldNotContain("<img src=\"x\"");
        dom.ShouldNotContain("<title>broken");
        Count(dom, "<article", "hidden=\"\"").ShouldBe(4); // one cluster of each clustering holds it
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task AClustersMembersAreListedByDistance()
    {
        string dom = await Browser.DomAsync(Draw(Videos("drum", "rain")).Html, "#q=audio:1");

        dom.ShouldContain("3 clips found.");
        dom.IndexOf(ClusterRunBuilder.Id(3) + "/0</code>", StringComparison.Ordinal).ShouldBeInRange(0, dom.IndexOf(ClusterRunBuilder.Id(5) + "/0</code>", StringComparison.Ordinal));
        Count(dom, "<article", "hidden=\"\"").ShouldBe(3);
    }

    private static int Count(string dom, string tag, string within) => dom.Split(tag)[1..].Count(t => t[..t.IndexOf('>', StringComparison.Ordinal)].Contains(within, StringComparison.Ordinal));

    private static List<XElement> Cards(ReportPage page, string features) => [.. page.Root.Descendants("article").Where(a => (string?)a.Attribute("data-features") == features)];

    private static JsonElement Index(ReportPage page) => JsonDocument.Parse(page.Root.Descendants("script").Single(s => s.Attribute("type") is not null).Value).RootElement;

    /// <summary>Videos 0, 1, 3, 4 and 6 have one label, the others another.</summary>
    private static Dictionary<string, StoredVideo> Videos(string label, string other, string? path = null) => Enumerable.Range(0, 8).ToDictionary(
        ClusterRunBuilder.Id,
        i => ClusterRunBuilder.Video(ClusterRunBuilder.Id(i), i is 0 or 1 or 3 or 4 or 6 ? label : other, path ?? $"{(i is 0 or 1 or 3 or 4 or 6 ? label : other)}/{i}.mp4"));

    private static List<(ClusteringEntry Entry, PseudoLabelTable Table)> Tables() =>
    [
        (new ClusteringEntry { Features = "audio", File = "a", K = 3, Teaches = ["video"] }, new PseudoLabelTable(new Dictionary<string, string>(), ClusterRunBuilder.Rows(0))),
        (new ClusteringEntry { Features = "video", File = "v", K = 3, Teaches = ["audio"] }, new PseudoLabelTable(new Dictionary<string, string>(), ClusterRunBuilder.Rows(1))),
    ];

    private static ReportPage Draw(Dictionary<string, StoredVideo> videos, string run = "/runs/plain", string note = "plain", IClipMedia? media = null)
    {
        using var files = new ClusterRunBuilder().Small();
        var tables = Tables();
        var result = new ClustersResult
        {
            Run = run,
            Method = note,
            Iteration = 2,
            Iterations = 2,
            Store = "/store/" + note,
            ClipsNotInStore = 0,
            VideosNotInStore = 0,
            Notes = [note],
            Clusterings = [.. tables.Select(t => ClusterRanking.Rank(t.Entry with { Notes = [note] }, t.Table, videos, 10))],
        };
        return new ReportPage(ClustersPage.Draw(new ClustersContext
        {
            Result = result,
            Iterations = ClusteringFiles.Read(files.Folder),
            Media = MediaPlan.Make(result.Clusterings, media ?? new Fake(new MediaOfClip([0xFF, 0xD8, 1], new byte[60]), videos), 0, 1 << 20, CancellationToken.None),
            Index = SearchIndex.Write(tables, videos),
            Seconds = 1.28,
            SoundRate = 8000,
            NearestClips = 10,
            Written = DateTimeOffset.Parse("2026-01-02T03:04:05Z", CultureInfo.InvariantCulture),
        }));
    }

    private sealed class Fake(MediaOfClip media, IReadOnlyDictionary<string, StoredVideo>? videos = null) : IClipMedia
    {
        public MediaOfClip? Of(string video, double start) => videos is null || videos.ContainsKey(video) ? media : null;
    }
}
