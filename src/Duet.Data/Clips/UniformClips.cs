using System.Globalization;
using Duet.Data.Store;

namespace Duet.Data.Clips;

/// <summary>Evenly spaced clips of one video with the centre crop: for probes, features and test scores.</summary>
public static class UniformClips
{
    /// <summary>Whether a video is long enough for one clip of frames with its sound.</summary>
    public static bool CanServe(StoredVideo video, ClipOptions clip) => ClipGrid.Of(video, clip).Starts > 0;

    /// <summary>Frames with the sound of the same time slice.</summary>
    /// <param name="video">The video.</param>
    /// <param name="clip">What a clip is.</param>
    /// <param name="clips">How many, from the first possible start to the last; one is taken from the middle. A video with fewer starts repeats some.</param>
    /// <exception cref="UsageException">The video is shorter than a clip, or has no pictures or no sound: ask <see cref="CanServe"/> first.</exception>
    public static IReadOnlyList<ClipRequest> For(StoredVideo video, ClipOptions clip, int clips)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(clips);
        var grid = UsableGrid(video, clip);
        var crop = ClipSampling.CentreCrop(video, clip);
        return [.. Enumerable.Range(0, clips).Select(i =>
        {
            var start = (int)Spaced(grid.Starts, clips, i);
            return ClipSampling.Request(grid, start, i, crop, [grid.Window(start, PairKind.Positive)]);
        })];
    }

    /// <summary>Frames without sound; only the frames must fit into the video.</summary>
    /// <inheritdoc cref="For"/>
    public static IReadOnlyList<ClipRequest> FramesOnly(StoredVideo video, ClipOptions clip, int clips)
    {
        ArgumentNullException.ThrowIfNull(video);
        ArgumentNullException.ThrowIfNull(clip);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(clips);
        Lacking.RequireFrames(video);
        var step = ClipGrid.StepBetween(video.FrameRate, clip.FrameRate);
        var starts = video.FrameCount - ((clip.Frames - 1L) * step);
        if (starts <= 0)
        {
            throw TooShort(video, clip);
        }

        var crop = ClipSampling.CentreCrop(video, clip);
        return [.. Enumerable.Range(0, clips).Select(i => new ClipRequest
        {
            Video = video,
            Clip = i,
            FirstFrame = (int)Spaced(starts, clips, i),
            FrameStep = step,
            FrameCount = clip.Frames,
            Crop = crop,
            Audio = [],
        })];
    }

    /// <summary>Sound without frames. A track shorter than one stretch of sound gives the whole track in the middle of silence.</summary>
    /// <param name="video">The video.</param>
    /// <param name="clip">What a clip is; only its sound counts.</param>
    /// <param name="clips">How many, from the track's start to its end; one is taken from the middle.</param>
    /// <exception cref="UsageException">The video has no sound.</exception>
    public static IReadOnlyList<ClipRequest> AudioOnly(StoredVideo video, ClipOptions clip, int clips)
    {
        ArgumentNullException.ThrowIfNull(video);
        ArgumentNullException.ThrowIfNull(clip);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(clips);
        Lacking.RequireSound(video);
        var length = ClipGrid.SamplesIn(clip.AudioSeconds, video.SampleRate);
        var room = video.SampleCount - length;
        return [.. Enumerable.Range(0, clips).Select(i => Sound(video, room < 0 ? room / 2 : Spaced(room + 1, clips, i), length, i))];
    }

    /// <summary>A stretch of sound without frames.</summary>
    internal static ClipRequest Sound(StoredVideo video, long firstSample, int samples, int clip) => new()
    {
        Video = video,
        Clip = clip,
        FirstFrame = (int)Math.Clamp((new Rational(firstSample, video.SampleRate) * video.FrameRate).Round(), 0, Math.Max(0, video.FrameCount - 1)),
        FrameCount = 0,
        Crop = default,
        Audio = [new AudioWindow(video, firstSample, samples, PairKind.Positive)],
    };

    internal static ClipGrid UsableGrid(StoredVideo video, ClipOptions clip)
    {
        var grid = ClipGrid.Of(video, clip);
        Lacking.RequireFrames(video);
        Lacking.RequireSound(video);
        return grid.Starts > 0 ? grid : throw TooShort(video, clip);
    }

    /// <summary>The i-th of n places spread evenly over 0 .. starts - 1, both ends included; the middle for n = 1.</summary>
    private static long Spaced(long starts, int n, int i) => n == 1 ? (starts - 1) / 2 : new Rational((starts - 1) * i, n - 1).Round();

    private static UsageException TooShort(StoredVideo video, ClipOptions clip) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"A clip ({clip.Frames} frames, {(new Rational(clip.Frames) / clip.FrameRate).ToDouble():0.###} s, with {clip.AudioSeconds.ToDouble():0.###} s of sound) is longer than {video.SourcePath}, which lasts {video.Duration.ToDouble():0.###} s. Take shorter clips or leave this video out."));
}
