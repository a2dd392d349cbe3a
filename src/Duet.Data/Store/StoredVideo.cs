namespace Duet.Data.Store;

/// <summary>
/// One ready video of a store: what training needs to know to draw windows from it. Frame 0 and sample 0 are the same
/// instant; both run to the end that the shorter of the two streams allows. A store of sound alone has no frames, one of
/// pictures alone no samples.
/// </summary>
public sealed record StoredVideo
{
    /// <summary>The id: the first 32 hexadecimal digits of the source file's SHA-256.</summary>
    public required string Id { get; init; }

    /// <summary>The source file's path as it was ingested, relative to the ingested folder where there was one.</summary>
    public required string SourcePath { get; init; }

    /// <summary>How many frames are stored; 0 where only sound is.</summary>
    public required int FrameCount { get; init; }

    /// <summary>Frames per second, constant over the video.</summary>
    public required Rational FrameRate { get; init; }

    /// <summary>The stored frames' width, pixels; 0 where there are none.</summary>
    public required int Width { get; init; }

    /// <summary>The stored frames' height, pixels; 0 where there are none.</summary>
    public required int Height { get; init; }

    /// <summary>The sound's sample rate, Hz.</summary>
    public required int SampleRate { get; init; }

    /// <summary>How many mono samples are stored; 0 where only pictures are.</summary>
    public required long SampleCount { get; init; }

    /// <summary>A class label, where the source had one.</summary>
    public string? Label { get; init; }

    /// <summary>A split's name (<c>train</c>, <c>test</c>, <c>fold1</c> ...), where the source had one.</summary>
    public string? Split { get; init; }

    /// <summary>The shard's number.</summary>
    public required int Shard { get; init; }

    /// <summary>Byte offset of the JSON entry's content in the shard.</summary>
    public required long JsonOffset { get; init; }

    /// <summary>Length of the JSON entry's content, bytes.</summary>
    public required int JsonLength { get; init; }

    /// <summary>Byte offset of the JPEG frames' content in the shard.</summary>
    public required long FramesOffset { get; init; }

    /// <summary>Length of the JPEG frames' content, bytes.</summary>
    public required long FramesLength { get; init; }

    /// <summary>Byte offset of the first PCM sample in the shard (after the WAV header).</summary>
    public required long SamplesOffset { get; init; }

    /// <summary>Whether it has pictures.</summary>
    public bool HasFrames => FrameCount > 0;

    /// <summary>Whether it has sound.</summary>
    public bool HasSound => SampleCount > 0;

    /// <summary>The part of the video for which both frames and sound exist, seconds; the length of the one that it has where that is all.</summary>
    public Rational Duration
    {
        get
        {
            if (!HasFrames || !HasSound)
            {
                return HasFrames ? new Rational(FrameCount) / FrameRate : new Rational(SampleCount, SampleRate);
            }

            var frames = new Rational(FrameCount) / FrameRate;
            var samples = new Rational(SampleCount, SampleRate);
            return frames < samples ? frames : samples;
        }
    }
}
