using System.Xml.Linq;
using Duet.Reports.Charts;
using Duet.Reports.Sections;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Clusters;

/// <summary>How the clusterings changed from iteration to iteration, from the run's own JSON files.</summary>
internal static class IterationsSection
{
    /// <summary>The section; the table alone where there is one iteration only.</summary>
    public static Section Draw(IReadOnlyList<Iteration> iterations)
    {
        var features = iterations.SelectMany(i => i.Clusterings).Select(c => c.Features!).Distinct(StringComparer.Ordinal).ToList();
        List<XElement> body = [E("p", iterations.Count == 1 ? "One iteration so far." : "As the run wrote it down, over training clips. Pointing at a chart shows its values.")];
        if (iterations.Count > 1)
        {
            body.Add(C("div", "charts", Charts(iterations, features).Select(c => c.Draw())));
        }

        body.Add(Tables.Draw(
            ["iteration", "features", "k", "clips", "NMI with labels", "purity", "NMI with previous", "entropy of sizes", "empty", "largest", "objective", "splits"],
            iterations.SelectMany(i => i.Clusterings.Select(c => (IReadOnlyList<object?>)
            [
                i.Number, Outside(c.Features), c.K, Numbers.Count(c.Clips), Numbers.Score(c.NmiLabels), Numbers.Score(c.Purity), Numbers.Score(c.NmiPrevious),
                Numbers.Score(c.NormalisedEntropy), Numbers.Count(c.Empty), Numbers.Percent(c.LargestShare), Numbers.Plain(c.Objective), Numbers.Count(c.Splits),
            ])),
            "numbers iterations"));
        var notes = iterations.SelectMany(i => i.Clusterings.SelectMany(c => (c.Notes ?? []).Where(n => n is not null).Select(n => $"Iteration {i.Number}, {c.Features}: {n}"))).Take(100).ToList();
        if (notes.Count > 0)
        {
            body.Add(C("ul", "notes", notes.Select(n => E("li", Outside(n)))));
        }

        return new Section("iterations", "From iteration to iteration", body);
    }

    private static IEnumerable<LineChart> Charts(IReadOnlyList<Iteration> iterations, List<string> features)
    {
        yield return Chart("NMI with labels", c => c.NmiLabels, "0: clusters and labels are unrelated; 1: the same division. Labels take no part in training.");
        yield return Chart("Purity", c => c.Purity, "Share of labelled clips that carry their cluster's most frequent label.");
        yield return Chart("NMI with the iteration before", c => c.NmiPrevious, "Near 1: clustering again changes little, so more iterations would too.");
        yield return Chart("Entropy of the cluster sizes, of its greatest", c => c.NormalisedEntropy, "1: all clusters are of one size. Falling far: the clustering degenerates.");

        LineChart Chart(string title, Func<ClusteringEntry, double?> value, string note) => new()
        {
            Title = title,
            XName = "iteration",
            FromZero = true,
            Note = note,
            Series = [.. features.Select(f => new Series(
                f,
                ClustersPage.Css(f) == "joint" ? "positive" : f,
                [.. iterations.Select(i => (double)i.Number)],
                [.. iterations.Select(i => i.Clusterings.FirstOrDefault(c => string.Equals(c.Features, f, StringComparison.Ordinal)) is { } c ? value(c) ?? double.NaN : double.NaN)],
                Dots: true))],
        };
    }
}
