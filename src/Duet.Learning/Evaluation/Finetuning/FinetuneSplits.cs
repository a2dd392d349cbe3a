using System.Globalization;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Models;
using Duet.Learning.Recipes;
using Duet.Learning.Training;

namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>Goes through the splits: sweep, training, test, one after the other.</summary>
internal sealed class FinetuneSplits(FinetuneFolder folder, EvaluationRecipe recipe, FinetuneSettings settings, RunSource store, IProgress<TrainingProgress>? progress)
{
    /// <summary>Videos between two writes of predictions: an interrupted test repeats fewer than these.</summary>
    private const int VideosPerStretch = 32;

    /// <summary>Trains and tests every split.</summary>
    /// <param name="splits">The splits, their training videos already chosen.</param>
    /// <param name="leftOut">Videos that already take no part.</param>
    /// <param name="stop">Asks to stop.</param>
    /// <returns>What came out; null where it was asked to stop.</returns>
    public FinetuneTests? Run(IReadOnlyList<EvaluationSplit> splits, IReadOnlyList<LeftOut> leftOut, CancellationToken stop)
    {
        var options = settings.Options;
        var missing = new List<LeftOut>(leftOut);
        var tests = new List<FinetuneTest>();
        try
        {
            foreach (var split in splits)
            {
                var sweeps = options.LearningRates.Count > 1 && (tests.Count == 0 || options.Sweep == FinetuneSweep.EverySplit);
                IReadOnlyList<SweepPoint> points = [];
                if (sweeps)
                {
                    if (new FinetuneSweeper(folder, settings, Training, progress).Run(split.Name, split.Train, stop) is not { } swept)
                    {
                        return null;
                    }

                    points = swept;
                }

                var rate = options.LearningRates.Count switch
                {
                    0 => recipe.Training.LearningRate.Base,
                    1 => options.LearningRates[0],
                    _ => sweeps ? SweepPoint.Best(points)!.LearningRate : tests[0].LearningRate,
                };
                var chosenOn = options.LearningRates.Count < 2 ? null : sweeps ? split.Name : splits[0].Name;
                if (Test(split, rate, missing, stop) is not { } tested)
                {
                    return null;
                }

                tests.Add(tested with { ChosenOn = chosenOn, Sweep = points });
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }

        return new FinetuneTests(folder, recipe, settings, tests, [.. missing.Distinct()]);
    }

    private FinetuneTest? Test(EvaluationSplit split, double rate, List<LeftOut> leftOut, CancellationToken stop)
    {
        var run = folder.Final(split.Name);
        var stage = string.Create(CultureInfo.InvariantCulture, $"{split.Name}, learning rate {rate:G4}");
        using var training = Training(run, rate, (split.Train, [], split.Test), stage);
        leftOut.AddRange(training.LeftOut.Select(v => new LeftOut(v.Id, v.SourcePath, "it is shorter than a clip or lacks a stream; it can't teach")));
        var outcome = training.Train(stop);
        if (!outcome.Finished)
        {
            return null;
        }

        var log = PredictionLog.Open(FinetuneFolder.PredictionsFile(run), FinetuneTraining.NameOf(outcome));
        training.Score(scorer =>
        {
            var stretches = split.Test.Chunk(VideosPerStretch).Skip(log.Done).ToArray();
            var total = stretches.Sum(scorer.CountClips);
            foreach (var videos in stretches)
            {
                var notScored = new List<LeftOut>();
                var scores = scorer.Score($"{split.Name}: test", videos, total, notScored, stop);
                stop.ThrowIfCancellationRequested();
                log.Add([.. scores.Select(Prediction)], notScored);
            }

            return true;
        });
        leftOut.AddRange(log.LeftOut);
        var predictions = log.Predictions.ToArray();
        if (predictions.Length == 0)
        {
            throw new UsageException($"No test video of '{split.Name}' serves a clip that can be read; take shorter clips or another split.");
        }

        var top1 = predictions.Average(p => p.Rank == 1 ? 1.0 : 0.0);
        progress?.Report(new TrainingNote(string.Create(CultureInfo.InvariantCulture, $"{split.Name}: {100 * top1:0.0} % of {predictions.Length} test videos")));
        return new FinetuneTest(split, rate, predictions, outcome);
    }

    private FinetuneTraining Training(RunFolder run, double rate, (IReadOnlyList<StoredVideo> Train, IReadOnlyList<StoredVideo> Validation, IReadOnlyList<StoredVideo> Test) videos, string stage) => new(
        run,
        recipe with
        {
            Finetune = recipe.Finetune with { LearningRates = [] },
            Training = recipe.Training with { LearningRate = recipe.Training.LearningRate with { Base = rate } },
        },
        settings,
        store,
        videos,
        stage,
        progress);

    private VideoPrediction Prediction(VideoScore score)
    {
        var ranking = score.Ranking();
        var label = settings.ClassOf(score.Video.Label!);
        return new VideoPrediction(
            score.Video.Id,
            score.Video.Label!,
            settings.Classes[ranking[0]],
            score.RankOf(label),
            score.Probabilities[ranking[0]],
            score.Probabilities[label],
            [.. ranking.Take(FinetuneTests.Top).Select(c => settings.Classes[c])],
            score.Clips);
    }
}

/// <summary>One split's test.</summary>
internal sealed record FinetuneTest(EvaluationSplit Split, double LearningRate, IReadOnlyList<VideoPrediction> Predictions, TrainingOutcome Outcome)
{
    /// <summary>Where the rate was chosen.</summary>
    public string? ChosenOn { get; init; }

    /// <summary>What it was chosen from.</summary>
    public IReadOnlyList<SweepPoint> Sweep { get; init; } = [];
}

/// <summary>The tests of all splits, and the result that follows from them.</summary>
internal sealed record FinetuneTests(FinetuneFolder Folder, EvaluationRecipe Recipe, FinetuneSettings Settings, IReadOnlyList<FinetuneTest> Tests, IReadOnlyList<LeftOut> LeftOut)
{
    /// <summary>The papers' other number beside top-1.</summary>
    public const int Top = 5;

    /// <summary>The result file's content.</summary>
    public FinetuneResult Result(FinetuneSource source, FinetuneOrigin origin)
    {
        var options = Settings.Options;
        return new FinetuneResult
        {
            Run = source.Path,
            Recipe = source.Recipe,
            Method = source.Method,
            Dataset = Recipe.Dataset,
            Protocol = Recipe.Name,
            Folder = Folder.Path,
            Store = origin.Store,
            StoreFingerprint = origin.StoreFingerprint,
            Seed = Recipe.Seed,
            Step = source.Step,
            Precision = Settings.Precision == Precision.Bf16 ? "bf16" : "fp32",
            Layers = options.Layers,
            Networks = source.Networks,
            Clip = Clip(),
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

    private static double Share(FinetuneTest test, int top) => test.Predictions.Average(p => p.Rank <= top ? 1.0 : 0.0);

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

    private string Clip()
    {
        var clip = Settings.Clip;
        var frames = string.Create(CultureInfo.InvariantCulture, $"{clip.Frames}x{clip.Size} at {clip.FrameRate} fps");
        var sound = string.Create(CultureInfo.InvariantCulture, $"{clip.AudioSeconds.ToDouble():0.###} s of sound");
        return Settings.Content switch
        {
            ClipContent.Frames => frames,
            ClipContent.Sound => sound,
            _ => $"{frames}, {sound}",
        };
    }
}
