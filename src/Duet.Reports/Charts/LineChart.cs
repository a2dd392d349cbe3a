using System.Globalization;
using System.Text;
using System.Xml.Linq;
using static Duet.Reports.Charts.Plot;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Charts;

/// <summary>A curve over steps. Points that aren't finite break the line.</summary>
internal sealed record Series(string Name, string Css, IReadOnlyList<double> X, IReadOnlyList<double> Y, bool Dashed = false, bool Dots = false);

/// <summary>A stretch of the x axis with a name.</summary>
internal sealed record Stretch(double From, double To, string Name);

/// <summary>A horizontal line to compare with.</summary>
internal sealed record Reference(double Y, string Name);

/// <summary>What a line chart shows.</summary>
internal sealed record LineChart
{
    private const double Height = 236, Left = 46, Right = 426, Top = 24, Bottom = 196;
    private const int MostPoints = 180, HoverColumns = 36;

    public required string Title { get; init; }
    public required string XName { get; init; }
    public required IReadOnlyList<Series> Series { get; init; }
    public IReadOnlyList<Stretch> Stretches { get; init; } = [];
    public Reference? Reference { get; init; }
    public bool FromZero { get; init; }
    public (double Low, double High)? Range { get; init; }
    public bool Percent { get; init; }
    public string? Note { get; init; }

    /// <summary>The figure, or null where no series has a finite point.</summary>
    public XElement? Draw()
    {
        var drawn = Series.Select(s => Thinned.Of(s, MostPoints)).Where(s => s.Points.Count > 0).ToList();
        if (drawn.Count == 0)
        {
            return null;
        }

        var (xLow, xHigh) = XRange(drawn);
        var values = drawn.SelectMany(s => s.Points).SelectMany(p => new[] { p.Low, p.High });
        var (yLow, yHigh) = Range ?? Scale.RangeOf(Reference is null ? values : values.Append(Reference.Y), FromZero);
        var x = new Scale(xLow, xHigh, Left, Right);
        var y = new Scale(yLow, yHigh, Bottom, Top);
        var svg = Svg(
            Height,
            $"{Title}: {string.Join(", ", drawn.Select(d => d.Series.Name))} over {XName}.",
            Stretches.Select((s, i) => DrawStretch(s, i, x)),
            YAxis(Ticks.Linear(yLow, yHigh, 6), y, Left, Right, Percent ? (v, _) => Numbers.WholePercent(v) : null),
            XAxis(Ticks.Linear(xLow, xHigh, 7, wholeNumbers: xHigh - xLow >= 2), x, Bottom, XName),
            Reference is { } r ? [Line(Left, y[r.Y], Right, y[r.Y], "reference"), Text(Right - 4, y[r.Y] - 4, "end", "annotation", r.Name)] : Array.Empty<XElement>(),
            drawn.Select(s => DrawSeries(s, x, y)),
            DrawHover(drawn, x, y));
        return Figure(Title, svg, drawn.Count > 1 ? [.. drawn.Select(d => new LegendItem(d.Series.Name, d.Series.Css, d.Series.Dashed ? Mark.Dashed : Mark.Line))] : null, Note);
    }

    private (double Low, double High) XRange(List<Thinned> drawn)
    {
        double low = drawn.Min(s => s.Points[0].X), high = drawn.Max(s => s.Points[^1].X);
        if (Stretches.Count > 0)
        {
            low = Math.Min(low, Stretches[0].From);
            high = Math.Max(high, Stretches[^1].To);
        }

        return high > low ? (low, high) : (low - 0.5, high + 0.5);
    }

    private static XElement DrawStretch(Stretch stretch, int index, Scale x)
    {
        double from = x[stretch.From], to = x[stretch.To];
        // Letters are about 5.6 units wide: a name that doesn't fit its stretch is left to the tooltip.
        bool fits = stretch.Name.Length * 5.6 < to - from - 6;
        return E(
            "g",
            C("rect", index % 2 == 0 ? "stage" : "stage other", A("x", from), A("y", 6.0), A("width", Math.Max(to - from, 0)), A("height", Bottom - 6), Title(stretch.Name)),
            index > 0 ? Line(from, 6, from, Bottom, "stage-edge") : null,
            fits ? Text((from + to) / 2, 17, "middle", "stage-name", stretch.Name) : null);
    }

