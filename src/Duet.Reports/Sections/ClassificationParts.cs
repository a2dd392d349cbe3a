using System.Xml.Linq;
using Duet.Reports.Charts;
using Duet.Reports.Input;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Sections;

/// <summary>What probes and finetuned classifiers show alike: classes, confusions and single answers.</summary>
internal static class ClassificationParts
{
    private const int MostClasses = 60;
    private const int MostAnswers = 200;

    /// <summary>What always answering the most common label would give.</summary>
    public static double? MostCommonShare(ProbeRow row)
    {
        var supports = row.PerClass?.Values.Select(c => (double)(c?.Support ?? 0)).ToList();
        return supports is { Count: > 0 } && supports.Sum() > 0 ? supports.Max() / supports.Sum() : null;
    }

    /// <summary>Accuracy by class, best first.</summary>
    /// <param name="name">The figure's name.</param>
    /// <param name="what">What is accurate, for those who don't see it.</param>
    /// <param name="row">The row to draw.</param>
    /// <param name="beside">A row whose values stand beside as marks.</param>
    public static XElement? PerClass(string name, string what, ProbeRow? row, ProbeRow? beside)
    {
        if (row?.PerClass is not { Count: > 0 } classes)
        {
            return null;
        }

        var others = beside?.PerClass;
        var bars = classes
            .OrderByDescending(c => c.Value?.Accuracy ?? -1).ThenBy(c => c.Key, StringComparer.Ordinal)
            .Select(c => new ClassBar(c.Key, c.Value?.Accuracy, others is not null && others.TryGetValue(c.Key, out var r) ? r?.Accuracy : null, c.Value?.Support))
            .ToList();
        List<LegendItem> legend = [new LegendItem(beside is null ? row.Weights ?? "" : "learned", Terms.Colour(row.Modality))];
        if (beside is not null)
        {
            legend.Add(new LegendItem("random weights", "ink", Mark.Upright));
        }

        return Plot.Figure(
            name,
            ClassBars.Draw($"Accuracy of the {what} per class.", [.. bars.Take(MostClasses)], Terms.Colour(row.Modality)),
            legend,
            bars.Count > MostClasses ? $"The {MostClasses} best of {bars.Count} classes; the result file has all." : null);
    }

    /// <summary>Confusion matrices and answers, folded away.</summary>
    public static IEnumerable<XElement> Folded(IReadOnlyList<ProbeRow> rows)
    {
        var matrices = rows.Where(r => r.Confusion is { Labels.Count: > 0, Counts: not null }).Select(Matrix).ToList();
        if (matrices.Count > 0)
        {
            yield return C("details", "fold", E("summary", "Confusion matrices: what was taken for what"), C("div", "charts", matrices));
        }

        foreach (var row in rows.Where(r => r.Predictions is { Count: > 0 } && r.Weights is not "random"))
        {
            yield return Answers(row);
        }
    }

    private static XElement Matrix(ProbeRow row)
    {
        var labels = row.Confusion!.Labels!;
        string name = $"{row.Modality}, {row.Weights} weights";
        return Plot.Figure(name, HeatMap.Draw($"Confusion matrix: {name}.", labels, row.Confusion.Counts!, Terms.Colour(row.Modality)));
    }

    /// <summary>Which videos were named what; the wrong ones, which one looks for, first.</summary>
    private static XElement Answers(ProbeRow row)
    {
        var answers = row.Predictions!.OrderBy(p => p.IsRight).ThenBy(p => p.Label, StringComparer.Ordinal).ThenBy(p => p.VideoId, StringComparer.Ordinal).ToList();
        int wrong = answers.Count(p => !p.IsRight);
        var table = Tables.Draw(
            ["video", "its label", "named", "split"],
            answers.Take(MostAnswers).Select(p => (IReadOnlyList<object?>)[Code(p.VideoId ?? ""), Outside(p.Label), p.IsRight ? Outside(p.Predicted) : E("b", Outside(p.Predicted)), Outside(p.Split)]));
        var note = answers.Count > MostAnswers ? E("p", $"The first {MostAnswers} of {Numbers.Count(answers.Count)}; the result file has all.") : null;
        return C("details", "fold", E("summary", $"Each answer, {row.Modality}, {row.Weights}: {Numbers.Count(wrong)} of {Numbers.Count(answers.Count)} wrong"), table, note);
    }
}
