using Duet.Data.Store;

namespace Duet.Data.Clips;

/// <summary>What the loader reads from: a video store, or memory in tests. Implementations are safe to use from several threads.</summary>
public interface IClipStore
{
    /// <summary>Reads the JPEG bytes of some frames of a video.</summary>
    /// <param name="video">The video.</param>
    /// <param name="firstFrame">The first frame's index.</param>
    /// <param name="count">How many frames.</param>
    /// <param name="step">The step between frames, in stored frames.</param>
    /// <param name="destination">Filled with the frames.</param>
    /// <returns>How many frames were read.</returns>
    /// <exception cref="StoreException">The video's bytes can't be read or are not what the store's index says.</exception>
    int ReadFrames(StoredVideo video, int firstFrame, int count, int step, FrameBuffer destination);

    /// <summary>Reads PCM samples of a video; samples outside the track are silence.</summary>
    /// <param name="video">The video.</param>
    /// <param name="firstSample">The first sample; may lie outside the track.</param>
    /// <param name="destination">Filled with samples.</param>
    /// <exception cref="StoreException">The video's bytes can't be read.</exception>
    void ReadSamples(StoredVideo video, long firstSample, Span<short> destination);
}