    private static XElement DrawSeries(Thinned thinned, Scale x, Scale y)
    {
        var line = new StringBuilder();
        var bands = new List<string>();
        foreach (var run in thinned.Runs())
        {
            line.Append('M').AppendJoin('L', run.Select(p => At(x[p.X], y[p.Mean])));
            if (run.Count > 1 && run.Any(p => p.High > p.Low))
            {
                bands.Add("M" + string.Join('L', run.Select(p => At(x[p.X], y[p.High])).Concat(run.AsEnumerable().Reverse().Select(p => At(x[p.X], y[p.Low])))) + "Z");
            }
        }

        bool dots = thinned.Series.Dots || thinned.Points.Count == 1;
        return E(
            "g",
            Colour(thinned.Series.Css),
            bands.Select(b => C("path", "band", A("d", b))),
            C("path", thinned.Series.Dashed ? "line dashed" : "line", A("d", line.ToString())),
            dots ? thinned.Points.Select(p => C("circle", "dot", A("cx", x[p.X]), A("cy", y[p.Mean]), A("r", thinned.Points.Count > 24 ? 1.8 : 2.6))) : null);
    }

    /// <summary>Invisible columns: over each, a tooltip with all values there, and marks that show while the pointer is over it.</summary>
    private IEnumerable<XElement> DrawHover(List<Thinned> drawn, Scale x, Scale y)
    {
        int most = Math.Min(HoverColumns, drawn.Max(s => s.Points.Count));
        var taken = new HashSet<double>();
        for (int i = 0; i < most; i++)
        {
            double wanted = x.Low + ((x.High - x.Low) * (i + 0.5) / most);
            double at = drawn.SelectMany(s => s.Points).MinBy(p => Math.Abs(p.X - wanted)).X;
            if (!taken.Add(at))
            {
                continue;
            }

            var nearest = drawn.Select(s => (s.Series, Point: s.Points.MinBy(p => Math.Abs(p.X - at)))).ToList();
            string tip = $"{XName} {at.ToString("#,0.##", CultureInfo.InvariantCulture)}\n"
                + string.Join('\n', nearest.Select(n => $"{n.Series.Name}: {(Percent ? Numbers.Percent(n.Point.Mean) : Numbers.Plain(n.Point.Mean))}"));
            double width = (Right - Left) / most;
            yield return C(
                "g",
                "hover",
                Line(x[at], Top, x[at], Bottom, "crosshair"),
                nearest.Select(n => C("circle", "mark", Colour(n.Series.Css), A("cx", x[n.Point.X]), A("cy", y[n.Point.Mean]), A("r", 3.2))),
                C("rect", "target", A("x", x[wanted] - (width / 2)), A("y", Top), A("width", width), A("height", Bottom - Top), Title(tip)));
        }
    }

    private static string At(double x, double y) => $"{Numbers.Coordinate(x)} {Numbers.Coordinate(y)}";
}

/// <summary>One drawn point: the mean of the values that fall into it, and their range.</summary>
internal readonly record struct ThinnedPoint(double X, double Mean, double Low, double High, bool AfterGap);

/// <summary>A series brought down to what a screen can show: neighbours are averaged, and their range stays visible as a band.</summary>
internal sealed record Thinned(Series Series, IReadOnlyList<ThinnedPoint> Points)
{
    public static Thinned Of(Series series, int most)
    {
        int count = Math.Min(series.X.Count, series.Y.Count);
        int perPoint = Math.Max(1, (count + most - 1) / most);
        var points = new List<ThinnedPoint>();
        bool gap = false;
        for (int start = 0; start < count; start += perPoint)
        {
            double sumX = 0, sum = 0, low = double.PositiveInfinity, high = double.NegativeInfinity;
            int finite = 0;
            for (int i = start; i < Math.Min(start + perPoint, count); i++)
            {
                if (double.IsFinite(series.Y[i]) && double.IsFinite(series.X[i]))
                {
                    finite++;
                    sumX += series.X[i];
                    sum += series.Y[i];
                    low = Math.Min(low, series.Y[i]);
                    high = Math.Max(high, series.Y[i]);
                }
            }

            if (finite == 0)
            {
                gap = points.Count > 0;
                continue;
            }

            points.Add(new ThinnedPoint(sumX / finite, Math.Clamp(sum / finite, low, high), low, high, gap));
            gap = false;
        }

        return new Thinned(series, points);
    }

    /// <summary>The stretches between gaps.</summary>
    public IEnumerable<List<ThinnedPoint>> Runs()
    {
        var run = new List<ThinnedPoint>();
        foreach (var point in Points)
        {
            if (point.AfterGap && run.Count > 0)
            {
                yield return run;
                run = [];
            }

            run.Add(point);
        }

        if (run.Count > 0)
        {
            yield return run;
        }
    }
}
