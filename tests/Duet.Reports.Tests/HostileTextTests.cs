using System.Text.Json.Nodes;
using System.Xml.Linq;
using Duet.Reports.Tests.Synthetic;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests;

public sealed class HostileTextTests
{
    public static TheoryData<string> Names =>
    [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "</style></title></svg><b>",
        "a\nb\r\nc\td",
        "photo\u202Egpj.exe",
        "]]><!-- &amp; &lt; --> %s {0}",
        "\0\u0001\u007F",
        "\uFFFE \uFEFF",
        new string('w', 20_000),
        "🥁🥁🥁🥁🥁🥁🥁🥁🥁🥁🥁🥁🥁🥁🥁🥁🥁🥁🥁🥁",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void NamesFromOutsideNeverBecomeMarkup(string name)
    {
        var plain = Write("plain");

        var page = Write(name);

        Elements(page).Distinct().Order().ShouldBe(Elements(plain).Distinct().Order());
        OutsideOfDrawings(page).ShouldBe(OutsideOfDrawings(plain));
        page.Root.Descendants().Attributes().ShouldNotContain(a => a.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
        page.Html.ShouldNotContain("\u202E");
        page.Html.ShouldNotContain("<script");
    }

    [Fact]
    public void ANameIsShownAsItIs()
    {
        using var run = new RunFolderBuilder();
        run.Write("result.json", Result(run, "<b> \"drum\" & 'bass'"));
        ReportPage.Write(run, Options("<i>")).Text.ShouldContain("<b> \"drum\" & 'bass'");
    }

    private static ReportPage Write(string name)
    {
        using var run = new RunFolderBuilder();
        run.Write("result.json", Result(run, name));
        return ReportPage.Write(run, Options(name));
    }

    private static IEnumerable<string> Elements(ReportPage page) => page.Root.Descendants().Select(e => e.Name.LocalName);

    /// <summary>How many elements there are. In drawings a name decides by its length whether it is written.</summary>
    private static int OutsideOfDrawings(ReportPage page) => page.Root.Descendants().Count(e => e.Ancestors("svg").FirstOrDefault() is null);

    private static RunReportOptions Options(string name) => new() { Title = name, Command = name };

    private static JsonObject Result(RunFolderBuilder run, string name)
    {
        run.Write("store.json", new JsonObject { ["path"] = "/nowhere/" + name.Replace('\0', '0'), ["fingerprint"] = name, [name] = name })
            .Write("environment.json", new JsonObject { [name] = name, ["cpu"] = name })
            .Write("metrics.jsonl", new JsonObject { ["kind"] = "train", ["step"] = 1, ["loss"] = 1, ["stage"] = name }.ToJsonString() + "\n"
                + new JsonObject { ["kind"] = "event", ["step"] = 1, ["message"] = name }.ToJsonString() + "\n");
        var demo = new JsonObject { ["format"] = "duet.result/1", ["kind"] = "demo", ["sync"] = run.SyncResult(), ["probe"] = run.ProbeResult(), ["store"] = new JsonObject { [name] = name } };
        demo["seconds"] = new JsonObject { [name] = 1.0 };
        var sync = demo["sync"]!;
        sync["run"] = name;
        sync["kinds"]![name + "!"] = RunFolderBuilder.Kind(0.5, 0.4, 0.6, 0.5, 0.4, 0.6);
        var example = sync["examples"]![0]!;
        (example["label"], example["source_path"], example["video_id"]) = (name, name, name);
        foreach (var row in demo["probe"]!["results"]!.AsArray())
        {
            row!["layer"] = name;
            row["per_class"]![name + "!"] = new JsonObject { ["accuracy"] = 0.5, ["support"] = 2 };
            row["confusion"]!["labels"]![0] = name;
        }

        return demo;
    }
}
