using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Duet.Data.Tables;
using Duet.Reports.Clusters;
using Duet.Reports.Input;
using Duet.Reports.Results;
using Duet.Reports.Tests.Synthetic;
using Duet.Tests.Shared.Fuzzing;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests;

/// <summary>Damaged files of a run through everything that draws a page of them or tells them in a table.</summary>
[Trait("Category", "Slow")]
public sealed class ReportFuzzTests
{
    private static readonly byte[][] Words =
    [
        .. "null;[];{};\"\";\"NaN\";\"Infinity\";-1;0;1e308;-1e308;1e-320;9223372036854775807;99999999999999999999;true;\"format\":\"duet.result/1\";\"kind\":\"probe\";\"kind\":\"finetune\";\"kind\":\"retrieval\";[[[[[[[[;<script>;\\ud800;\u0000;\u00ff;\u00ef\u00bb\u00bf;&a ;*a;? ;!!x ;---;- - - -;\t;\n"
            .Split(';').Select(Encoding.Latin1.GetBytes),
    ];

    [Theory]
    [InlineData("run/recipe.yaml", 600)]
    [InlineData("run/metrics.jsonl", 300)]
    [InlineData("run/environment.json", 300)]
    [InlineData("run/store.json", 300)]
    [InlineData("result.json", 400)]
    public void Reports(string file, int inputs)
    {
        using var run = new RunFolderBuilder().Recipe().Metrics(steps: 40).Environment().Store().Write("result.json", Small());
        Fuzz($"report-{Path.GetFileNameWithoutExtension(file)}", inputs, [File.ReadAllBytes(run.File(file))], bytes =>
        {
            File.WriteAllBytes(run.File(file), bytes);
            RunReport.Write(run.Folder);
        });
    }

    [Theory]
    [InlineData("sync")]
    [InlineData("probe")]
    public void Results(string kind)
    {
        using var run = new RunFolderBuilder();
        run.Write("result.json", kind == "sync" ? run.SyncResult() : run.ProbeResult());
        var sample = File.ReadAllBytes(run.File("result.json"));
        Fuzz($"results-{kind}", 1_000, [sample], bytes =>
        {
            File.WriteAllBytes(run.File("result.json"), bytes);
            if (ResultsTable.Read([run.Folder]).Skipped.Count > 0)
            {
                throw new ReportException("skipped, with the reason");
            }
        });
    }

    [Fact]
    public void Iterations()
    {
        using var run = new ClusterRunBuilder();
        run.Write(1, 3, new Dictionary<string, IReadOnlyList<PseudoLabel>> { ["audio"] = [ClusterRunBuilder.Row(1, 0, 0.5), ClusterRunBuilder.Row(2, 2, 0.25)] });
        Fuzz("iteration", 8_000, [File.ReadAllBytes(run.Iteration(1))], bytes =>
        {
            File.WriteAllBytes(run.Iteration(1), bytes);
            ClusteringFiles.Read(run.Folder).ShouldAllBe(i => i.Clusterings.Count > 0);
        });
    }

    /// <summary>Comparing two keys of a mapping walks through all that they hold, and an alias may hold ten others that hold ten others.</summary>
    [Theory]
    [InlineData("run/environment.json", "{\"cpu\": \"\u00C1\"}", "not UTF-8 text")]
    [InlineData("run/environment.json", "{\"cpu\": \"\\ud800\"}", null)] // half of a pair: shown as it is written
    [InlineData("run/environment.json", "{\"c\\ud800pu\": \"a\"}", "half of a pair")] // a name, which all other names are compared with
    [InlineData("run/metrics.jsonl", "{\"kind\":\"train\",\"step\":1,\"\\ud800\":1}\n", "line 1: a name in it holds half")]
    [InlineData("run/metrics.jsonl", "{\"kind\":\"train\",\"step\":1,\"stage\":\"\u00C1\"}\n", "line 1: not UTF-8 text")]
    public void Text_that_is_none_is_told(string file, string latin, string? message)
    {
        using var run = new RunFolderBuilder().Recipe().Metrics(steps: 40);
        File.WriteAllBytes(run.File(file), Encoding.Latin1.GetBytes(latin));
        if (message is null)
        {
            File.ReadAllText(RunReport.Write(run.Folder)).ShouldContain("ud800");
        }
        else
        {
            Should.Throw<ReportException>(() => RunReport.Write(run.Folder)).Message.ShouldContain(message);
        }
    }

    [Fact]
    public void A_recipe_of_aliases_is_refused_before_a_tree_is_built()
    {
        var text = new StringBuilder("a: &a [x,x,x,x,x,x,x,x,x,x]\n");
        for (var c = 'b'; c <= 'k'; c++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{c}: &{c} [{string.Join(',', Enumerable.Repeat($"*{(char)(c - 1)}", 10))}]\n");
        }

        text.Append("? *k\n: 1\n");
        Should.Throw<ReportException>(() => RecipeSummary.Parse("r.yaml", text.ToString())).Message.ShouldContain("anchors (&name) or aliases (*name)");
        Should.Throw<ReportException>(() => RecipeSummary.Parse("r.yaml", "a: *a\n")).Message.ShouldContain("anchors (&name) or aliases (*name)");
    }

    private static JsonObject Small()
    {
        using var run = new RunFolderBuilder();
        return run.DemoResult();
    }

    private static void Fuzz(string name, int inputs, byte[][] samples, Action<byte[]> read) =>
        new MutationFuzzer(name, samples) { Words = Words, AllocationLimit = length => (32L << 20) + (1024L * length) }.Run(inputs, read).Checked(name);
}
