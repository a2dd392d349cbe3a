namespace Duet.Learning.Models.Winograd;

/// <summary>A thread's own memory for the products of a block: it grows to what is asked for, stays for the next call and goes with the thread.</summary>
internal static unsafe class WinogradScratch
{
    private const int Alignment = 64;

    [ThreadStatic]
    private static byte[]? mine;

    /// <summary>Words that a buffer on the stack needs beyond its own, so that it can begin at a cache line.</summary>
    public const int Slack = Alignment / sizeof(uint);

    /// <summary>The first cache line that begins in a buffer: vectors across two of them are slow to write and slower to read back.</summary>
    public static void* Align(void* buffer) => (void*)(((nint)buffer + Alignment - 1) & -Alignment);

    /// <summary>The calling thread's memory, aligned to cache lines, with anything in it. It holds until the same thread asks again.</summary>
    /// <param name="bytes">How much.</param>
    public static byte* Of(long bytes)
    {
        if (mine is null || mine.Length < bytes + Alignment)
        {
            mine = GC.AllocateUninitializedArray<byte>(checked((int)(bytes + Alignment)), pinned: true);
        }

        fixed (byte* start = mine)
        {
            return (byte*)Align(start); // pinned for as long as it lives
        }
    }
}
