using System.Text;
using System.Xml.Linq;
using static Duet.Reports.Charts.Plot;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Charts;

/// <summary>What one strip shows.</summary>
internal sealed record StripData
{
    /// <summary>The seconds of the video that the strip covers.</summary>
    public required double From { get; init; }
    public required double To { get; init; }

    /// <summary>The clip whose distances are drawn: from, to, seconds.</summary>
    public required (double From, double To) Clip { get; init; }

    /// <summary>JPEG frames, evenly over the strip; empty where the store can't be read.</summary>
    public IReadOnlyList<byte[]> Frames { get; init; } = [];

    /// <summary>A frame's width over its height.</summary>
    public double Aspect { get; init; } = 4.0 / 3;

    /// <summary>A PNG of the spectrogram and the seconds it covers.</summary>
    public (byte[] Png, double From, double To)? Spectrogram { get; init; }

    /// <summary>Offsets in seconds, rising, and the distance at each.</summary>
    public IReadOnlyList<(double Offset, double Distance)> Distances { get; init; } = [];
    public double? Threshold { get; init; }
    public required string Description { get; init; }
}

/// <summary>Frames over the spectrogram over one time axis, and under them how far picture and sound are apart when the sound is moved.</summary>
internal static class SyncStrip
{
    private const double Left = 46, Right = 430, SpectrogramHeight = 62, CurveHeight = 112;

    /// <summary>The strip's height for frames of this aspect, and how many of them fill it.</summary>
    public static (int Count, double Height) FramesFor(double aspect)
    {
        double width = Right - Left;
        int count = Math.Clamp((int)Math.Round(width / (46 * Math.Clamp(aspect, 0.2, 5))), 3, 12);
        return (count, Math.Min(width / count / Math.Clamp(aspect, 0.2, 5), 130));
    }

    /// <summary>The drawing.</summary>
    public static XElement Draw(StripData data)
    {
        double y = 12;
        var parts = new List<object?>();
        var time = new Scale(data.From, data.To, Left, Right);
        bool hasTime = data.Frames.Count > 0 || data.Spectrogram is not null;
        double top = y;
        if (data.Frames.Count > 0)
        {
            double height = FramesFor(data.Aspect).Height;
            parts.Add(Frames(data, y, height));
            y += height + 2;
        }

        if (data.Spectrogram is { } s)
        {
            parts.Add(Rect(Left, y, Right - Left, SpectrogramHeight, A("class", "spectrogram-back")));
            parts.Add(E(
                "image",
                A("x", time[s.From]), A("y", y), A("width", Math.Max(time[s.To] - time[s.From], 1)), A("height", SpectrogramHeight),
                A("preserveAspectRatio", "none"),
                A("href", "data:image/png;base64," + Convert.ToBase64String(s.Png)),
                Title("log-mel spectrogram: low pitches at the bottom, loud is bright")));
            parts.Add(Text(Left - 6, y + 10, "end", "tick", "high"));
            parts.Add(Text(Left - 6, y + SpectrogramHeight - 2, "end", "tick", "low"));
            y += SpectrogramHeight;
        }

        if (hasTime)
        {
            parts.Add(Clip(data, time, top, y));
            parts.Add(XAxis(Ticks.Linear(data.From, data.To, 8), time, y + 2, "seconds into the video"));
            y += 54;
        }

        if (data.Distances.Count > 0)
        {
            parts.Add(Curve(data, y, y + CurveHeight));
            y += CurveHeight + 44;
        }

        return Svg(y, data.Description, parts);
    }

    private static IEnumerable<XElement> Frames(StripData data, double top, double height)
    {
        double width = (Right - Left) / data.Frames.Count;
        for (int i = 0; i < data.Frames.Count; i++)
        {
            double at = data.From + ((data.To - data.From) * (i + 0.5) / data.Frames.Count);
            yield return E(
                "image",
                A("x", Left + (i * width)), A("y", top), A("width", width - 1), A("height", height),
                A("preserveAspectRatio", "xMidYMid slice"),
                A("href", "data:image/jpeg;base64," + Convert.ToBase64String(data.Frames[i])),
                Title($"the picture at {Numbers.Plain(at)} s"));
        }
    }

