using Duet.Data;
using Duet.Data.Store;

namespace Duet.Learning.Evaluation;

/// <summary>The answers of classifiers over folds and seeds, and the numbers that follow from them.</summary>
internal sealed class ClassificationScores
{
    private readonly IReadOnlyList<StoredVideo> videos;
    private readonly IReadOnlyList<string> labels;
    private readonly int[] labelOf;
    private readonly IReadOnlyList<string> folds;
    private readonly IReadOnlyList<long>? seeds;
    private readonly List<(int Seed, int Fold, int Video, int Predicted)> answers = [];

    /// <summary>Starts empty.</summary>
    /// <param name="videos">Videos, each of which has one of the labels.</param>
    /// <param name="labels">The classes, in the order of the numbers that answers have.</param>
    /// <param name="folds">The folds' names.</param>
    /// <param name="seeds">The networks' seeds, where the numbers are means over several; null for one network.</param>
    public ClassificationScores(IReadOnlyList<StoredVideo> videos, IReadOnlyList<string> labels, IReadOnlyList<string> folds, IReadOnlyList<long>? seeds = null)
    {
        this.videos = videos;
        this.labels = labels;
        this.folds = folds;
        this.seeds = seeds;
        var number = labels.Select((label, i) => (label, i)).ToDictionary(p => p.label, p => p.i, StringComparer.Ordinal);
        labelOf = [.. videos.Select(v => number[v.Label!])];
    }

    /// <summary>Takes in one network's answers on one fold.</summary>
    /// <param name="seed">Which network, counted from 0.</param>
    /// <param name="fold">Which fold, counted from 0.</param>
    /// <param name="tested">The tested videos, by their place in the list.</param>
    /// <param name="predicted">The class that each was named.</param>
    /// <exception cref="UsageException">There is no tested video.</exception>
    public void Add(int seed, int fold, IReadOnlyList<int> tested, IReadOnlyList<int> predicted)
    {
        if (tested.Count == 0)
        {
            throw new UsageException($"No test video of '{folds[fold]}' is as long as a clip and can be read; take shorter clips or another split.");
        }

        answers.AddRange(tested.Select((v, i) => (seed, fold, v, predicted[i])));
    }

    /// <summary>The row of the result.</summary>
    /// <param name="modality"><c>audio</c>, <c>video</c> or <c>both</c>.</param>
    /// <param name="weights">Where the weights came from.</param>
    /// <param name="resamples">Resamples of the bootstrap.</param>
    public ClassificationRow Row(string modality, string weights, int resamples)
    {
        var (tested, right) = ByVideo();
        // The seed and purpose are the same for all rows: all see the same resamples.
        var interval = Bootstrap.OfMean(right, [.. right.Select(_ => 1.0)], 0, "probe", resamples);
        var counts = labels.Select(_ => new int[labels.Count]).ToArray();
        foreach (var answer in answers)
        {
            counts[labelOf[answer.Video]][answer.Predicted]++;
        }

        double[] perFold = [.. Enumerable.Range(0, folds.Count).Select(f => Share(answers.Where(a => a.Fold == f)))];
        return new ClassificationRow
        {
            Modality = modality,
            Weights = weights,
            Accuracy = right.Average(),
            AccuracyCi95 = [interval.Low, interval.High],
            MeanOfFolds = perFold.Average(),
            PerFold = perFold,
            PerSeed = [.. Enumerable.Range(0, seeds?.Count ?? 1).Select(s => Share(answers.Where(a => a.Seed == s)))],
            PerClass = labels.Select((label, k) => (label, Own: tested.Select((v, i) => (v, i)).Where(p => labelOf[p.v] == k).Select(p => right[p.i]).ToArray()))
                .Where(p => p.Own.Length > 0)
                .ToDictionary(p => p.label, p => new ClassificationClass(p.Own.Average(), p.Own.Length), StringComparer.Ordinal),
            Confusion = new ClassificationConfusion(labels, counts),
            Predictions = [.. answers.Select(a => new ClassificationPrediction(videos[a.Video].Id, videos[a.Video].Label!, labels[a.Predicted], folds[a.Fold], seeds?[a.Seed]))],
        };
    }

    /// <summary>This less another on the same videos, in points, with a paired interval.</summary>
    /// <param name="other">The other, of the same folds.</param>
    /// <param name="resamples">Resamples of the bootstrap.</param>
    public ClassificationDifference Less(ClassificationScores other, int resamples)
    {
        var (tested, mine) = ByVideo();
        var (others, theirs) = other.ByVideo();
        if (!tested.SequenceEqual(others))
        {
            throw new InvalidOperationException("A paired difference needs the same videos on both sides.");
        }

        var deltas = mine.Zip(theirs, (a, b) => a - b).ToArray();
        var interval = Bootstrap.OfMean(deltas, [.. deltas.Select(_ => 1.0)], 0, "probe", resamples);
        return new ClassificationDifference(100 * deltas.Average(), [100 * interval.Low, 100 * interval.High]);
    }

    /// <summary>For each test video the share of its answers that are right.</summary>
    private (int[] Videos, double[] Right) ByVideo()
    {
        var groups = answers.GroupBy(a => a.Video).OrderBy(g => g.Key).ToArray();
        return ([.. groups.Select(g => g.Key)], [.. groups.Select(Share)]);
    }

    private double Share(IEnumerable<(int Seed, int Fold, int Video, int Predicted)> some) => some.Average(a => a.Predicted == labelOf[a.Video] ? 1.0 : 0.0);
}
