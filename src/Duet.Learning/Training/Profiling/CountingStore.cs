using Duet.Data.Clips;
using Duet.Data.Store;

namespace Duet.Learning.Training.Profiling;

/// <summary>A store that counts what is read of it.</summary>
internal sealed class CountingStore(IClipStore store) : IClipStore
{
    private long bytes;

    /// <summary>Bytes of JPEG frames and of sound read so far.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    public int ReadFrames(StoredVideo video, int firstFrame, int count, int step, FrameBuffer destination)
    {
        var read = store.ReadFrames(video, firstFrame, count, step, destination);
        var sum = 0L;
        for (var i = 0; i < destination.Count; i++)
        {
            sum += destination.Frames[i].Length;
        }

        Interlocked.Add(ref bytes, sum);
        return read;
    }

    public void ReadSamples(StoredVideo video, long firstSample, Span<short> destination)
    {
        store.ReadSamples(video, firstSample, destination);
        Interlocked.Add(ref bytes, destination.Length * sizeof(short));
    }
}
