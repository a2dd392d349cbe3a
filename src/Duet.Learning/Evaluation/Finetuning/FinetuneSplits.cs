using System.Globalization;
using Duet.Data;
using Duet.Data.Store;
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
    public TestedSplits? Run(IReadOnlyList<EvaluationSplit> splits, IReadOnlyList<LeftOut> leftOut, CancellationToken stop)
    {
        var options = settings.Options;
        var missing = new List<LeftOut>(leftOut);
        var tests = new List<TestedSplit>();
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

        return new TestedSplits(folder, recipe, settings, tests, [.. missing.Distinct()]);
    }

    private TestedSplit? Test(EvaluationSplit split, double rate, List<LeftOut> leftOut, CancellationToken stop)
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
        return new TestedSplit(split, rate, predictions, outcome);
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
            [.. ranking.Take(TestedSplits.Top).Select(c => settings.Classes[c])],
            score.Clips);
    }
}
