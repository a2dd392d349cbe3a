using System.Globalization;
using Duet.Data.Clips;
using Duet.Learning.Evaluation;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>Describes clusterings: sizes, entropy, agreement with the iteration before and with the store's labels.</summary>
internal static class ClusteringQuality
{
    /// <summary>A largest cluster with more than this share of the clips dominates.</summary>
    private const double Dominating = 0.5;

    /// <summary>Below this share of the possible entropy, labels tell little.</summary>
    private const double LowEntropy = 0.5;

    /// <summary>Describes one clustering.</summary>
    /// <param name="summary">What is known already; its counts are filled in.</param>
    /// <param name="assignment">The labels.</param>
    /// <param name="before">Those of the iteration before; null in the first.</param>
    /// <param name="training">The training parts, for the store's labels.</param>
    public static ClusteringSummary Describe(ClusteringSummary summary, ClusterAssignment assignment, ClusterAssignment? before, ClipParts training)
    {
        int[] kept = [.. Enumerable.Range(0, training.Count).Where(i => assignment.Training[i] != ClusterAssignment.None)];
        int[] clusters = [.. kept.Select(i => assignment.Training[i])];
        var sizes = new int[summary.K];
        foreach (var cluster in clusters)
        {
            sizes[cluster]++;
        }

        var (labelled, labels) = Labels(training, kept);
        int[] labelledClusters = [.. labelled.Select(i => clusters[i])];
        int[] both = before is null ? [] : [.. kept.Where(i => before.Training[i] != ClusterAssignment.None)];
        summary = summary with
        {
            Clips = clusters.Length,
            ValidationClips = assignment.Validation.Count(c => c != ClusterAssignment.None),
            Imbalance = ClusterQuality.Imbalance(sizes),
            Sizes = sizes,
            EntropyBits = ClusterQuality.EntropyBits(sizes),
            NormalisedEntropy = ClusterQuality.EntropyBits(sizes) / Math.Log2(summary.K),
            Empty = sizes.Count(s => s == 0),
            LargestShare = clusters.Length == 0 ? 0 : (double)sizes.Max() / clusters.Length,
            NmiPrevious = both.Length == 0 ? null : ClusterQuality.NormalisedMutualInformation([.. both.Select(i => assignment.Training[i])], [.. both.Select(i => before!.Training[i])]),
            LabelledClips = labelled.Length,
            Classes = labels.Distinct().Count(),
            NmiLabels = labelled.Length == 0 ? null : ClusterQuality.NormalisedMutualInformation(labelledClusters, labels),
            Purity = labelled.Length == 0 ? null : ClusterQuality.Purity(labelledClusters, labels),
        };
        return summary with { Notes = [.. Faults(summary)] };
    }

    /// <summary>A clustering in a line.</summary>
    public static string InWords(ClusteringSummary s)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{s.Features} features: {s.Clips} clips in {s.K} clusters of {s.Sizes.Min()} to {s.Sizes.Max()}, entropy {100 * s.NormalisedEntropy:0} %");
        if (s.NmiPrevious is { } previous)
        {
            text += string.Create(CultureInfo.InvariantCulture, $", NMI with the iteration before {previous:0.000}");
        }

        return s.NmiLabels is { } nmi ? text + string.Create(CultureInfo.InvariantCulture, $", with the store's labels {nmi:0.000}, purity {s.Purity:0.000}") : text;
    }

    /// <summary>The numbers for the metrics.</summary>
    public static IEnumerable<KeyValuePair<string, double>> Numbers(ClusteringSummary s)
    {
        (string Name, double? Value)[] all =
        [
            ("objective", s.Objective), ("splits", s.Splits), ("imbalance", s.Imbalance), ("entropy_bits", s.EntropyBits), ("empty", s.Empty), ("largest_share", s.LargestShare),
            ("nmi_previous", s.NmiPrevious), ("nmi_labels", s.NmiLabels), ("purity", s.Purity),
        ];
        return all.Where(n => n.Value is not null).Select(n => KeyValuePair.Create($"{s.Features}_{n.Name}", n.Value!.Value));
    }

    private static (int[] At, int[] Labels) Labels(ClipParts training, int[] kept)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        List<int> at = [];
        List<int> labels = [];
        for (var i = 0; i < kept.Length; i++)
        {
            if (training.VideoOf(kept[i]).Label is { Length: > 0 } label)
            {
                at.Add(i);
                labels.Add(numbers.TryGetValue(label, out var number) ? number : numbers[label] = numbers.Count);
            }
        }

        return ([.. at], [.. labels]);
    }

    private static IEnumerable<string> Faults(ClusteringSummary s)
    {
        if (s.Empty > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{s.Empty} of {s.K} clusters of {s.Features} features are empty");
        }

        if (s.LargestShare > Math.Max(Dominating, 2.0 / s.K))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"degenerate: one cluster of {s.Features} features holds {100 * s.LargestShare:0} % of the clips");
        }
        else if (s.NormalisedEntropy < LowEntropy)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"degenerate: the sizes of the {s.K} clusters of {s.Features} features have an entropy of {s.EntropyBits:0.00} bits, as {Math.Pow(2, s.EntropyBits):0.0} equal clusters would");
        }
    }
}
