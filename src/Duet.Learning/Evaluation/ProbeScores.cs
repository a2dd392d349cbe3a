using Duet.Data;
using Duet.Learning.Models;

namespace Duet.Learning.Evaluation;

/// <summary>The answers of a probe over folds and seeds, and the numbers that follow from them.</summary>
internal sealed class ProbeScores
{
    private readonly ProbeData data;
    private readonly IReadOnlyList<ProbeSplit> splits;
    private readonly long[]? seeds;
    private readonly int count;
    private readonly List<(int Seed, int Fold, int Video, int Predicted)> answers = [];
    private readonly List<double> chosenC = [];
    private bool allConverged = true;

    /// <summary>Starts empty.</summary>
    /// <param name="data">The videos.</param>
    /// <param name="splits">The folds.</param>
    /// <param name="count">How many networks.</param>
    /// <param name="seeds">Their seeds; null for pretrained weights.</param>
    public ProbeScores(ProbeData data, IReadOnlyList<ProbeSplit> splits, int count, long[]? seeds)
    {
        this.data = data;
        this.splits = splits;
        this.count = count;
        this.seeds = seeds;
    }

    /// <summary>Takes in one network's answers on one fold.</summary>
    public void Add(int seed, int fold, int[] videos, int[] predicted, double c, bool converged)
    {
        if (videos.Length == 0)
        {
            throw new UsageException($"No test video of '{splits[fold].Name}' is as long as a clip; take shorter clips or another split.");
        }

        answers.AddRange(videos.Select((v, i) => (seed, fold, v, predicted[i])));
        chosenC.Add(c);
        allConverged &= converged;
    }

    /// <summary>The row of the result.</summary>
    public ProbeRow Row(Modality modality, string weights, string layer, int resamples)
    {
        var (videos, right) = ByVideo();
        // The seed and purpose are the same for all rows: all see the same resamples.
        var interval = Bootstrap.OfMean(right, [.. right.Select(_ => 1.0)], 0, "probe", resamples);
        var counts = data.Labels.Select(_ => new int[data.Labels.Count]).ToArray();
        foreach (var answer in answers)
        {
            counts[data.LabelOf[answer.Video]][answer.Predicted]++;
        }

        return new ProbeRow
        {
            Modality = ProbeEvaluation.Name(modality),
            Weights = weights,
            Layer = layer,
            Features = data.Columns,
            Accuracy = right.Average(),
            AccuracyCi95 = [interval.Low, interval.High],
            PerFold = [.. Enumerable.Range(0, splits.Count).Select(f => Share(answers.Where(a => a.Fold == f)))],
            PerSeed = [.. Enumerable.Range(0, count).Select(s => Share(answers.Where(a => a.Seed == s)))],
            C = [.. chosenC],
            Converged = allConverged,
            PerClass = data.Labels.Select((label, k) => (label, Own: videos.Select((v, i) => (v, i)).Where(p => data.LabelOf[p.v] == k).Select(p => right[p.i]).ToArray()))
                .Where(p => p.Own.Length > 0)
                .ToDictionary(p => p.label, p => new ProbeClass(p.Own.Average(), p.Own.Length), StringComparer.Ordinal),
            Confusion = new ProbeConfusion(data.Labels, counts),
            Predictions = [.. answers.Select(a => new ProbePrediction(
                data.Videos[a.Video].Id, data.Videos[a.Video].Label!, data.Labels[a.Predicted], splits[a.Fold].Name, seeds?[a.Seed]))],
        };
    }

    /// <summary>This less another on the same videos, in points, with a paired interval.</summary>
    public ProbeDifference Less(ProbeScores other, ProbeOptions options)
    {
        var (videos, mine) = ByVideo();
        var (others, theirs) = other.ByVideo();
        if (!videos.SequenceEqual(others))
        {
            throw new InvalidOperationException("A paired difference needs the same videos on both sides.");
        }

        var deltas = mine.Zip(theirs, (a, b) => a - b).ToArray();
        var interval = Bootstrap.OfMean(deltas, [.. deltas.Select(_ => 1.0)], 0, "probe", options.Resamples);
        return new ProbeDifference(100 * deltas.Average(), [100 * interval.Low, 100 * interval.High]);
    }

    /// <summary>For each test video the share of networks that named it right.</summary>
    private (int[] Videos, double[] Right) ByVideo()
    {
        var groups = answers.GroupBy(a => a.Video).OrderBy(g => g.Key).ToArray();
        return ([.. groups.Select(g => g.Key)], [.. groups.Select(Share)]);
    }

    private double Share(IEnumerable<(int Seed, int Fold, int Video, int Predicted)> some) => some.Average(a => a.Predicted == data.LabelOf[a.Video] ? 1.0 : 0.0);
}
