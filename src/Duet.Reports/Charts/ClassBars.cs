using System.Xml.Linq;
using static Duet.Reports.Charts.Plot;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Charts;

/// <summary>One class: learned and random accuracy, where known, and its number of videos.</summary>
internal sealed record ClassBar(string Label, double? Learned, double? Random, long? Support);

/// <summary>Accuracy per class as bars, with a mark where random weights get to.</summary>
internal static class ClassBars
{
    private const double Left = 118, Right = 392, Top = 6, RowHeight = 19;

    /// <summary>The drawing: as many rows as classes.</summary>
    public static XElement Draw(string description, IReadOnlyList<ClassBar> bars, string css)
    {
        double bottom = Top + (bars.Count * RowHeight) + 2;
        var x = new Scale(0, 1, Left, Right);
        var ticks = Ticks.Linear(0, 1, 6);
        return Svg(
            bottom + 34,
            description,
            ticks.Positions.Select(p => Line(x[p], Top, x[p], bottom, "grid")),
            bars.Select((bar, i) => DrawBar(bar, x, Top + (i * RowHeight), css)),
            XAxis(ticks, x, bottom, "share of the class' videos named right", (v, _) => Numbers.WholePercent(v)));
    }

    private static XElement DrawBar(ClassBar bar, Scale x, double top, string css)
    {
        double middle = top + (RowHeight / 2);
        string tip = $"{bar.Label}: learned {Numbers.Percent(bar.Learned)}, random {Numbers.Percent(bar.Random)}, {Numbers.Count(bar.Support)} videos";
        return E(
            "g",
            Colour(css),
            Title(tip),
            Rect(0, top, Width, RowHeight, A("class", "target")),
            Text(Left - 8, middle + 3.5, "end", "row-name", Shorten(bar.Label)),
            Shown(bar.Learned) is { } learned ? C("rect", "bar", A("x", Left), A("y", top + 3.5), A("width", x[learned] - Left), A("height", RowHeight - 7), A("rx", 2.0)) : null,
            Shown(bar.Random) is { } random ? Line(x[random], top + 1.5, x[random], top + RowHeight - 1.5, "random-mark") : null,
            Text(Right + 8, middle + 3.5, "start", "tick", Numbers.WholePercent(bar.Learned)));
    }

    private static double? Shown(double? value) => value is { } v && double.IsFinite(v) ? v : null;

    /// <summary>A long label is cut; the tooltip has all of it. Cut between text elements, never inside one.</summary>
    internal static string Shorten(string label, int most = 17)
    {
        var elements = new System.Globalization.StringInfo(label.ReplaceLineEndings(" "));
        return elements.LengthInTextElements <= most ? elements.String : elements.SubstringByTextElements(0, most - 1) + "…";
    }
}
