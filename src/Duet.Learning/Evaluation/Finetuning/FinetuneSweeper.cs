using System.Globalization;
using System.Text.Json;
using Duet.Data;
using Duet.Data.Files;
using Duet.Data.Store;
using Duet.Learning.Training;

namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>Chooses the learning rate of a split on a part of its training videos; its test videos are not even known here.</summary>
internal sealed class FinetuneSweeper(FinetuneFolder folder, FinetuneSettings settings, TrainingFactory trainings, IProgress<TrainingProgress>? progress)
{
    /// <summary>Tries every rate.</summary>
    /// <param name="split">The split's name.</param>
    /// <param name="train">Its labelled training videos.</param>
    /// <param name="stop">Asks to stop.</param>
    /// <returns>A point per rate; null where it was asked to stop.</returns>
    /// <exception cref="UsageException">Nothing can be held out.</exception>
    /// <exception cref="TrainingException">Every rate diverged.</exception>
    public IReadOnlyList<SweepPoint>? Run(string split, IReadOnlyList<StoredVideo> train, CancellationToken stop)
    {
        var rates = settings.Options.LearningRates;
        var (learn, held) = TrainingVideos.HoldOut(train, settings.Options.ValidationShare, settings.Seed);
        var points = new List<SweepPoint>();
        foreach (var rate in rates)
        {
            var run = folder.Sweep(split, rate);
            if (!File.Exists(FinetuneFolder.ValidationFile(run)))
            {
                var stage = string.Create(CultureInfo.InvariantCulture, $"{split}, learning rate {rate:G4}, {points.Count + 1} of {rates.Count}");
                if (Try(run, rate, stage, learn, held, stop) is not { } tried)
                {
                    return null;
                }

                AtomicFile.WriteAllText(FinetuneFolder.ValidationFile(run), JsonSerializer.Serialize(tried, RunJson.File));
            }

            points.Add(Read(run));
        }

        return points.Any(p => p.Accuracy is not null) ? points : throw new TrainingException(
            $"Training diverged with every learning rate of {split}. Give lower ones (finetune.learning_rates), a longer warm-up (training.learning_rate.warmup_epochs) or training.clip_norm: 1, with another --out folder.");
    }

    internal static SweepPoint Read(RunFolder run) =>
        RunJson.Read<SweepPoint>(FinetuneFolder.ValidationFile(run), "Remove that file, and --resume validates that learning rate again.");

    private SweepPoint? Try(RunFolder run, double rate, string stage, IReadOnlyList<StoredVideo> learn, IReadOnlyList<StoredVideo> held, CancellationToken stop)
    {
        using var training = trainings(run, rate, (learn, held, []), stage);
        try
        {
            if (!training.Train(stop).Finished)
            {
                return null;
            }

            var leftOut = new List<LeftOut>();
            var scores = training.Score(s => s.Score($"{stage}: validation", held, s.CountClips(held), leftOut, stop));
            if (scores.Count == 0)
            {
                throw new UsageException($"None of the {held.Count} videos that were held out to choose the learning rate serves a clip. Take shorter clips, a larger finetune.validation_share, or one learning rate.");
            }

            var labels = scores.Select(s => settings.ClassOf(s.Video.Label!)).ToArray();
            var point = new SweepPoint(
                rate,
                scores.Zip(labels, (s, label) => s.RankOf(label) == 1 ? 1.0 : 0.0).Average(),
                scores.Zip(labels, (s, label) => -Math.Log(Math.Max(s.Probabilities[label], 1e-12))).Average(),
                scores.Count);
            Note(string.Create(CultureInfo.InvariantCulture, $"{stage}: {100 * point.Accuracy:0.0} % of {point.Videos} validation videos, loss {point.Loss:0.000}"));
            return point;
        }
        catch (DivergenceException e)
        {
            Note($"{stage}: diverged. {e.Message}");
            return new SweepPoint(rate, null, null, held.Count);
        }
    }

    private void Note(string text) => progress?.Report(new TrainingNote(text));
}

/// <summary>Makes a training.</summary>
/// <param name="folder">Its folder.</param>
/// <param name="rate">Its learning rate.</param>
/// <param name="split">Videos to learn from, to look at between epochs, to test.</param>
/// <param name="stage">What it is, in words.</param>
internal delegate FinetuneTraining TrainingFactory(
    RunFolder folder, double rate, (IReadOnlyList<StoredVideo> Train, IReadOnlyList<StoredVideo> Validation, IReadOnlyList<StoredVideo> Test) split, string stage);
