using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using Duet.Reports.Charts;
using Duet.Reports.Input;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Sections;

/// <summary>How training went, step by step.</summary>
internal static class TrainingSection
{
    public static Section? Draw(ReportContext context)
    {
        var metrics = context.Files.Metrics;
        if (metrics.IsEmpty)
        {
            return null;
        }

        var stages = Stages(metrics, context.Files.Recipe);
        var charts = Charts(metrics).Select(c => (c with { Stretches = stages }).Draw()).OfType<XElement>().ToList();
        List<XElement> body = [E("p", Summary(metrics, stages, context.Files.Recipe))];
        if (charts.Count > 0)
        {
            body.Add(C("div", "charts", charts));
        }

        if (metrics.Events.Count > 0)
        {
            body.Add(Events(metrics.Events));
        }

        return new Section("training", "How did training go?", body);
    }

    /// <summary>The curriculum's stages as stretches of steps. A stage starts where the one before ended, so that they touch.</summary>
    internal static IReadOnlyList<Stretch> Stages(Metrics metrics, RecipeSummary recipe)
    {
        var stretches = new List<Stretch>();
        string? current = null;
        double first = 0;
        foreach (var line in metrics.Train)
        {
            string? stage = line.Stage.Text();
            if (stage is null)
            {
                continue;
            }

            double step = line.Step!.Value;
            if (!string.Equals(stage, current, StringComparison.Ordinal))
            {
                if (current is null)
                {
                    first = Number(line.Stage!.Value) ?? 0;
                }

                double from = stretches.Count > 0 ? stretches[^1].To : metrics.Train[0].Step!.Value;
                stretches.Add(new Stretch(from, step, Name(line.Stage!.Value, stage, first, stretches.Count, recipe)));
                current = stage;
            }

            stretches[^1] = stretches[^1] with { To = step };
        }

        return stretches;
    }

    private static string Name(JsonElement stage, string text, double first, int index, RecipeSummary recipe)
    {
        if (Number(stage) is not { } number)
        {
            return text;
        }

        int place = (int)Math.Clamp(number - first, 0, 1_000_000);
        return place < recipe.Stages.Count ? recipe.Stages[place].Label : $"stage {(index + 1).ToString(CultureInfo.InvariantCulture)}";
    }

