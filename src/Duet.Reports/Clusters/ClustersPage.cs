using System.Globalization;
using System.Xml.Linq;
using Duet.Reports.Sections;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Clusters;

/// <summary>Everything that the page shows.</summary>
internal sealed record ClustersContext
{
    public required ClustersResult Result { get; init; }
    public required IReadOnlyList<Iteration> Iterations { get; init; }
    public required MediaPlan Media { get; init; }
    public required string Index { get; init; }

    /// <summary>Length of a clip's sound and strip.</summary>
    public required double Seconds { get; init; }

    /// <summary>The sound's least rate, Hz.</summary>
    public required int SoundRate { get; init; }
    public required int NearestClips { get; init; }
    public required DateTimeOffset Written { get; init; }
}

/// <summary>The page that <c>duet clusters</c> writes.</summary>
internal static class ClustersPage
{
    /// <summary>The page as text.</summary>
    public static string Draw(ClustersContext context)
    {
        var result = context.Result;
        return Shell.Draw(new ShellContent
        {
            Title = $"Clusters of {Path.GetFileName(Path.GetFullPath(result.Run).TrimEnd('/'))}",
            Subtitle = [Outside($"{result.Method.ToUpperInvariant()} · iteration {result.Iteration} of {result.Iterations} · "
                + string.Join(", ", result.Clusterings.Select(c => $"{c.K} {c.Features} clusters of {Numbers.Count(c.Clips)} clips")))],
            Lead = [C("div", "cards", result.Clusterings.SelectMany(Cards)), .. result.Notes.Select(n => C("p", "hint", Outside(n)))],
            Sections = [Clusters(context), IterationsSection.Draw(context.Iterations), Reading(context)],
            Written = context.Written,
            Styles = ["clusters.css"],
            Script = "clusters.js",
            ScriptData = context.Index,
            Sound = true,
        });
    }

    private static IEnumerable<XElement> Cards(ClusteringResult clustering)
    {
        string used = $"{clustering.K - clustering.Empty} of {clustering.K} clusters are used; the largest holds {Numbers.Percent(clustering.LargestShare)} of the clips.";
        if (clustering.Purity is { } purity)
        {
            yield return Card(
                $"Purity, {clustering.Features}",
                Numbers.Percent(purity),
                $"by chance {Numbers.Percent(clustering.PurityOfShuffledLabels)}",
                $"of {Numbers.Count(clustering.LabelledClips)} labelled clips carry their cluster's most frequent label of {clustering.Classes}. By chance: clusters of the same sizes with shuffled labels. {used}");
        }
        else
        {
            yield return Card($"Clusters, {clustering.Features}", $"{clustering.K - clustering.Empty}", $"of {clustering.K} are used", $"No label to judge them by: they are ranked by tightness. {used}");
        }

        if (clustering.NmiLabels is { } nmi)
        {
            yield return Card($"NMI with labels, {clustering.Features}", Numbers.Score(nmi), clustering.NmiPrevious is { } p ? $"with the iteration before {Numbers.Score(p)}" : "first iteration", "Normalised mutual information as the run wrote it down: 0 for unrelated, 1 for the same division.");
        }
    }

    private static XElement Card(string name, string number, string below, string meaning) =>
        C("div", "card", C("p", "card-name", name), C("p", "card-number", number), C("p", "card-interval", below), C("p", "card-meaning", meaning));

    private static Section Clusters(ClustersContext context)
    {
        bool labels = context.Result.Clusterings.Any(c => c.RankedBy == "purity");
        return new Section("clusters", "The clusters", [
            E("p", Ranking(context.Result), $" Each shows up to {context.NearestClips} clips nearest to its centroid, one per video. Point at a picture to see its frames pass, click to hear it."),
            C(
                "div",
                "tools",
                A("id", "tools"),
                A("hidden", "hidden"),
                E("input", A("id", "query"), A("type", "search"), A("placeholder", $"Search {(labels ? "label, " : "")}path or id; {context.Result.Clusterings[0].Features}:3 lists a cluster's clips"), A("aria-label", "Search clips"), A("autocomplete", "off")),
                E("label", "order ", E(
                    "select",
                    A("id", "order"),
                    Option("rank", "rank"),
                    Option("size", "largest first"),
                    Option("tightness", "tightest first"),
                    Option("cluster", "cluster number")))),
            C("div", "found", A("id", "found"), A("aria-live", "polite")),
            C("div", "columns", A("style", $"--seconds:{Numbers.Coordinate(context.Seconds)}s"), context.Result.Clusterings.Select(c => Column(context, c))),
        ]);
    }

