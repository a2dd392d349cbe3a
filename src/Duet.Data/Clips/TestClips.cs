using Duet.Data.Store;

namespace Duet.Data.Clips;

/// <summary>The clips of one video by which it is classified: centre crop, nothing mirrored.</summary>
public static class TestClips
{
    /// <summary>Evenly spaced clips, from the first possible start to the last; one is taken from the middle.</summary>
    /// <param name="video">The video.</param>
    /// <param name="clip">What a clip is.</param>
    /// <param name="content">What is read of it.</param>
    /// <param name="clips">How many; a video with fewer different ones gives those.</param>
    /// <returns>Requests by time; none where the video is shorter than a clip or lacks what is read.</returns>
    public static IReadOnlyList<ClipRequest> Uniform(StoredVideo video, ClipOptions clip, ClipContent content, int clips)
    {
        ArgumentNullException.ThrowIfNull(video);
        ArgumentNullException.ThrowIfNull(clip);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(clips);
        var starts = Starts(video, clip, content);
        var count = (int)Math.Min(starts, clips);
        return count == 0 ? [] : content switch
        {
            ClipContent.FramesAndSound => UniformClips.For(video, clip, count),
            ClipContent.Frames => UniformClips.FramesOnly(video, clip, count),
            _ => UniformClips.AudioOnly(video, clip, count),
        };
    }

    /// <summary>Clips at a fixed stride from the first possible start on: dense prediction.</summary>
    /// <param name="video">The video.</param>
    /// <param name="clip">What a clip is.</param>
    /// <param name="content">What is read of it.</param>
    /// <param name="stride">Frames at the clip's frame rate from one start to the next; for sound alone the same time.</param>
    /// <returns>Requests by time; none where the video is shorter than a clip or lacks what is read.</returns>
    public static IReadOnlyList<ClipRequest> Dense(StoredVideo video, ClipOptions clip, ClipContent content, int stride)
    {
        ArgumentNullException.ThrowIfNull(video);
        ArgumentNullException.ThrowIfNull(clip);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stride);
        var starts = Starts(video, clip, content);
        if (starts == 0)
        {
            return [];
        }

        if (content == ClipContent.Sound)
        {
            var length = ClipGrid.SamplesIn(clip.AudioSeconds, video.SampleRate);
            var room = video.SampleCount - length;
            var step = new Rational(stride) / clip.FrameRate * video.SampleRate;
            return room < 0
                ? UniformClips.AudioOnly(video, clip, 1)
                : [.. Numbers(room + 1, step).Select((first, i) => UniformClips.Sound(video, first, length, i))];
        }

        var crop = ClipSampling.CentreCrop(video, clip);
        var frames = (long)stride * ClipGrid.StepBetween(video.FrameRate, clip.FrameRate);
        if (content == ClipContent.FramesAndSound)
        {
            var grid = ClipGrid.Of(video, clip);
            return [.. Numbers(starts, frames).Select((start, i) => ClipSampling.Request(grid, (int)start, i, crop, [grid.Window((int)start, PairKind.Positive)]))];
        }

        return [.. Numbers(starts, frames).Select((start, i) => new ClipRequest
        {
            Video = video,
            Clip = i,
            FirstFrame = (int)start,
            FrameStep = ClipGrid.StepBetween(video.FrameRate, clip.FrameRate),
            FrameCount = clip.Frames,
            Crop = crop,
            Audio = [],
        })];
    }

    /// <summary>How many different clips a video has: starts on the grid of frames, or samples for sound alone; 1 for a track that is shorter than the sound of a clip.</summary>
    private static long Starts(StoredVideo video, ClipOptions clip, ClipContent content) => content switch
    {
        ClipContent.FramesAndSound => video.HasFrames && video.HasSound ? ClipGrid.Of(video, clip).Starts : 0,
        ClipContent.Frames => video.HasFrames ? Math.Max(0, video.FrameCount - ((clip.Frames - 1L) * ClipGrid.StepBetween(video.FrameRate, clip.FrameRate))) : 0,
        _ => video.HasSound ? Math.Max(1, video.SampleCount - ClipGrid.SamplesIn(clip.AudioSeconds, video.SampleRate) + 1) : 0,
    };

    /// <summary>0, step, 2 step, ... below an end, each rounded down; a step of less than 1 gives every number once.</summary>
    private static IEnumerable<long> Numbers(long end, Rational step)
    {
        var exact = step < 1 ? new Rational(1) : step;
        for (var i = 0L; (exact * i).Floor() is var number && number < end; i++)
        {
            yield return number;
        }
    }
}
