using System.Xml.Linq;
using static Duet.Reports.Charts.Plot;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Charts;

/// <summary>A confusion matrix: rows are true labels, each row's colours are shares of that row.</summary>
internal static class HeatMap
{
    /// <summary>The drawing: labels left and below, counts in the cells where they fit.</summary>
    public static XElement Draw(string description, IReadOnlyList<string> labels, IReadOnlyList<IReadOnlyList<long>> counts, string css)
    {
        const double Left = 108, Right = 436, Top = 4;
        double cell = Math.Min((Right - Left) / labels.Count, 34);
        double bottom = Top + (cell * labels.Count);
        bool named = cell >= 9;
        var svg = Svg(
            bottom + (named ? 86 : 20),
            description,
            Enumerable.Range(0, labels.Count).Select(row => DrawRow(labels, counts[row], row, Left, Top + (row * cell), cell)),
            named ? labels.Select((label, i) => Text(Left - 6, Top + ((i + 0.5) * cell) + 3.5, "end", "row-name", ClassBars.Shorten(label))) : null,
            named ? labels.Select((label, i) => ColumnName(label, Left + ((i + 0.5) * cell), bottom + 8)) : null,
            Text(Left + (cell * labels.Count / 2), bottom + (named ? 82 : 14), "middle", "axis-name", "columns: what the classifier said · rows: what it was"));
        svg.SetAttributeValue("style", $"--c:var(--{css})");
        return svg;
    }

    private static XElement DrawRow(IReadOnlyList<string> labels, IReadOnlyList<long> counts, int row, double left, double top, double cell)
    {
        double total = counts.Sum(c => (double)c);
        return E("g", counts.Select((count, column) =>
        {
            double share = total > 0 ? count / total : 0;
            string tip = $"{labels[row]} taken for {labels[column]}: {Numbers.Count(count)} of {Numbers.Count((long)total)}";
            return E(
                "g",
                Title(tip),
                C("rect", "cell-back", A("x", left + (column * cell)), A("y", top), A("width", cell - 1), A("height", cell - 1)),
                C("rect", "cell", A("x", left + (column * cell)), A("y", top), A("width", cell - 1), A("height", cell - 1), A("fill-opacity", share)),
                cell >= 15 && count > 0
                    ? Text(left + ((column + 0.5) * cell), top + (cell / 2) + 3, "middle", share > 0.55 ? "cell-count on" : "cell-count", Numbers.Count(count))
                    : null);
        }));
    }

    private static XElement ColumnName(string label, double x, double y)
    {
        var text = Text(x, y, "end", "row-name", ClassBars.Shorten(label, 14));
        text.SetAttributeValue("transform", $"rotate(-48 {Numbers.Coordinate(x)} {Numbers.Coordinate(y)})");
        return text;
    }
}