    private static XElement Option(string value, string text) => E("option", A("value", value), text);

    private static string Ranking(ClustersResult result)
    {
        var ways = result.Clusterings.Select(c => c.RankedBy).Distinct(StringComparer.Ordinal).ToList();
        return ways switch
        {
            ["purity"] => "Ranked by purity: the share of a cluster's labelled clips that carry its most frequent label. A number behind a label is its share.",
            ["tightness"] => "Ranked by tightness, as there are no labels: the mean distance of a cluster's clips to its centroid, the smallest first.",
            _ => "Ranked by purity (the most frequent label's share) where there are labels, else by tightness (mean distance to the centroid).",
        };
    }

    private static XElement Column(ClustersContext context, ClusteringResult clustering)
    {
        int carrying = context.Media.Clusters(clustering.Features);
        string teaches = clustering.Teaches.Count > 0 ? $"teach the {string.Join(" and ", clustering.Teaches)} encoder{(clustering.Teaches.Count > 1 ? "s" : "")}" : "";
        string media = carrying == clustering.K ? "" : carrying == 0 ? "no pictures" : $"pictures and sound of the first {carrying}";
        return E(
            "div",
            A("class", $"column {Css(clustering.Features)}"),
            C("div", "column-head", E("h3", Outside($"{Capital(clustering.Features)} clusters")), E("span", Outside(string.Join(" · ", new[] { teaches, media }.Where(t => t.Length > 0))))),
            clustering.Notes.Select(n => C("p", "hint", Outside(n))),
            clustering.Clusters.Select(c => ClusterCard.Draw(clustering, c, context.Media.Of(clustering.Features, c.Cluster))));
    }

    private static Section Reading(ClustersContext context)
    {
        var result = context.Result;
        var notes = new List<string>
        {
            "Shares, purity, tightness and nearest clips are over training clips, which form the centroids; validation clips are only assigned to the nearest one.",
            "Small clusters are pure by chance: compare the purity with what shuffled labels give, not with one over the number of labels.",
            "Distances are in the space that was clustered and don't compare between clusterings.",
        };
        if (result.Store is not null)
        {
            notes.Add($"Labels, paths, pictures and sound are from the store {result.Store}.");
            notes.Add($"Media: {Numbers.Plain(Math.Round(context.Media.Bytes / 1e6, 1))} MB of at most {Numbers.Plain(Math.Round(context.Media.Budget / 1e6, 1))} MB. "
                + string.Join("; ", result.Clusterings.Select(c => $"{context.Media.Clusters(c.Features)} of {c.K} {c.Features} clusters carry them"))
                + $". Sound: {Numbers.Plain(Math.Round(context.Seconds, 2))} s, at least {context.SoundRate / 1000} kHz, 8 bits. More: --megabytes; fewer: --top.");
        }

        notes.Add($"The tables behind this page: {string.Join(", ", result.Clusterings.Select(c => c.File))} in {ClusteringFiles.FolderName}. With paths and labels: duet clusters RUN --export clusters.parquet.");
        notes.Add("The page needs no network: it holds everything that it shows, and its only script is the search above.");
        return new Section("notes", "How to read this", [C("ul", "notes", notes.Select(n => E("li", Outside(n))))]);
    }

    /// <summary>The colour's class: features are named by the run, and only these have colours of their own.</summary>
    public static string Css(string features) => features is "audio" or "video" ? features : "joint";

    private static string Capital(string text) => text.Length == 0 ? text : char.ToUpper(text[0], CultureInfo.InvariantCulture) + text[1..];
}
