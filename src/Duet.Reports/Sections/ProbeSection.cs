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

        body.AddRange(ClassificationParts.Folded(rows));
        return new Section("probe", "What did the encoders learn?", body);
    }

    private static string Protocol(ProbeResult probe)
    {
        string what = probe.Results?.All(r => r.Weights is "log_mel") == true ? "No encoder: statistics of the spectrograms' bands are classified." : "The encoders are frozen.";
        var parts = new List<string> { $"{what} A linear classifier (one-vs-all SVM) learns to name each video's kind from their features; the labels were never seen before." };
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

        if (probe.Results?.Any(r => r.Weights is "random") == true)
        {
            string seeds = probe.RandomBaseline?.Seeds is { Count: > 1 } s ? $" (the mean over {s.Count} seeds)" : "";
            string norm = string.Equals(probe.RandomBaseline?.BatchNorm, "calibrated", StringComparison.Ordinal) ? ", its batch normalisation calibrated on training clips," : "";
            parts.Add($"The same network with random weights{seeds}{norm} shows what comes from its shape alone.");
        }

        return string.Join(' ', parts);
    }

    private static XElement Table(IReadOnlyList<ProbeRow> rows, ProbeResult probe) => Tables.Draw(
        ["encoder", "weights", "layer", "accuracy", "95\u00A0% interval", C("span", "strip-head", "0\u00A0–\u00A0100\u00A0%"), "learned − random", "95\u00A0% interval"],
        rows.Select(r =>
        {
            bool learned = string.Equals(r.Weights, "pretrained", StringComparison.Ordinal);
            var difference = learned && r.Modality is { } m ? Difference(probe, m) : null;
            double? guess = ClassificationParts.MostCommonShare(r);
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

    private static XElement? PerClass(ProbeResult probe, string modality) => ClassificationParts.PerClass(
        modality is "audio" ? "Sound, kind by kind" : modality is "video" ? "Picture, kind by kind" : $"{modality}, kind by kind",
        $"{modality} probe",
        probe.Results?.FirstOrDefault(r => r.Modality == modality && r.Weights is not "random") ?? Row(probe, modality, "random"),
        Row(probe, modality, "pretrained") is null ? null : Row(probe, modality, "random"));
}
