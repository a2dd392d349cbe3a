using System.Xml.Linq;
using static Duet.Reports.Charts.Plot;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Charts;

/// <summary>Hits against false alarms as the threshold moves; <see cref="Used"/> is where the threshold in use lies.</summary>
internal sealed record RocCurve(string Name, string Css, IReadOnlyList<(double FalseAlarms, double Hits)> Points, (double FalseAlarms, double Hits)? Used)
{
    /// <summary>The curve at the bins' edges. Between two edges a bin's pairs are taken to lie evenly.</summary>
    public static RocCurve Of(string name, string css, IReadOnlyList<double> edges, IReadOnlyList<double> positive, IReadOnlyList<double> negative, double? threshold)
    {
        var hits = ShareBelow(positive);
        var falseAlarms = ShareBelow(negative);
        (double, double)? used = threshold is { } t && double.IsFinite(t) ? (At(edges, falseAlarms, t), At(edges, hits, t)) : null;
        return new RocCurve(name, css, [.. falseAlarms.Zip(hits)], used);
    }

    /// <summary>The share of all counts that lies left of each edge.</summary>
    private static double[] ShareBelow(IReadOnlyList<double> counts)
    {
        double total = counts.Sum(), sum = 0;
        var shares = new double[counts.Count + 1];
        for (int i = 0; i < counts.Count; i++)
        {
            sum += counts[i];
            shares[i + 1] = sum / total;
        }

        return shares;
    }

    private static double At(IReadOnlyList<double> edges, double[] shares, double threshold)
    {
        if (threshold <= edges[0])
        {
            return 0;
        }

        int right = 1;
        while (right < edges.Count && edges[right] < threshold)
        {
            right++;
        }

        return right == edges.Count
            ? 1
            : shares[right - 1] + ((shares[right] - shares[right - 1]) * (threshold - edges[right - 1]) / (edges[right] - edges[right - 1]));
    }
}

/// <summary>Receiver operating characteristics: square, from 0 to 100 % both ways.</summary>
internal static class RocChart
{
    private const double Left = 96, Right = 366, Top = 10, Bottom = 224;

    public static XElement Draw(string description, IReadOnlyList<RocCurve> curves)
    {
        var x = new Scale(0, 1, Left, Right);
        var y = new Scale(0, 1, Bottom, Top);
        var ticks = Ticks.Linear(0, 1, 6);
        return Svg(
            Bottom + 34,
            description,
            YAxis(ticks, y, Left, Right, (v, _) => Numbers.WholePercent(v)),
            XAxis(ticks, x, Bottom, "out of sync, but taken for in sync", (v, _) => Numbers.WholePercent(v)),
            VerticalName(Left - 46, (Top + Bottom) / 2, "in sync, and taken for it"),
            Line(x[0], y[0], x[1], y[1], "reference"),
            curves.Select(c => DrawCurve(c, x, y)));
    }

    private static XElement DrawCurve(RocCurve curve, Scale x, Scale y) => E(
        "g",
        Colour(curve.Css),
        C("path", "line", A("d", "M" + string.Join('L', curve.Points.Select(p => $"{Numbers.Coordinate(x[p.FalseAlarms])} {Numbers.Coordinate(y[p.Hits])}"))), Title(curve.Name)),
        curve.Used is { } used
            ? C("circle", "minimum", A("cx", x[used.FalseAlarms]), A("cy", y[used.Hits]), A("r", 5.0), Title($"{curve.Name}, at the threshold in use: about {Numbers.WholePercent(used.Hits)} hits, {Numbers.WholePercent(used.FalseAlarms)} false alarms"))
            : null);

    private static XElement VerticalName(double x, double y, string name)
    {
        var text = Text(x, y, "middle", "axis-name", name);
        text.SetAttributeValue("transform", $"rotate(-90 {Numbers.Coordinate(x)} {Numbers.Coordinate(y)})");
        return text;
    }
}
