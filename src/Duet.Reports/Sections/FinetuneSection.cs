using System.Globalization;
using System.Xml.Linq;
using Duet.Reports.Charts;
using Duet.Reports.Input;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Sections;

/// <summary>What the encoders become when labels teach them too.</summary>
internal static class FinetuneSection
{
    public static Section? Draw(ReportContext context)
    {
        var results = context.Files.Finetunings.Where(f => f.Results is { Count: > 0 }).ToList();
        if (results.Count == 0)
        {
            return null;
        }

        List<XElement> body = [E("p", "A linear classifier over the encoders' last maps is trained with labels, and where all layers learn the encoders with it. Test videos were read only when training was over.")];
        foreach (var result in results)
        {
            body.AddRange(One(result));
        }

        return new Section("finetuning", "What did they become with labels?", body);
    }

    private static IEnumerable<XElement> One(FinetuneResult result)
    {
        var rows = result.Results!;
        yield return E("h3", Outside(result.Protocol ?? "Finetuning"));
        yield return E("p", Outside(InWords(result)));
        yield return Tables.Draw(
            ["modality", "weights", "mean of splits", "all test videos", "95\u00A0% interval", C("span", "strip-head", "0\u00A0–\u00A0100\u00A0%")],
            rows.Select(r => (IReadOnlyList<object?>)
            [
                new object?[] { C("span", "swatch", Plot.Colour(Terms.Colour(r.Modality))), Outside(r.Modality) },
                Outside(r.Weights),
                E("b", Numbers.Percent(r.MeanOfFolds)),
                Numbers.Percent(r.Accuracy),
                Numbers.PercentInterval(r.AccuracyCi95),
                r.Accuracy is { } a && double.IsFinite(a)
                    ? IntervalPlot.Draw(a, r.AccuracyCi95, 0, 1, ClassificationParts.MostCommonShare(r), Terms.Colour(r.Modality), $"{Numbers.Percent(a)}, 95 % interval {Numbers.PercentInterval(r.AccuracyCi95)}")
                    : Numbers.None,
            ]));
        if (result.Splits is { Count: > 0 } splits)
        {
            yield return Tables.Draw(
                ["split", "taught by", "tested on", "learning rate", "accuracy"],
                splits.Select(s => (IReadOnlyList<object?>)[Outside(s.Name), Numbers.Count(s.Train), Numbers.Count(s.Test), Numbers.Plain(s.LearningRate), Numbers.Percent(s.Accuracy)]));
        }

        var charts = rows.Select(r => ClassificationParts.PerClass($"{r.Modality}, kind by kind", $"finetuned {r.Modality} classifier", r, null)).OfType<XElement>().ToList();
        if (charts.Count > 0)
        {
            yield return C("div", "charts", charts);
        }

        foreach (var folded in ClassificationParts.Folded(rows))
        {
            yield return folded;
        }
    }

    private static string InWords(FinetuneResult result)
    {
        string start = result.Method is "scratch" ? "trained from scratch" : $"pretrained ({result.Method ?? "unknown"})";
        string layers = result.Layers switch { "all" => "all layers learn", "fc" => "the classifier alone learns", _ => "" };
        string labels = result.LabelShare is > 0 and < 1 and { } share ? string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.#}\u00A0% of the labels") : "";
        string test = result.TestClips is { } clips ? $"tested by up to {clips} clips of each video" : "";
        return string.Join("; ", new[] { string.Join(" + ", result.Networks ?? []), result.Clip ?? "", start, layers, labels, test }.Where(t => t.Length > 0)) + ".";
    }
}
