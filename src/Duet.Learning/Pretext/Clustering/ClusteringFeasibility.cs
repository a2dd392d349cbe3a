using System.Globalization;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Learning.Models;
using Duet.Learning.Recipes;
using Duet.Learning.Training;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>Whether a store's clips can serve a clustering run, and what the user should know about them.</summary>
internal static class ClusteringFeasibility
{
    /// <summary>Checks, before anything is read.</summary>
    /// <exception cref="UsageException">There are no clips, or fewer than clusters, or no validation clips where they are needed.</exception>
    public static void Check(Recipe recipe, ClusteringPlan plan, Partition partition, ClipParts training, ClipParts validation)
    {
        var takesSound = plan.Takes(Modality.Audio);
        var most = plan.Clusterings.Max(c => c.K);
        var takesFrames = plan.Takes(Modality.Video);
        var clip = recipe.Clip;
        if (training.Count == 0 && takesFrames && !partition.Train.Any(v => v.HasFrames))
        {
            throw new UsageException($"The store has no pictures to learn from, and {recipe.MethodName()} needs them here. Ingest with --streams both, or learn from sound alone: method: sdc with clustering.streams: audio.");
        }

        if (training.Count == 0 && takesSound && !partition.Train.Any(v => v.HasSound))
        {
            throw new UsageException($"The store has no sound to learn from, and {recipe.MethodName()} needs it here. Ingest with --streams both, or learn from pictures alone: method: sdc with clustering.streams: video.");
        }

        if (training.Count == 0)
        {
            throw new UsageException(string.Create(
                CultureInfo.InvariantCulture,
                $"No training video is as long as a clip ({clip.Frames} frames at {clip.FrameRate} per second, {clip.AudioSeconds.ToDouble():0.###} s of sound). Take shorter clips (clip.frames, clip.audio_seconds), or ingest longer videos."));
        }

        if (training.Count < most)
        {
            throw new UsageException(
                $"The store gives {training.Count} training clips, fewer than the {most} clusters that the recipe asks for. Set clustering.k to {Math.Max(2, training.Count / 10)} or so, take more clips of each video (clustering.clips_per_video), or ingest more videos.");
        }

        if (recipe.Training.LearningRate is { Schedule: LearningRateShape.Plateau, PlateauMetric: PlateauMetric.Validation } && validation.Count == 0)
        {
            throw new UsageException("The learning rate follows the validation loss, but no validation video is as long as a clip. Give data.validation_share more, or set training.learning_rate.plateau_metric: training.");
        }
    }

    /// <summary>What is said at the start.</summary>
    public static IEnumerable<string> Describe(Recipe recipe, ClipParts training, ClipParts validation, int unlabelled)
    {
        yield return $"training: {training.Count} clips of {training.VideoCount} videos{(training.LeftOut.Count > 0 ? $"; {training.LeftOut.Count} videos are shorter than a clip or lack a stream" : "")}.";
        if (unlabelled > 0)
        {
            yield return $"labels: {unlabelled} clips have none in the run that gives them, and teach nothing.";
        }

        if (validation.Count == 0 && recipe.Clustering.Patience > 0)
        {
            yield return $"validation: no held-out video is as long as a clip, so every iteration lasts its {recipe.Clustering.EpochsPerIteration} epochs. Give data.validation_share more, or add videos.";
        }
    }

    /// <summary>What could not be read while features were: a few by name.</summary>
    public static IEnumerable<string> Unreadable(SortedDictionary<string, string> failures)
    {
        const int Named = 10;
        if (failures.Count > 0)
        {
            yield return $"{failures.Count} clips could not be read; they have no label and teach nothing. Check the store with 'duet store verify'.";
        }

        foreach (var (clip, reason) in failures.Take(Named))
        {
            yield return $"unreadable clip {clip}: {reason}";
        }

        if (failures.Count > Named)
        {
            yield return $"and {failures.Count - Named} more";
        }
    }
}
