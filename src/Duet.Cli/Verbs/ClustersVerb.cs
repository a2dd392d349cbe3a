using System.CommandLine;
using System.Globalization;
using Duet.Cli.Hosting;
using Duet.Reports.Clusters;
using Spectre.Console;

namespace Duet.Cli.Verbs;

/// <summary><c>duet clusters RUN</c>: a run's clusters, ranked, as a page, a table and JSON.</summary>
internal static class ClustersVerb
{
    /// <summary>Clusters of each clustering in the terminal's table; the page and JSON have all.</summary>
    private const int Listed = 10;

    public static Command Create()
    {
        var defaults = new ClusterReportOptions();
        var verb = new Verb("clusters", "Ranks a run's clusters by purity and writes them as one page to look at, listen to and search.")
        {
            Examples =
            [
                new("duet clusters runs/mine", "the last iteration: a table here, and runs/mine/clusters.html"),
                new("duet clusters runs/mine --store /mnt/archive/store --iteration 1", "the first iteration, with the store in another place"),
                new("duet clusters runs/mine --export clusters.parquet", "every clip's cluster with its path and label, to join on"),
            ],
        };
        var run = new Argument<string>("RUN") { Description = "The folder of a run of sdc, mdc, cdc or xdc." };
        var store = new Option<string?>("--store") { Description = "The store with labels, pictures and sound, where it isn't at the place that the run names.", HelpName = "DIR" };
        var iteration = new Option<int?>("--iteration") { Description = "The iteration, from 1 (default: the last).", HelpName = "N" };
        var page = new Option<string?>("--out") { Description = "The page (default: clusters.html in the run's folder).", HelpName = "FILE.html" };
        var nearest = new Option<int>("--nearest") { Description = $"Clips shown near each centroid, at most one of each video (default {defaults.Nearest}).", HelpName = "N", DefaultValueFactory = _ => defaults.Nearest };
        var top = new Option<int>("--top") { Description = "At most so many clusters of each clustering carry pictures and sound; 0 for as many as fit (default).", HelpName = "N" };
        var megabytes = new Option<int>("--megabytes") { Description = $"What pictures and sound may add to the page (default {defaults.Megabytes}).", HelpName = "MB", DefaultValueFactory = _ => defaults.Megabytes };
        var export = new Option<string?>("--export") { Description = "Also write the pseudo-labels joined with paths and labels.", HelpName = "FILE.csv|.parquet" };
        verb.Arguments.Add(run);
        foreach (var option in new Option[] { store, iteration, page, nearest, top, megabytes, export })
        {
            verb.Options.Add(option);
        }

        verb.Run(context =>
        {
            var options = new ClusterReportOptions
            {
                Store = context.Parse.GetValue(store),
                Iteration = context.Parse.GetValue(iteration),
                Out = context.Parse.GetValue(page),
                Nearest = context.Parse.GetValue(nearest),
                Top = context.Parse.GetValue(top),
                Megabytes = context.Parse.GetValue(megabytes),
                Export = context.Parse.GetValue(export),
            };
            var result = ClusterReport.Write(context.Parse.GetRequiredValue(run), options, context.CancellationToken);
            if (context.Json)
            {
                context.WriteJson(result);
            }
            else
            {
                Print(context, result);
            }

            return Task.FromResult(ExitCodes.Done);
        });
        return verb;
    }

    private static void Print(CommandContext context, ClustersResult result)
    {
        foreach (var clustering in result.Clusterings)
        {
            context.Line(IngestVerb.Plain(Headline(result, clustering)));
            foreach (var note in clustering.Notes)
            {
                context.Line(IngestVerb.Plain($"  {note}"));
            }

            var table = EvalVerb.Table("rank", "cluster", "clips", "mean distance");
            table.AddColumn(new TableColumn(clustering.RankedBy == "purity" ? "labels and their shares" : "nearest to the centroid"));
            foreach (var cluster in clustering.Clusters.Take(Listed))
            {
                table.AddRow(
                    Text(cluster.Rank), Text(cluster.Cluster), Text(cluster.Size), cluster.Tightness is { } t ? t.ToString("0.###", CultureInfo.InvariantCulture) : "-", IngestVerb.Printable(Words(clustering, cluster)));
            }

            context.Console.Write(table);
            if (clustering.Clusters.Count > Listed)
            {
                context.Line($"  {clustering.Clusters.Count - Listed} more: on the page, and with --json");
            }

            context.Line();
        }

        foreach (var note in result.Notes)
        {
            context.Line(IngestVerb.Plain($"note: {note}"));
        }

        if (result.Export is { } export)
        {
            context.Line($"Export: {export}");
        }

        context.Line(string.Create(CultureInfo.InvariantCulture, $"Page: {result.Page} ({result.PageBytes / 1e6:0.0} MB)"));
    }

    private static string Headline(ClustersResult result, ClusteringResult clustering)
    {
        var facts = new List<string>
        {
            $"{clustering.Features} clusters, iteration {result.Iteration} of {result.Iterations}: {clustering.K - clustering.Empty} of {clustering.K} used by {clustering.Clips} clips, ranked by {clustering.RankedBy}",
        };
        if (clustering.Purity is { } purity && clustering.PurityOfShuffledLabels is { } chance)
        {
            facts.Add(string.Create(CultureInfo.InvariantCulture, $"purity {purity:0.000} (shuffled labels {chance:0.000})"));
        }

        if (clustering.NmiLabels is { } nmi)
        {
            facts.Add(string.Create(CultureInfo.InvariantCulture, $"NMI with labels {nmi:0.000}"));
        }

        if (clustering.NmiPrevious is { } previous)
        {
            facts.Add(string.Create(CultureInfo.InvariantCulture, $"NMI with the iteration before {previous:0.000}"));
        }

        return string.Join("; ", facts);
    }

    private static string Words(ClusteringResult clustering, RankedCluster cluster) => clustering.RankedBy == "purity"
        ? string.Join(", ", cluster.Labels.Take(3).Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.Label} {l.Share:0.00}")))
        : string.Join(", ", cluster.Nearest.Take(2).Select(n => n.Path ?? n.Clip));

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