    private static double? Number(JsonElement element) => element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double value) ? value : null;

    private static string Summary(Metrics metrics, IReadOnlyList<Stretch> stages, RecipeSummary recipe)
    {
        var parts = new List<string>();
        if (metrics.Train.Count > 0)
        {
            var last = metrics.Train[^1];
            string time = last.Seconds is { } s && double.IsFinite(s) ? $" in {Numbers.Duration(s)}" : "";
            parts.Add($"{Numbers.Count(last.Step)} steps{time}.");
            var speeds = metrics.Train.Select(m => m.ClipsPerSecond).OfType<double>().Where(double.IsFinite).ToList();
            if (speeds.Count > 0)
            {
                parts.Add($"On average {Numbers.Plain(Math.Round(speeds.Average(), 1))} clips/s.");
            }

            var waits = metrics.Train.Select(m => m.DataWaitShare).OfType<double>().Where(double.IsFinite).ToList();
            if (waits.Count > 0)
            {
                parts.Add($"{Numbers.Percent(waits.Average())} of the time went into waiting for data.");
            }
        }

        if (stages.Count > 0)
        {
            parts.Add((recipe.Method is null or "avts", stages.Count) switch
            {
                (true, 1) => "One stage of negatives.",
                (true, var count) => $"{count} stages of negatives, shaded.",
                (false, 1) => "One deep clustering iteration.",
                (false, var count) => $"{count} deep clustering iterations, shaded: at the start of each the clips get new labels and the classifiers new weights.",
            });
        }

        parts.Add("Where many steps share a pixel, the line is their mean and the band runs from the least to the greatest.");
        return string.Join(' ', parts);
    }

    private static IEnumerable<LineChart> Charts(Metrics metrics)
    {
        var (train, validation) = (metrics.Train, metrics.Validation);
        yield return new LineChart
        {
            Title = "Loss",
            XName = "step",
            FromZero = true,
            Series = [Of("training", "train", train, m => m.Loss), Of("validation", "held-out", validation, m => m.Loss) with { Dots = true }],
        };
        yield return new LineChart
        {
            Title = "Mean distance of picture and sound",
            XName = "step",
            FromZero = true,
            Series =
            [
                Of("positive pairs", "positive", train, m => m.PositiveDistance),
                Of("negative pairs", "hard", train, m => m.NegativeDistance),
                Of("positive, validation", "positive", validation, m => m.PositiveDistance) with { Dashed = true },
                Of("negative, validation", "hard", validation, m => m.NegativeDistance) with { Dashed = true },
            ],
            Note = "Learning pulls them apart. Where both lines meet, the network can't tell them.",
        };
        yield return new LineChart
        {
            Title = "Validation accuracy",
            XName = "step",
            Percent = true,
            Range = (Math.Min(0.4, validation.SelectMany(v => new[] { v.Accuracy, v.AccuracyEasy, v.AccuracyHard }).OfType<double>().Where(double.IsFinite).DefaultIfEmpty(1).Min()), 1),
            Reference = new Reference(0.5, "guessing"),
            Series =
            [
                Of("easy and hard", "held-out", validation, m => m.Accuracy) with { Dots = true },
                Of("easy", "easy", validation, m => m.AccuracyEasy) with { Dashed = true },
                Of("hard", "hard", validation, m => m.AccuracyHard) with { Dashed = true },
            ],
            Note = "On fixed pairs of held-out videos, the same at every epoch and in every stage, so that the values compare.",
        };
        foreach (var chart in ClusteringCharts(metrics))
        {
            yield return chart;
        }

        yield return new LineChart { Title = "Learning rate", XName = "step", FromZero = true, Series = [Of("learning rate", "train", train, m => m.LearningRate)] };
        yield return new LineChart
        {
            Title = "Share of time waiting for data",
            XName = "step",
            Percent = true,
            FromZero = true,
            Range = (0, Math.Max(0.1, train.Select(m => m.DataWaitShare ?? 0).Where(double.IsFinite).DefaultIfEmpty(0).Max() * 1.06)),
            Series = [Of("waiting", "easy", train, m => m.DataWaitShare)],
            Note = "Near zero: the network is the slow part. High: give the loader more workers.",
        };
        yield return new LineChart
        {
            Title = "Spread of the embeddings",
            XName = "step",
            FromZero = true,
            Series = [Of("video", "video", train, m => m.EmbeddingStdVideo), Of("audio", "audio", train, m => m.EmbeddingStdAudio)],
            Note = "Standard deviation over a batch. A fall to zero is a collapse: all clips look alike to the network.",
        };
    }

    /// <summary>What the methods that cluster measure: none of it is there for others.</summary>
    private static IEnumerable<LineChart> ClusteringCharts(Metrics metrics)
    {
        var (train, validation) = (metrics.Train, metrics.Validation);
        yield return new LineChart
        {
            Title = "Pseudo-labels predicted right",
            XName = "step",
            Percent = true,
            FromZero = true,
            Series =
            [
                .. Names(train, "accuracy_").Select(n => Of($"{Words(n, "accuracy_")}, training", Modality(n), train, m => m.Other(n))),
                .. Names(validation, "accuracy_").Select(n => Of($"{Words(n, "accuracy_")}, validation", Modality(n), validation, m => m.Other(n)) with { Dashed = true, Dots = true }),
            ],
            Note = "Each encoder's classifier against the clusters that teach it. It begins anew with every iteration; guessing gives one in as many as there are clusters.",
        };
        foreach (var (suffix, title, note) in new[]
        {
            ("_nmi_previous", "Agreement of the clusters with the iteration before", "Normalised mutual information: 1 where nothing moved. It rises as the labels settle."),
            ("_nmi_labels", "Agreement of the clusters with the true labels", "Normalised mutual information. The labels took no part in training."),
        })
        {
            yield return new LineChart
            {
                Title = title,
                XName = "step",
                FromZero = true,
                Series = [.. Names(metrics.Plans, "", suffix).Select(n => Of($"{n[..^suffix.Length].Replace('_', ' ')} features", Modality(n), metrics.Plans, m => m.Other(n)) with { Dots = true })],
                Note = note,
            };
        }
    }

    private static IEnumerable<string> Names(IReadOnlyList<MetricLine> lines, string prefix, string suffix = "") => lines
        .SelectMany(l => l.Others?.Keys ?? Enumerable.Empty<string>())
        .Where(n => n.StartsWith(prefix, StringComparison.Ordinal) && n.EndsWith(suffix, StringComparison.Ordinal) && n.Length <= 100)
        .Distinct(StringComparer.Ordinal)
        .Order(StringComparer.Ordinal)
        .Take(8);

    private static string Words(string name, string prefix) => name[prefix.Length..].Replace('_', ' ');

    private static string Modality(string name) => name.Contains("audio", StringComparison.Ordinal) && !name.StartsWith("accuracy_video", StringComparison.Ordinal) ? "audio" : "video";

    private static Series Of(string name, string css, IReadOnlyList<MetricLine> lines, Func<MetricLine, double?> value) =>
        new(name, css, [.. lines.Select(l => (double)l.Step!.Value)], [.. lines.Select(l => value(l) ?? double.NaN)]);

    private static XElement Events(IReadOnlyList<MetricLine> events)
    {
        const int Most = 200;
        return C(
            "details",
            "fold",
            E("summary", $"What the run said ({events.Count})"),
            Tables.Draw(["step", "message"], events.Take(Most).Select(e => (IReadOnlyList<object?>)[Numbers.Count(e.Step), Outside(e.Message)]), "words"),
            events.Count > Most ? E("p", $"The first {Most} of {events.Count}; metrics.jsonl has all.") : null);
    }
}
