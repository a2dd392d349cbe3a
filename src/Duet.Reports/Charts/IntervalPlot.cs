using System.Xml.Linq;
using static Duet.Reports.Charts.Plot;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Charts;

/// <summary>A value with its interval as one small line: for table cells and headline cards.</summary>
internal static class IntervalPlot
{
    /// <summary>A strip without text; the number stands beside it.</summary>
    /// <param name="value">The value.</param>
    /// <param name="interval">Its interval, where known.</param>
    /// <param name="low">The strip's left end.</param>
    /// <param name="high">The strip's right end.</param>
    /// <param name="reference">What guessing gives, drawn as a tick.</param>
    /// <param name="css">The colour.</param>
    /// <param name="tip">The tooltip.</param>
    public static XElement Draw(double value, Interval? interval, double low, double high, double? reference, string css, string tip)
    {
        const double Width = 160, Height = 14, Middle = 7;
        var x = new Scale(low, high, 5, Width - 5);
        return C(
            "svg",
            "interval",
            A("viewBox", $"0 0 {Width} {Height}"),
            A("role", "img"),
            A("aria-label", tip),
            Colour(css),
            Title(tip),
            Rect(0, 0, Width, Height, A("class", "target")),
            Line(x.From, Middle, x.To, Middle, "rail"),
            reference is { } r ? Line(x[r], 2, x[r], Height - 2, "rail-mark") : null,
            interval is { } i ? Line(x[i.Low], Middle, x[i.High], Middle, "whisker") : null,
            C("circle", "dot", A("cx", x[value]), A("cy", Middle), A("r", 4)));
    }
}
