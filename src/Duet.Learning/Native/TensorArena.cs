using System.Runtime.InteropServices;

namespace Duet.Learning.Native;

/// <summary>
/// Memory that large tensors share, one after the other. glibc 2.36 gives the memory of aligned blocks away in pieces that never fit again: a training step's resident memory grows with
/// every step, and each new page costs a fault. Here freed neighbours become one block again, the smallest block that fits is taken, and nothing goes back to the system in between.
/// </summary>
internal sealed unsafe partial class TensorArena
{
    /// <summary>Sizes are multiples of it.</summary>
    private const long Granularity = 4096;
    private const long HugePage = 2 << 20;
    private readonly Lock gate = new();
    private readonly Dictionary<nint, Block> used = [];
    private readonly SortedSet<Block> free = new(Comparer<Block>.Create((a, b) => a.Size != b.Size ? a.Size.CompareTo(b.Size) : a.Offset.CompareTo(b.Offset)));
    private readonly nint start;
    private readonly long capacity;
    private Block? last;

    private TensorArena(nint start, long capacity) => (this.start, this.capacity) = (start, capacity);

    /// <summary>Bytes up to the end of the last block that was ever in use: as much can be resident.</summary>
    public long Extent { get; private set; }

    /// <summary>Reserves addresses, not memory.</summary>
    /// <param name="capacity">Bytes.</param>
    /// <returns>The arena, or null where the system does not reserve so much.</returns>
    public static TensorArena? Reserve(long capacity)
    {
        const int ReadWrite = 1 | 2; // PROT_READ | PROT_WRITE
        const int PrivateAnonymousNoReserve = 0x02 | 0x20 | 0x4000; // MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        const int AdviseHugePages = 14; // MADV_HUGEPAGE
        capacity = (capacity + HugePage - 1) / HugePage * HugePage;
        var address = Map(0, (nuint)(capacity + HugePage), ReadWrite, PrivateAnonymousNoReserve, -1, 0);
        if (address == -1)
        {
            return null;
        }

        var aligned = (nint)((address + HugePage - 1) / HugePage * HugePage);
        _ = Advise(aligned, (nuint)capacity, AdviseHugePages); // where there are none, small ones do
        return new TensorArena(aligned, capacity);
    }

    /// <summary>Takes a block.</summary>
    /// <param name="bytes">Its size.</param>
    /// <returns>Its address, or 0 where the arena is full.</returns>
    public nint Take(long bytes)
    {
        var size = (bytes + Granularity - 1) / Granularity * Granularity;
        lock (gate)
        {
            var block = free.GetViewBetween(new Block { Size = size }, new Block { Size = long.MaxValue }).Min;
            if (block is not null)
            {
                free.Remove(block);
                Split(block, size);
            }
            else if (Grow(size) is { } grown)
            {
                block = grown;
            }
            else
            {
                return 0;
            }

            block.Free = false;
            var address = start + (nint)block.Offset;
            used.Add(address, block);
            return address;
        }
    }

    /// <summary>Gives a block back.</summary>
    /// <param name="address">What <see cref="Take"/> gave.</param>
    /// <returns>False where the address is not of this arena.</returns>
    public bool Give(nint address)
    {
        lock (gate)
        {
            if (!used.Remove(address, out var block))
            {
                return false;
            }

            block.Free = true;
            if (block.Before is { Free: true } before)
            {
                free.Remove(before);
                Merge(before, block);
                block = before;
            }

            if (block.After is { Free: true } after)
            {
                free.Remove(after);
                Merge(block, after);
            }

            free.Add(block);
            return true;
        }
    }

    /// <summary>A block at the end, the free one that is there included.</summary>
    private Block? Grow(long size)
    {
        if (last is { Free: true } tail)
        {
            if (tail.Offset + size > capacity)
            {
                return null;
            }

            free.Remove(tail);
            tail.Size = size;
            Extent = tail.Offset + size;
            return tail;
        }

        var offset = last is null ? 0 : last.Offset + last.Size;
        if (offset + size > capacity)
        {
            return null;
        }

        var block = new Block { Offset = offset, Size = size, Before = last };
        last?.After = block;
        last = block;
        Extent = offset + size;
        return block;
    }

    private void Split(Block block, long size)
    {
        if (block.Size == size)
        {
            return;
        }

        var rest = new Block { Offset = block.Offset + size, Size = block.Size - size, Before = block, After = block.After, Free = true };
        (block.Size, block.After) = (size, rest);
        if (rest.After is { } after)
        {
            after.Before = rest;
        }
        else
        {
            last = rest;
        }

        free.Add(rest);
    }

    private void Merge(Block first, Block second)
    {
        (first.Size, first.After) = (first.Size + second.Size, second.After);
        if (second.After is { } after)
        {
            after.Before = first;
        }
        else
        {
            last = first;
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Advise(nint address, nuint length, int advice);

    private sealed class Block
    {
        public long Offset { get; init; }

        public long Size { get; set; }

        public bool Free { get; set; }

        public Block? Before { get; set; }

        public Block? After { get; set; }
    }
}
