using Duet.Data.Store;

namespace Duet.Data.Clips;

/// <summary>How an audio window relates to the frames that it is paired with (AVTS, section on negatives).</summary>
public enum PairKind
{
    /// <summary>The same time slice of the same video: in sync.</summary>
    Positive,

    /// <summary>A time slice of another video.</summary>
    Easy,

    /// <summary>The same video, starts at least a gap apart (and, by default, not overlapping).</summary>
    Hard,

    /// <summary>The same video, overlapping in part.</summary>
    SuperHard,
}

/// <summary>A stretch of sound: exact samples of one stored video. Samples outside the track read as silence.</summary>
/// <param name="Video">The video whose track is read.</param>
/// <param name="FirstSample">The first sample; may be negative or run past the end only where the clip is longer than the track.</param>
/// <param name="SampleCount">How many samples.</param>
/// <param name="Kind">How it relates to the clip's frames.</param>
public readonly record struct AudioWindow(StoredVideo Video, long FirstSample, int SampleCount, PairKind Kind);

/// <summary>A crop of the stored frame, pixels of the stored frame, that is resized to the clip's size.</summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Top edge.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
/// <param name="Flip">Whether the result is mirrored left to right.</param>
public readonly record struct CropBox(int X, int Y, int Width, int Height, bool Flip);

/// <summary>
/// Everything that is needed to read one sample, drawn ahead of time: which frames, which crop, which stretches of sound.
/// Samplers make requests as pure functions of (seed, epoch, sample id); the loader only carries them out, so that its
/// workers and their number can't change a result.
/// </summary>
public sealed record ClipRequest
{
    /// <summary>The video whose frames are read.</summary>
    public required StoredVideo Video { get; init; }

    /// <summary>The clip's number within its video and epoch: 0 for the first or only one.</summary>
    public int Clip { get; init; }

    /// <summary>What keys the randomness of this sample within an epoch: the video's id and the clip's number.</summary>
    public string SampleId => ClipSampling.SampleId(Video, Clip);

    /// <summary>The first frame's index.</summary>
    public required int FirstFrame { get; init; }

    /// <summary>The step between frames, in stored frames (stored fps / clip fps).</summary>
    public int FrameStep { get; init; } = 1;

    /// <summary>How many frames; 0 for a clip of sound only.</summary>
    public required int FrameCount { get; init; }

    /// <summary>The crop, the same for all frames of the clip.</summary>
    public required CropBox Crop { get; init; }

    /// <summary>The stretches of sound to read with it: one for plain clips, a positive and a negative for AVTS; empty for a clip of frames only.</summary>
    public required IReadOnlyList<AudioWindow> Audio { get; init; }

    /// <summary>When the clip starts within its video, seconds.</summary>
    public Rational Start => new Rational(FirstFrame) / Video.FrameRate;
}
