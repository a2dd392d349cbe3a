namespace Duet.Data.Clips;

/// <summary>
/// A batch of clips as plain memory, ready to be wrapped as tensors. Its buffers are pooled: they are valid until
/// <see cref="Dispose"/>, which gives them back to the loader.
/// </summary>
public sealed class ClipBatch : IDisposable
{
    private readonly Action<ClipBatch>? release;
    private bool disposed;

    internal ClipBatch(IReadOnlyList<ClipRequest> requests, int size, byte[] frames, short[] samples, IReadOnlyList<SampleFailure> failures, Action<ClipBatch>? release)
    {
        Requests = requests;
        Size = size;
        Frames = frames;
        Samples = samples;
        Failures = failures;
        this.release = release;
    }

    /// <summary>The requests that this batch answers, in their order: kinds, ids and times are read from here.</summary>
    public IReadOnlyList<ClipRequest> Requests { get; }

    /// <summary>Clips in the batch.</summary>
    public int Count => Requests.Count;

    /// <summary>Frames per clip.</summary>
    public int FramesPerClip => Requests[0].FrameCount;

    /// <summary>Height and width of the frames, pixels.</summary>
    public int Size { get; }

    /// <summary>Stretches of sound per clip.</summary>
    public int WindowsPerClip => Requests[0].Audio.Count;

    /// <summary>Samples per stretch of sound.</summary>
    public int SamplesPerWindow => WindowsPerClip == 0 ? 0 : Requests[0].Audio[0].SampleCount;

    /// <summary>RGB bytes, <c>[batch, time, height, width, 3]</c> (channels last): the first <c>Count * FramesPerClip * Size * Size * 3</c> are valid.</summary>
    public byte[] Frames { get; }

    /// <summary>PCM 16, <c>[batch, window, sample]</c>: the first <c>Count * WindowsPerClip * SamplesPerWindow</c> are valid.</summary>
    public short[] Samples { get; }

    /// <summary>Samples that could not be read. Each keeps its place in the order, as black frames and silence, and is recorded here.</summary>
    public IReadOnlyList<SampleFailure> Failures { get; }

    /// <summary>The places of the samples that could be read, in their order: an index for tensors, whose rows for the others are stand-ins.</summary>
    public long[] Readable()
    {
        var failed = Failures.Select(static f => f.Index).ToHashSet();
        return [.. Enumerable.Range(0, Count).Where(i => !failed.Contains(i)).Select(static i => (long)i)];
    }

    /// <summary>Bytes held by the valid part.</summary>
    public long Bytes => ((long)Count * FramesPerClip * Size * Size * 3) + ((long)Count * WindowsPerClip * SamplesPerWindow * sizeof(short));

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            release?.Invoke(this);
        }
    }
}

/// <summary>A sample that could not be read, and why.</summary>
/// <param name="Index">Its place in the batch.</param>
/// <param name="VideoId">The video's id.</param>
/// <param name="Reason">What failed.</param>
public sealed record SampleFailure(int Index, string VideoId, string Reason);
