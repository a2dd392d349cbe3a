using System.Xml.Linq;
using Duet.Reports.Html;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Charts;

/// <summary>A named colour of a chart: <see cref="Css"/> is a custom property of the style sheet, which light, dark and print define.</summary>
internal sealed record LegendItem(string Name, string Css, Mark Mark = Mark.Line);

/// <summary>How a thing looks in the chart, and so in the legend.</summary>
internal enum Mark
{
    /// <summary>A line or an area.</summary>
    Line,

    /// <summary>A dashed line.</summary>
    Dashed,

    /// <summary>An upright stroke.</summary>
    Upright,
}

/// <summary>
/// What all charts share: one drawing width, so that text keeps its size from chart to chart; a frame with ticks; a figure with caption and legend.
/// Drawn for a column of a laptop's page, still readable when a phone scales it down.
/// </summary>
internal static class Plot
{
    /// <summary>The drawing's width, in its own units.</summary>
    public const double Width = 440;

    /// <summary>An SVG drawing of the common width.</summary>
    public static XElement Svg(double height, string description, params object?[] content) =>
        E("svg", A("viewBox", $"0 0 {Numbers.Coordinate(Width)} {Numbers.Coordinate(height)}"), A("role", "img"), A("aria-label", description), content);

    /// <summary>A chart with its title, a legend where there is more than one thing to tell apart, and a sentence on how to read it.</summary>
    public static XElement Figure(string title, XElement svg, IReadOnlyList<LegendItem>? legend = null, params object?[] note) =>
        C(
            "figure",
            "chart",
            C("figcaption", "chart-title", title),
            legend is { Count: > 0 } ? C("div", "legend", legend.Select(LegendEntry)) : null,
            svg,
            note.Any(n => n is not null) ? C("p", "chart-note", note) : null);

    public static XElement Line(double x1, double y1, double x2, double y2, string cssClass) =>
        C("line", cssClass, A("x1", x1), A("y1", y1), A("x2", x2), A("y2", y2));

    public static XElement Rect(double x, double y, double width, double height, params object?[] content) =>
        E("rect", A("x", x), A("y", y), A("width", Math.Max(width, 0)), A("height", Math.Max(height, 0)), content);

    /// <summary>Text with its anchor: start, middle or end.</summary>
    public static XElement Text(double x, double y, string anchor, string cssClass, params object?[] content) =>
        C("text", cssClass, A("x", x), A("y", y), A("text-anchor", anchor), content);

    public static XElement Title(string text) => E("title", text);

    public static XAttribute Colour(string css) => A("style", $"--c:var(--{css})");

    /// <summary>Horizontal grid lines with their labels left of the plot.</summary>
    public static IEnumerable<XElement> YAxis(Ticks ticks, Scale y, double left, double right, Func<double, string, string>? format = null)
    {
        for (int i = 0; i < ticks.Positions.Count; i++)
        {
            double at = y[ticks.Positions[i]];
            yield return Line(left, at, right, at, "grid");
            yield return Text(left - 6, at + 3.5, "end", "tick", format is null ? ticks.Labels[i] : format(ticks.Positions[i], ticks.Labels[i]));
        }
    }

    /// <summary>The base line with tick marks, labels below, and the axis' name under them.</summary>
    public static IEnumerable<XElement> XAxis(Ticks ticks, Scale x, double bottom, string name, Func<double, string, string>? format = null)
    {
        yield return Line(x.From, bottom, x.To, bottom, "axis");
        for (int i = 0; i < ticks.Positions.Count; i++)
        {
            double at = x[ticks.Positions[i]];
            yield return Line(at, bottom, at, bottom + 4, "axis");
            yield return Text(at, bottom + 15, "middle", "tick", format is null ? ticks.Labels[i] : format(ticks.Positions[i], ticks.Labels[i]));
        }

        yield return Text((x.From + x.To) / 2, bottom + 29, "middle", "axis-name", name);
    }

    private static XElement LegendEntry(LegendItem item) =>
        C("span", "key", C("span", item.Mark switch { Mark.Dashed => "swatch dashed", Mark.Upright => "swatch upright", _ => "swatch" }, Colour(item.Css)), item.Name);
}
