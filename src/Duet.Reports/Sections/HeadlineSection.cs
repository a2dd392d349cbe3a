using System.Xml.Linq;
using Duet.Reports.Charts;
using Duet.Reports.Input;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Sections;

/// <summary>The numbers to take away, each with its interval and one sentence on what it means.</summary>
internal static class HeadlineSection
{
    public static IReadOnlyList<XElement> Draw(ReportContext context)
    {
        var cards = new List<XElement>();
        cards.AddRange(Sync(context.Files.Sync));
        cards.AddRange(Probe(context.Files.Probe));
        if (cards.Count == 0)
        {
            cards.AddRange(Training(context.Files.Metrics));
        }

        return cards.Count == 0 ? [] : [C("div", "cards", cards)];
    }

    private static IEnumerable<XElement> Sync(SyncResult? sync)
    {
        foreach (var (kind, score) in Terms.InOrder(sync?.Kinds))
        {
            if (score.Accuracy is not { } accuracy || !double.IsFinite(accuracy) || string.Equals(kind.Key, "super_hard", StringComparison.Ordinal))
            {
                continue;
            }

            yield return Card(
                $"Sync accuracy, {kind.Name}",
                Numbers.Percent(accuracy),
                score.AccuracyCi95 is { } interval ? $"95\u00A0%: {Numbers.PercentInterval(interval)}" : null,
                IntervalPlot.Draw(accuracy, score.AccuracyCi95, 0, 1, 0.5, kind.Css, $"{Numbers.Percent(accuracy)}; guessing gives 50 %; the strip runs from 0 to 100 %"),
                $"of {Numbers.Count(score.Pairs)} pairs, half of them in time, are judged right; the wrong sound is {kind.Meaning}. From {Numbers.Count(score.Videos)} videos that training never saw; guessing gives 50\u00A0%.");
        }
    }

    private static IEnumerable<XElement> Probe(ProbeResult? probe)
    {
        foreach (string modality in (string[])["audio", "video"])
        {
            var learned = ProbeSection.Row(probe, modality, "pretrained");
            var random = ProbeSection.Row(probe, modality, "random");
            if (learned?.Accuracy is not { } accuracy || !double.IsFinite(accuracy))
            {
                continue;
            }

            var difference = ProbeSection.Difference(probe, modality);
            bool compared = difference?.Points is { } p && double.IsFinite(p);
            yield return Card(
                modality is "audio" ? "Audio probe gain" : "Video probe gain",
                compared ? Numbers.Points(difference!.Points) : Numbers.Percent(accuracy),
                compared && difference!.Ci95 is { } interval ? $"95\u00A0%: {Numbers.PointsInterval(interval)}" : compared ? null : Numbers.PercentInterval(learned.AccuracyCi95),
                IntervalPlot.Draw(accuracy, learned.AccuracyCi95, 0, 1, random?.Accuracy, modality, $"learned {Numbers.Percent(accuracy)}, random {Numbers.Percent(random?.Accuracy)}; the strip runs from 0 to 100 %"),
                $"A linear classifier on the frozen {modality} features names {Numbers.Percent(accuracy)} of the held-out videos right"
                + (random?.Accuracy is { } r && double.IsFinite(r) ? $"; on the same network with random weights, {Numbers.Percent(r)}." : "."),
                compared ? "points" : null);
        }
    }

    /// <summary>A run that nobody judged yet: what training itself says.</summary>
    private static IEnumerable<XElement> Training(Metrics metrics)
    {
        if (metrics.Train.LastOrDefault(m => m.Loss is { } l && double.IsFinite(l)) is { } last)
        {
            yield return Card("Training loss", Numbers.Plain(last.Loss), null, null, $"The last that was written, at step {Numbers.Count(last.Step)}. It is measured on training data and says nothing about other videos.");
        }

        if (metrics.Validation.LastOrDefault(m => m.Accuracy is { } a && double.IsFinite(a)) is { } validation)
        {
            yield return Card("Validation accuracy", Numbers.Percent(validation.Accuracy), null, null, $"At step {Numbers.Count(validation.Step)}, on fixed pairs of videos that were held out for validation. It is no test number: evaluate the run for one.");
        }
    }

    private static XElement Card(string name, string number, string? interval, XElement? plot, string meaning, string? unit = null) =>
        C("article", "card", C("h3", "card-name", name), C("p", "card-number", number, unit is null ? null : C("span", "unit", " " + unit)), C("p", "card-interval", interval ?? "\u00A0"), plot, C("p", "card-meaning", meaning));
}
