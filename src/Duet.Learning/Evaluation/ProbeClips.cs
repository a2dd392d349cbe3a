using Duet.Data.Clips;
using Duet.Data.Randomness;
using Duet.Data.Store;
using Duet.Learning.Models;

namespace Duet.Learning.Evaluation;

/// <summary>The clips of a probe.</summary>
internal static class ProbeClips
{
    /// <summary>What some modalities are called in result files: <c>video</c>, <c>audio</c>, or <c>both</c>.</summary>
    public static string Name(IReadOnlyList<Modality> modalities) => modalities.Count > 1 ? "both" : ProbeEvaluation.Name(modalities[0]);

    /// <summary>Evenly spaced clips; none where the video is too short for one or lacks a modality. Of both modalities each clip has frames and their own sound.</summary>
    public static IReadOnlyList<ClipRequest> Of(IReadOnlyList<Modality> modalities, StoredVideo video, ClipOptions clip, int clips)
    {
        if (modalities.Count > 1)
        {
            return video.HasSound && video.HasFrames && UniformClips.CanServe(video, clip) ? UniformClips.For(video, clip, Math.Min(ClipGrid.Of(video, clip).Starts, clips)) : [];
        }

        if (modalities[0] == Modality.Audio)
        {
            if (!video.HasSound)
            {
                return [];
            }

            var room = video.SampleCount - ClipGrid.SamplesIn(clip.AudioSeconds, video.SampleRate);
            return UniformClips.AudioOnly(video, clip, (int)Math.Clamp(room + 1, 1, clips));
        }

        if (!video.HasFrames)
        {
            return [];
        }

        var step = ClipGrid.StepBetween(video.FrameRate, clip.FrameRate);
        var starts = video.FrameCount - ((clip.Frames - 1L) * step);
        return starts <= 0 ? [] : UniformClips.FramesOnly(video, clip, (int)Math.Min(starts, clips));
    }

    /// <summary>Why a video has no clip.</summary>
    public static string WhyNone(IReadOnlyList<Modality> modalities, StoredVideo video) =>
        modalities.Contains(Modality.Audio) && !video.HasSound ? "without sound"
        : modalities.Contains(Modality.Video) && !video.HasFrames ? "without pictures"
        : "shorter than a clip";

    /// <summary>Clips of teaching videos that calibrate untrained networks: a fixed choice.</summary>
    public static List<ClipRequest> ToCalibrate(IReadOnlyList<Modality> modalities, IReadOnlyList<StoredVideo> train, ClipOptions clip, ProbeOptions options, long seed)
    {
        var all = train.SelectMany(v => Of(modalities, v, clip, options.ClipsPerVideo)).ToArray();
        new KeyedRandom(seed, 0, "", "probe/calibration").Shuffle(all.AsSpan());
        return [.. all.Take(options.CalibrationClips)];
    }
}
