using System.Diagnostics;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>What a classifier thinks of one video.</summary>
/// <param name="Video">The video.</param>
/// <param name="Probabilities">Of each class, averaged over the clips that could be read.</param>
/// <param name="Clips">How many those are.</param>
internal sealed record VideoScore(StoredVideo Video, double[] Probabilities, int Clips)
{
    /// <summary>The classes from the likeliest on; of equal ones the first.</summary>
    public int[] Ranking() => [.. Enumerable.Range(0, Probabilities.Length).OrderByDescending(c => Probabilities[c])];

    /// <summary>The place of a class among all, from 1: it is within the top k where this is at most k.</summary>
    /// <param name="label">The class.</param>
    public int RankOf(int label) => 1 + Enumerable.Range(0, Probabilities.Length)
        .Count(c => Probabilities[c] > Probabilities[label] || (Probabilities[c] == Probabilities[label] && c < label));
}

/// <summary>Classifies whole videos: the scores of their test clips, averaged (XDC, section 4).</summary>
internal sealed class VideoScorer(FinetuneSettings settings, FinetuneModel model, ClipPreprocessor preprocessor, ClipLoader loader, IProgress<TrainingProgress>? progress)
{
    private readonly long started = Stopwatch.GetTimestamp();
    private readonly TimeSpan waited = loader.Statistics.TimeWaiting;
    private long done;

    /// <summary>Scores videos, in their order.</summary>
    /// <param name="stage">What for, for the progress line.</param>
    /// <param name="videos">The videos.</param>
    /// <param name="total">Clips in all, of this and other calls, for the progress line.</param>
    /// <param name="leftOut">Gets those that can't be scored, and clips that can't be read.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>A score for each video that serves a clip which can be read.</returns>
    /// <exception cref="TrainingException">A score is no finite number.</exception>
    public IReadOnlyList<VideoScore> Score(string stage, IReadOnlyList<StoredVideo> videos, long total, List<LeftOut> leftOut, CancellationToken stop)
    {
        var clips = videos.Select(settings.TestClipsOf).ToArray();
        leftOut.AddRange(videos.Where((_, v) => clips[v].Count == 0).Select(v => new LeftOut(v.Id, v.SourcePath, Lacks(v))));
        int[] videoOf = [.. clips.SelectMany((c, v) => Enumerable.Repeat(v, c.Count))];
        var sums = new double[videos.Count][];
        var counts = new int[videos.Count];
        var row = 0;
        model.eval();
        using var inference = new Inference(model.Encoders);
        foreach (var batch in loader.Load([.. clips.SelectMany(c => c)], settings.Training.Batch, 0, stop))
        {
            using (batch)
            using (NewDisposeScope())
            using (no_grad())
            {
                var scores = model.Scores(settings.Inputs(preprocessor, batch)).to_type(ScalarType.Float64);
                var values = (settings.Options.Average == ClipAverage.Probabilities ? scores.softmax(1) : scores).cpu().contiguous();
                var rows = values.data<double>().ToArray();
                var failed = batch.Failures.ToDictionary(f => f.Index, f => f.Reason);
                for (var i = 0; i < batch.Count; i++)
                {
                    var v = videoOf[row + i];
                    if (failed.TryGetValue(i, out var reason))
                    {
                        leftOut.Add(new LeftOut(videos[v].Id, videos[v].SourcePath, $"a clip can't be read: {reason}"));
                        continue;
                    }

                    Add(sums[v] ??= new double[settings.Classes.Count], rows.AsSpan(i * settings.Classes.Count, settings.Classes.Count), videos[v]);
                    counts[v]++;
                }

                row += batch.Count;
                done += batch.Count;
            }

            progress?.Report(new PassProgress(stage, done, total, (loader.Statistics.TimeWaiting - waited) / Stopwatch.GetElapsedTime(started)));
        }

        return [.. Enumerable.Range(0, videos.Count).Where(v => counts[v] > 0).Select(v => new VideoScore(videos[v], Average(sums[v], counts[v]), counts[v]))];
    }

    /// <summary>How many clips scoring videos will read.</summary>
    public long CountClips(IReadOnlyList<StoredVideo> videos) => videos.Sum(v => (long)settings.TestClipsOf(v).Count);

    private static void Add(double[] sum, ReadOnlySpan<double> values, StoredVideo video)
    {
        for (var c = 0; c < sum.Length; c++)
        {
            if (!double.IsFinite(values[c]))
            {
                throw new TrainingException($"The scores of {video.SourcePath} are no finite numbers: training diverged. Start again with a lower learning rate or training.clip_norm: 1.");
            }

            sum[c] += values[c];
        }
    }

    private double[] Average(double[] sum, int clips)
    {
        double[] mean = [.. sum.Select(s => s / clips)];
        if (settings.Options.Average == ClipAverage.Probabilities)
        {
            return mean;
        }

        var largest = mean.Max();
        double[] powers = [.. mean.Select(m => Math.Exp(m - largest))];
        var all = powers.Sum();
        return [.. powers.Select(p => p / all)];
    }

    private string Lacks(StoredVideo video)
    {
        var frames = settings.Content != ClipContent.Sound;
        var sound = settings.Content != ClipContent.Frames;
        return (frames && !video.HasFrames, sound && !video.HasSound) switch
        {
            (true, _) => "it has no pictures",
            (_, true) => "it has no sound",
            _ => "it is shorter than a clip",
        };
    }
}
