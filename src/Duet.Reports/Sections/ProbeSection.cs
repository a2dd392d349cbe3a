using System.Xml.Linq;
using Duet.Reports.Charts;
using Duet.Reports.Input;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Sections;

/// <summary>What the encoders know without having been told: linear probes.</summary>
internal static class ProbeSection
{
    public static ProbeRow? Row(ProbeResult? probe, string modality, string weights) => probe?.Results?.FirstOrDefault(r =>
        string.Equals(r.Modality, modality, StringComparison.Ordinal) && string.Equals(r.Weights, weights, StringComparison.Ordinal));

    public static ProbeDifference? Difference(ProbeResult? probe, string modality) =>
        probe?.Differences is { } differences && differences.TryGetValue(modality, out var difference) ? difference : null;

    public static Section? Draw(ReportContext context)
    {
        if (context.Files.Probe is not { Results: { Count: > 0 } rows } probe)
        {
            return null;
        }

        var modalities = rows.Select(r => r.Modality).OfType<string>().Distinct(StringComparer.Ordinal)
            .OrderBy(m => m switch { "audio" => 0, "video" => 1, _ => 2 }).ToList();
        List<XElement> body = [E("p", Protocol(probe)), Table(rows, probe)];
        var charts = modalities.Select(m => PerClass(probe, m)).OfType<XElement>().ToList();
        if (charts.Count > 0)
        {
            body.Add(C("div", "charts", charts));
        }

        var matrices = rows.Where(r => r.Confusion is { Labels.Count: > 0, Counts: not null }).Select(Matrix).ToList();
        if (matrices.Count > 0)
        {
            body.Add(C("details", "fold", E("summary", "Confusion matrices: what was taken for what"), C("div", "charts", matrices)));
        }

        return new Section("probe", "What did the encoders learn?", body);
    }

    private static string Protocol(ProbeResult probe)
    {
        var parts = new List<string> { "The encoders are frozen. A linear classifier (one-vs-all SVM) learns to name each video's kind from their features; the labels were never seen before." };
        if (probe.VideosPerClass is > 0 and { } few)
        {
            parts.Add($"It was taught by {few} labelled {(few == 1 ? "video" : "videos")} of each kind.");
        }

        if (probe.ClipsPerVideo is { } clips)
        {
            parts.Add($"A video's answer is the mean over {clips} {(clips == 1 ? "clip" : "clips")}.");
        }

        if (probe.C.Text() is { } c)
        {
            parts.Add($"C\u00A0=\u00A0{c}.");
        }

        string seeds = probe.RandomBaseline?.Seeds is { Count: > 1 } s ? $" (the mean over {s.Count} seeds)" : "";
        string norm = string.Equals(probe.RandomBaseline?.BatchNorm, "calibrated", StringComparison.Ordinal) ? ", its batch normalisation calibrated on training clips," : "";
        parts.Add($"The same network with random weights{seeds}{norm} shows what comes from its shape alone.");
        return string.Join(' ', parts);
    }

    private static XElement Table(IReadOnlyList<ProbeRow> rows, ProbeResult probe) => Tables.Draw(
        ["encoder", "weights", "layer", "accuracy", "95\u00A0% interval", C("span", "strip-head", "0\u00A0–\u00A0100\u00A0%"), "learned − random", "95\u00A0% interval"],
        rows.Select(r =>
        {
            bool learned = string.Equals(r.Weights, "pretrained", StringComparison.Ordinal);
            var difference = learned && r.Modality is { } m ? Difference(probe, m) : null;
            double? guess = MostCommonShare(r);
            return (IReadOnlyList<object?>)
            [
                new object?[] { C("span", learned ? "swatch" : "swatch hollow", Plot.Colour(Terms.Colour(r.Modality))), Outside(r.Modality) },
                Outside(r.Weights),
                Code(r.Layer ?? LayerOf(probe, r.Modality) ?? Numbers.None),
                E("b", Numbers.Percent(r.Accuracy)),
                Numbers.PercentInterval(r.AccuracyCi95),
                r.Accuracy is { } a && double.IsFinite(a)
                    ? IntervalPlot.Draw(a, r.AccuracyCi95, 0, 1, guess, learned ? Terms.Colour(r.Modality) : "muted", $"{Numbers.Percent(a)}, 95 % interval {Numbers.PercentInterval(r.AccuracyCi95)}; always the most common label: {Numbers.Percent(guess)}")
                    : Numbers.None,
                difference is null ? "" : E("b", Numbers.Points(difference.Points)),
                difference is null ? "" : Numbers.PointsInterval(difference.Ci95),
            ];
        }));

    private static string? LayerOf(ProbeResult probe, string? modality) => modality is null ? null : probe.Layer.Find(modality).Text() ?? probe.Layer.Text();

    /// <summary>What always answering the most common label would give.</summary>
    private static double? MostCommonShare(ProbeRow row)
    {
        var supports = row.PerClass?.Values.Select(c => (double)(c?.Support ?? 0)).ToList();
        return supports is { Count: > 0 } && supports.Sum() > 0 ? supports.Max() / supports.Sum() : null;
    }

    private static XElement? PerClass(ProbeResult probe, string modality)
    {
        if (Row(probe, modality, "pretrained")?.PerClass is not { Count: > 0 } learned)
        {
            return null;
        }

        const int Most = 60;
        var random = Row(probe, modality, "random")?.PerClass;
        var bars = learned
            .OrderByDescending(c => c.Value?.Accuracy ?? -1).ThenBy(c => c.Key, StringComparer.Ordinal)
            .Select(c => new ClassBar(c.Key, c.Value?.Accuracy, random is not null && random.TryGetValue(c.Key, out var r) ? r?.Accuracy : null, c.Value?.Support))
            .ToList();
        string name = modality is "audio" ? "Sound, kind by kind" : modality is "video" ? "Picture, kind by kind" : $"{modality}, kind by kind";
        var shown = bars.Take(Most).ToList();
        return Plot.Figure(
            name,
            ClassBars.Draw($"Accuracy of the {modality} probe per class.", shown, Terms.Colour(modality)),
            [new LegendItem("learned", Terms.Colour(modality)), new LegendItem("random weights", "ink", Mark.Upright)],
            bars.Count > Most ? $"The {Most} best of {bars.Count} classes; the result file has all." : null);
    }

    private static XElement Matrix(ProbeRow row)
    {
        var labels = row.Confusion!.Labels!;
        string name = $"{row.Modality}, {row.Weights} weights";
        return Plot.Figure(name, HeatMap.Draw($"Confusion matrix: {name}.", labels, row.Confusion.Counts!, Terms.Colour(row.Modality)));
    }
}
