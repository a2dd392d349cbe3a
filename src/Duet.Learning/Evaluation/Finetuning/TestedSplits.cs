using System.Globalization;
using Duet.Data.Clips;
using Duet.Learning.Models;
using Duet.Learning.Recipes;
using Duet.Learning.Training;

namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>One split's test.</summary>
internal sealed record TestedSplit(EvaluationSplit Split, double LearningRate, IReadOnlyList<VideoPrediction> Predictions, TrainingOutcome Outcome)
{
    /// <summary>Where the rate was chosen.</summary>
    public string? ChosenOn { get; init; }

    /// <summary>What it was chosen from.</summary>
    public IReadOnlyList<SweepPoint> Sweep { get; init; } = [];
}

/// <summary>The tests of all splits, and the result that follows from them.</summary>
internal sealed record TestedSplits(FinetuneFolder Folder, EvaluationRecipe Recipe, FinetuneSettings Settings, IReadOnlyList<TestedSplit> Tests, IReadOnlyList<LeftOut> LeftOut)
{
    /// <summary>The papers' other number beside top-1.</summary>
    public const int Top = 5;

    /// <summary>The result file's content.</summary>
    public FinetuneResult Result(FinetuneSource source, FinetuneOrigin origin)
    {
        var options = Settings.Options;
        var run = new EvaluatedRun(source.Path, source.Recipe, Recipe.Seed, source.Step, PrecisionPolicy.NameOf(Settings.Precision), source.Method);
        return new FinetuneResult(run, origin.Store, origin.StoreFingerprint)
        {
            Dataset = Recipe.Dataset,
            Protocol = Recipe.Name,
            Folder = Folder.Path,
            Layers = options.Layers,
            Networks = source.Networks,
            Clip = Settings.Clip.InWords(Settings.Content != ClipContent.Sound, Settings.Content != ClipContent.Frames),
            ClipFrames = Settings.Content == ClipContent.Sound ? null : Settings.Clip.Frames,
            LabelShare = options.LabelShare,
            TestClips = options.TestSampling == TestSampling.Uniform ? options.TestClips : null,
            Results = [Row()],
            Top5 = TopFive(),
            Splits = [.. Tests.Select(t => new FinetunedSplit(
                t.Split.Name, t.Split.Train.Count, t.Predictions.Count, t.LearningRate, t.ChosenOn, t.Sweep, Share(t, 1), HasTop ? Share(t, Top) : null, t.Outcome.Step, t.Outcome.Seconds, Folder.Final(t.Split.Name).Path))],
            LeftOut = LeftOut,
        };
    }

    private bool HasTop => Settings.Classes.Count > Top;

    private static double Share(TestedSplit test, int top) => test.Predictions.Average(p => p.Rank <= top ? 1.0 : 0.0);

    private ClassificationRow Row()
    {
        var videos = Tests.SelectMany(t => t.Split.Test).DistinctBy(v => v.Id, StringComparer.Ordinal).OrderBy(v => v.Id, StringComparer.Ordinal).ToArray();
        var place = videos.Select((v, i) => (v.Id, i)).ToDictionary(v => v.Id, v => v.i, StringComparer.Ordinal);
        var scores = new ClassificationScores(videos, Settings.Classes, [.. Tests.Select(t => t.Split.Name)]);
        for (var f = 0; f < Tests.Count; f++)
        {
            var predictions = Tests[f].Predictions;
            scores.Add(0, f, [.. predictions.Select(p => place[p.VideoId])], [.. predictions.Select(p => Settings.ClassOf(p.Predicted))]);
        }

        var weights = Settings.Options.Weights == FinetuneWeights.Scratch ? "scratch" : "pretrained";
        return scores.Row(Settings.Options.Modality.ToString().ToLowerInvariant(), weights, Settings.Options.Resamples);
    }

    private TopFive? TopFive()
    {
        if (!HasTop)
        {
            return null;
        }

        var right = Tests.SelectMany(t => t.Predictions).GroupBy(p => p.VideoId, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => g.Average(p => p.Rank <= Top ? 1.0 : 0.0)).ToArray();
        var interval = Bootstrap.OfMean(right, [.. right.Select(_ => 1.0)], 0, "probe", Settings.Options.Resamples);
        double[] perFold = [.. Tests.Select(t => Share(t, Top))];
        return new TopFive(right.Average(), [interval.Low, interval.High], perFold.Average(), perFold);
    }
}
