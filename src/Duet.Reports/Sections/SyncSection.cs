using System.Xml.Linq;
using Duet.Reports.Charts;
using Duet.Reports.Input;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Sections;

/// <summary>In sync or out of sync: the table and the distances behind it.</summary>
internal static class SyncSection
{
    public static Section? Draw(ReportContext context)
    {
        if (context.Files.Sync is not { } sync)
        {
            return null;
        }

        var body = new List<XElement>();
        var kinds = Terms.InOrder(sync.Kinds).ToList();
        if (kinds.Count > 0)
        {
            body.Add(E("p", "A clip's picture and a stretch of sound are in sync when their embeddings lie closer together than the threshold. ", Threshold(sync)));
            body.Add(Table(kinds));
        }

        if (Histograms(sync) is { } figure)
        {
            body.Add(C("div", "charts", figure, Roc(sync)));
        }

        if (Offsets(sync.Offsets) is { } offsets)
        {
            body.AddRange(offsets);
        }

        return body.Count == 0 ? null : new Section("sync", "Is the sound in time?", body);
    }

    private static string Threshold(SyncResult sync) => sync.Threshold is { } t && double.IsFinite(t)
        ? $"The threshold, a distance of {Numbers.Plain(t)}, was chosen on {Of(sync.Validation)}{Kinds(sync)}; the numbers below are from {Of(sync.Test, "other ")}."
        : $"The result doesn't say at which threshold. The numbers below are from {Of(sync.Test)}.";

    private static string Kinds(SyncResult sync) => sync.ThresholdKinds is { Count: > 0 } kinds
        ? $" with {string.Join(" and ", kinds.Select(k => Terms.Kinds.FirstOrDefault(t => string.Equals(t.Key, k, StringComparison.Ordinal))?.Name ?? k))} negatives"
        : "";

    private static string Of(SyncPart? part, string which = "") =>
        part is null ? $"{which}videos that the result doesn't count" : $"{Numbers.Count(part.Videos)} {which}videos ({Numbers.Count(part.Pairs)} pairs)";

    private static XElement Table(List<(Terms.Kind Kind, SyncKind Score)> kinds) => Tables.Draw(
        ["negatives", "accuracy", "95\u00A0% interval", C("span", "strip-head", "50\u00A0–\u00A0100\u00A0%"), "AUC", "95\u00A0% interval", "pairs", "videos"],
        kinds.Select(k => (IReadOnlyList<object?>)
        [
            new object?[] { C("span", "swatch", Plot.Colour(k.Kind.Css)), E("span", k.Kind.Name), C("small", "meaning", k.Kind.Meaning) },
            E("b", Numbers.Percent(k.Score.Accuracy)),
            Numbers.PercentInterval(k.Score.AccuracyCi95),
            k.Score.Accuracy is { } a && double.IsFinite(a)
                ? IntervalPlot.Draw(a, k.Score.AccuracyCi95, Math.Min(0.5, a), 1, 0.5, k.Kind.Css, $"{k.Kind.Name}: {Numbers.Percent(a)}, 95 % interval {Numbers.PercentInterval(k.Score.AccuracyCi95)}")
                : Numbers.None,
            Numbers.Score(k.Score.Auc),
            Numbers.ScoreInterval(k.Score.AucCi95),
            Numbers.Count(k.Score.Pairs),
            Numbers.Count(k.Score.Videos),
        ]));

    /// <summary>What an offset estimator made of the distances would be worth.</summary>
    private static IReadOnlyList<XElement>? Offsets(SyncOffsets? offsets) => offsets?.Within is not { Count: > 0 } within
        ? null
        :
        [
            E("h3", "How well does the least distance find the true offset?"),
            E("p", $"For one clip from each of {Numbers.Count(offsets.Clips)} videos the sound is moved in steps of {Numbers.Plain(offsets.StepSeconds)}\u00A0s; the offset with the least distance is the estimate, zero the truth."
                + (offsets.MedianAbsoluteSeconds is { } median && double.IsFinite(median) ? $" Half of the estimates lie within {Numbers.Plain(median)}\u00A0s of it." : "")),
            Tables.Draw(
                ["estimate within", "share of clips", "95\u00A0% interval", C("span", "strip-head", "0\u00A0–\u00A0100\u00A0%"), "a random offset"],
                within.Select(w => (IReadOnlyList<object?>)
                [
                    w.Seconds == 0 ? "exactly zero" : $"±\u202F{Numbers.Plain(w.Seconds)}\u00A0s",
                    E("b", Numbers.Percent(w.Share)),
                    Numbers.PercentInterval(w.ShareCi95),
                    w.Share is { } share && double.IsFinite(share)
                        ? IntervalPlot.Draw(share, w.ShareCi95, 0, 1, w.Chance, "positive", $"{Numbers.Percent(share)}, 95 % interval {Numbers.PercentInterval(w.ShareCi95)}; a random offset: {Numbers.Percent(w.Chance)}")
                        : Numbers.None,
                    Numbers.Percent(w.Chance),
                ])),
        ];

    private static XElement? Histograms(SyncResult sync)
    {
        if (sync.Histograms is not { Edges: { Count: > 1 } edges } h)
        {
            return null;
        }

        var rows = new List<RidgeRow>();
        foreach (var (name, css, counts) in ((string, string, IReadOnlyList<double>?)[])
                 [("in sync", "positive", h.Positive), ("easy", "easy", h.Easy), ("hard", "hard", h.Hard), ("super-hard", "super-hard", h.SuperHard)])
        {
            if (counts is { Count: > 0 } && counts.Sum() > 0)
            {
                rows.Add(new RidgeRow(name, css, counts));
            }
        }

        return rows.Count == 0
            ? null
            : Plot.Figure(
                "How far apart picture and sound lie",
                RidgeHistogram.Draw("Histograms of distances, in sync and with each kind of negative.", edges, rows, sync.Threshold, "distance between the embeddings"),
                null,
                "Each row is scaled to its own tallest bin; the number under its name counts its pairs.");
    }

    private static XElement? Roc(SyncResult sync)
    {
        if (sync.Histograms is not { Edges: { Count: > 1 } edges, Positive: { Count: > 0 } positive } h || positive.Sum() <= 0)
        {
            return null;
        }

        var curves = new List<RocCurve>();
        foreach (var (kind, counts) in Terms.Kinds.Zip([h.Easy, h.Hard, h.SuperHard]))
        {
            if (counts is { Count: > 0 } && counts.Sum() > 0)
            {
                curves.Add(RocCurve.Of(kind.Name, kind.Css, edges, positive, counts, sync.Threshold));
            }
        }

        return curves.Count == 0
            ? null
            : Plot.Figure(
                "Every threshold at once",
                RocChart.Draw("Hits against false alarms for every threshold, per kind of negative.", curves),
                [.. curves.Select(c => new LegendItem(c.Name, c.Css))],
                "Up and left is better; the dashed line is guessing, rings mark the threshold in use. Drawn from the bins on the left; the table's AUC is from the distances themselves.");
    }
}
