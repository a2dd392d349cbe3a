using System.Text;
using System.Xml.Linq;
using static Duet.Reports.Charts.Plot;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Charts;

/// <summary>One row of a ridge histogram.</summary>
internal sealed record RidgeRow(string Name, string Css, IReadOnlyList<double> Counts);

/// <summary>
/// Histograms of several groups, one under the other over one axis, each scaled to its own tallest bin, with the decision threshold through all of them:
/// what lies left of it is taken for in sync.
/// </summary>
internal static class RidgeHistogram
{
    private const double Left = 88, Right = 428, Top = 30, RowHeight = 54;

    /// <summary>The drawing. Edges have one more entry than each row's counts.</summary>
    public static XElement Draw(string description, IReadOnlyList<double> edges, IReadOnlyList<RidgeRow> rows, double? threshold, string xName)
    {
        double bottom = Top + (rows.Count * RowHeight);
        double low = edges[0], high = edges[^1];
        if (threshold is { } inside && double.IsFinite(inside))
        {
            // The line must be where it says it is, even beside the bins.
            low = Math.Min(low, inside);
            high = Math.Max(high, inside);
        }

        var x = new Scale(low, high, Left, Right);
        return Svg(
            bottom + 34,
            description,
            threshold is { } t && double.IsFinite(t) ? Threshold(t, x, bottom) : null,
            rows.Select((row, i) => DrawRow(row, edges, x, Top + ((i + 1) * RowHeight))),
            threshold is { } line && double.IsFinite(line) ? Line(x[line], Top - 6, x[line], bottom, "threshold") : null,
            XAxis(Ticks.Linear(low, high, 8), x, bottom, xName));
    }

    private static IEnumerable<XElement> Threshold(double threshold, Scale x, double bottom)
    {
        double at = x[threshold];
        yield return C("rect", "in-sync-zone", A("x", Left), A("y", Top - 6), A("width", at - Left), A("height", bottom - Top + 6));
        bool leftFits = at - Left > 92, rightFits = Right - at > 104;
        if (leftFits)
        {
            yield return Text(at - 5, 19, "end", "annotation", "taken for in sync");
        }

        if (rightFits)
        {
            yield return Text(at + 5, 19, "start", "annotation", "taken for out of sync");
        }

        yield return Text(at, 8, at > Right - 60 ? "end" : at < Left + 60 ? "start" : "middle", "annotation strong", $"threshold {Numbers.Plain(threshold)}");
    }

    private static XElement DrawRow(RidgeRow row, IReadOnlyList<double> edges, Scale x, double bottom)
    {
        double tallest = row.Counts.DefaultIfEmpty(0).Max(), total = row.Counts.Sum();
        var y = new Scale(0, Math.Max(tallest, 1), bottom, bottom - RowHeight + 8);
        var outline = new StringBuilder($"M{At(x[edges[0]], bottom)}");
        for (int i = 0; i < row.Counts.Count; i++)
        {
            outline.Append('L').Append(At(x[edges[i]], y[row.Counts[i]])).Append('L').Append(At(x[edges[i + 1]], y[row.Counts[i]]));
        }

        outline.Append('L').Append(At(x[edges[^1]], bottom));
        return E(
            "g",
            Colour(row.Css),
            C("path", "hill", A("d", outline.ToString())),
            Line(Left, bottom, Right, bottom, "axis"),
            Text(Left - 8, bottom - 18, "end", "row-name", row.Name),
            Text(Left - 8, bottom - 5, "end", "tick", Numbers.Count((long)total)),
            row.Counts.Select((count, i) => C(
                "rect",
                "target",
                A("x", x[edges[i]]),
                A("y", bottom - RowHeight + 4),
                A("width", x[edges[i + 1]] - x[edges[i]]),
                A("height", RowHeight - 4),
                Title($"{row.Name}: {count:0.##} of {total:0.##} pairs\nat a distance from {Numbers.Plain(edges[i])} to {Numbers.Plain(edges[i + 1])}"))));
    }

    private static string At(double x, double y) => $"{Numbers.Coordinate(x)} {Numbers.Coordinate(y)}";
}
