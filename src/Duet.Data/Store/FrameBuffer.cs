namespace Duet.Data.Store;

/// <summary>
/// The JPEG bytes of some frames, as they lie in the store. Reusable: a worker keeps one and has it filled again and
/// again, so that reading frames makes no garbage once the buffer has grown to the largest clip.
/// </summary>
public sealed class FrameBuffer
{
    /// <summary>The frames' bytes; only the stretches that <see cref="Frames"/> names are meaningful.</summary>
    public byte[] Bytes { get; private set; } = [];

    /// <summary>Where each frame's JPEG lies in <see cref="Bytes"/>; the first <see cref="Count"/> are valid.</summary>
    public (int Offset, int Length)[] Frames { get; private set; } = [];

    /// <summary>How many frames the buffer holds.</summary>
    public int Count { get; private set; }

    /// <summary>Empties the buffer and makes room.</summary>
    /// <param name="count">Frames that will be written to <see cref="Frames"/>.</param>
    /// <param name="bytes">Bytes that will be written to <see cref="Bytes"/>.</param>
    public void Reset(int count, int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (Frames.Length < count)
        {
            Frames = new (int, int)[count];
        }

        if (Bytes.Length < bytes)
        {
            Bytes = new byte[Math.Min(Array.MaxLength, bytes + (bytes / 4L))]; // slack: clips differ a little in size
        }

        Count = count;
    }
}