    /// <summary>A frame around the clip, where the strip shows more than the clip.</summary>
    private static XElement? Clip(StripData data, Scale time, double top, double bottom)
    {
        double from = time[data.Clip.From], to = time[data.Clip.To];
        return to - from > Right - Left - 2
            ? null
            : E(
                "g",
                C("rect", "clip", A("x", from), A("y", top - 1), A("width", to - from), A("height", bottom - top + 2), Title("the clip that is compared")),
                Text((from + to) / 2, top - 4, "middle", "annotation strong", "clip"));
    }

    private static IEnumerable<object> Curve(StripData data, double top, double bottom)
    {
        var points = data.Distances;
        var (low, high) = Scale.RangeOf(points.Select(p => p.Distance).Concat(Threshold(data)), fromZero: true, air: 0.14);
        var (left, right) = (points.Min(p => p.Offset), points.Max(p => p.Offset));
        if (!(right > left))
        {
            (left, right) = (left - 0.5, right + 0.5);
        }

        // Where the strip shows all the sound that the curve is about, each distance stands under the middle of its stretch of sound.
        double middle = (data.Clip.From + data.Clip.To) / 2, half = (data.Clip.To - data.Clip.From) / 2;
        const double Rounding = 1e-3;
        bool aligned = data.From <= middle - half + left + Rounding && data.To >= middle + half + right - Rounding;
        var x = aligned ? new Scale(data.From - middle, data.To - middle, Left, Right) : new Scale(left, right, Left + 6, Right - 6);
        var y = new Scale(low, high, bottom, top);
        foreach (var item in YAxis(Ticks.Linear(low, high, 5), y, Left, Right))
        {
            yield return item;
        }

        foreach (double threshold in Threshold(data))
        {
            yield return Line(Left, y[threshold], Right, y[threshold], "reference");
            yield return Text(Right - 3, y[threshold] - 3.5, "end", "annotation", "threshold");
        }

        if (left <= 0 && right >= 0)
        {
            yield return Line(x[0], top, x[0], bottom, "zero");
            yield return Text(x[0], top - 5, "middle", "annotation", "as recorded");
        }

        foreach (var item in XAxis(Ticks.Linear(x.Low, x.High, 9), x, bottom, "offset, seconds (+ the sound is later than the picture, − earlier)", (v, label) => v > 0 ? "+" + label : label))
        {
            yield return item;
        }

        var line = new StringBuilder("M").AppendJoin('L', points.Select(p => $"{Numbers.Coordinate(x[p.Offset])} {Numbers.Coordinate(y[p.Distance])}"));
        var best = points.MinBy(p => p.Distance);
        yield return E(
            "g",
            Colour("positive"),
            C("path", "line", A("d", line.ToString())),
            points.Select(p => C("circle", "dot", A("cx", x[p.Offset]), A("cy", y[p.Distance]), A("r", points.Count > 30 ? 1.6 : 2.2), Title($"{Numbers.SignedSeconds(p.Offset)}: distance {Numbers.Plain(p.Distance)}"))),
            C("circle", "minimum", A("cx", x[best.Offset]), A("cy", y[best.Distance]), A("r", 5), Title($"closest at {Numbers.SignedSeconds(best.Offset)}: distance {Numbers.Plain(best.Distance)}")),
            MinimumName(x[best.Offset], y[best.Distance], best.Offset, bottom));
    }

    private static XElement MinimumName(double x, double y, double offset, double bottom)
    {
        bool toTheLeft = x > (Left + Right) / 2;
        return Text(x + (toTheLeft ? -9 : 9), Math.Min(y + 12, bottom - 4), toTheLeft ? "end" : "start", "annotation strong", $"closest at {Numbers.SignedSeconds(offset)}");
    }

    private static IEnumerable<double> Threshold(StripData data) => data.Threshold is { } t && double.IsFinite(t) ? [t] : [];
}
