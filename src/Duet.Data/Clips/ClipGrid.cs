using Duet.Data.Store;

namespace Duet.Data.Clips;

/// <summary>
/// Where in one video a clip may start: the grid of stored frames at which both the frames and the sound of the clip lie
/// wholly inside the video. Starts are numbered <c>0 .. Starts - 1</c>; positive and negative sound are both drawn on this
/// one grid, so that neither the position in the track nor its edges can tell them apart.
/// </summary>
public sealed class ClipGrid
{
    private readonly Rational samplesPerFrame;
    private readonly Rational audioOffset; // samples, from the first frame's instant to the first sample

    private ClipGrid(StoredVideo video, ClipOptions clip, int step)
    {
        Video = video;
        FrameCount = clip.Frames;
        FrameStep = step;
        SamplesPerWindow = SamplesIn(clip.AudioSeconds, video.SampleRate);
        samplesPerFrame = new Rational(video.SampleRate) / video.FrameRate;
        audioOffset = clip.AudioAlignment == AudioAlignment.Start
            ? Rational.Zero
            : ((new Rational(clip.Frames) / clip.FrameRate) - clip.AudioSeconds) * video.SampleRate / 2;

        // FirstSample(f) = round(f * samplesPerFrame + audioOffset) must lie in [0, SampleCount - SamplesPerWindow].
        var half = new Rational(1, 2);
        var low = ((-half - audioOffset) / samplesPerFrame).Ceiling();
        var high = ((video.SampleCount - SamplesPerWindow + half - audioOffset) / samplesPerFrame).Ceiling() - 1;
        var first = Math.Max(0, low);
        var last = Math.Min(high, video.FrameCount - 1 - ((clip.Frames - 1L) * step));
        First = (int)Math.Min(first, int.MaxValue);
        Starts = (int)Math.Max(0, last - first + 1);
    }

    /// <summary>The video.</summary>
    public StoredVideo Video { get; }

    /// <summary>The first start: a frame's index.</summary>
    public int First { get; }

    /// <summary>How many starts there are; 0 where the video is shorter than a clip.</summary>
    public int Starts { get; }

    /// <summary>Frames per clip.</summary>
    public int FrameCount { get; }

    /// <summary>The step between a clip's frames, in stored frames.</summary>
    public int FrameStep { get; }

    /// <summary>Samples in a clip's stretch of sound.</summary>
    public int SamplesPerWindow { get; }

    /// <summary>The grid of a video.</summary>
    /// <exception cref="UsageException">The store's frame rate is not a whole multiple of the clip's.</exception>
    public static ClipGrid Of(StoredVideo video, ClipOptions clip)
    {
        ArgumentNullException.ThrowIfNull(video);
        ArgumentNullException.ThrowIfNull(clip);
        return new ClipGrid(video, clip, StepBetween(video.FrameRate, clip.FrameRate));
    }

    /// <summary>How many stored frames one frame of a clip stands for.</summary>
    /// <param name="stored">The store's frames per second.</param>
    /// <param name="clip">The clip's frames per second.</param>
    /// <exception cref="UsageException">The store's rate is not a whole multiple of the clip's.</exception>
    public static int StepBetween(Rational stored, Rational clip)
    {
        var ratio = stored / clip;
        if (ratio.Denominator == 1 && ratio.Numerator is > 0 and <= int.MaxValue)
        {
            return (int)ratio.Numerator;
        }

        var below = Math.Max(1, ratio.Floor());
        var faster = stored / below;
        var slower = stored / (below + 1);
        var valid = ratio < 1 ? $"The fastest valid rate is {faster}" : $"The nearest valid rates are {slower} and {faster}";
        throw new UsageException(
            $"A clip's frame rate of {clip} can't be taken from a store of {stored} frames per second, which must be a whole multiple of it. "
            + $"{valid}; or ingest again with --fps {clip}.");
    }

    /// <summary>Samples in a stretch of time, rounded to the nearest.</summary>
    public static int SamplesIn(Rational seconds, int sampleRate) => checked((int)(seconds * sampleRate).Round());

    /// <summary>The first frame's index of a start.</summary>
    public int FrameAt(int start) => First + start;

    /// <summary>The first sample of the sound that is in sync with the clip at a start.</summary>
    public long SampleAt(int start) => FirstSample(First + start);

    /// <summary>The first sample of the sound in sync with a clip whose first frame is <paramref name="frame"/>; may lie outside the track.</summary>
    public long FirstSample(int frame) => ((samplesPerFrame * frame) + audioOffset).Round();

    /// <summary>The sound at a start.</summary>
    public AudioWindow Window(int start, PairKind kind) => new(Video, SampleAt(start), SamplesPerWindow, kind);

    /// <summary>The least number of frames between two starts that lie at least this many seconds apart.</summary>
    internal long FramesIn(Rational seconds) => (seconds * Video.FrameRate).Ceiling();

    /// <summary>The least number of frames between two starts whose sound does not share a sample.</summary>
    internal long FramesWithoutOverlap => (new Rational(SamplesPerWindow) / samplesPerFrame).Ceiling();
}
