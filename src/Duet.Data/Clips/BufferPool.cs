namespace Duet.Data.Clips;

/// <summary>Reuses the large arrays of batches. Arrays are pinned, so that they can be lent to native code as they are.</summary>
internal sealed class BufferPool<T>
    where T : unmanaged
{
    private readonly Lock gate = new();
    private readonly List<T[]> idle = [];
    private long allocated;

    /// <summary>Arrays made so far.</summary>
    public long Allocated => Interlocked.Read(ref allocated);

    /// <summary>An array of at least this length; what it holds is undefined.</summary>
    public T[] Rent(int length)
    {
        if (length == 0)
        {
            return [];
        }

        lock (gate)
        {
            for (var i = idle.Count - 1; i >= 0; i--)
            {
                var found = idle[i];
                if (found.Length >= length)
                {
                    idle.RemoveAt(i);
                    return found;
                }
            }

            // What is idle and too small belongs to batches of another shape: drop one for each that is made.
            if (idle.Count > 0)
            {
                idle.RemoveAt(0);
            }
        }

        Interlocked.Increment(ref allocated);
        return GC.AllocateUninitializedArray<T>(length, pinned: true);
    }

    /// <summary>Takes an array back.</summary>
    public void Return(T[] array)
    {
        if (array.Length > 0)
        {
            lock (gate)
            {
                idle.Add(array);
            }
        }
    }
}
