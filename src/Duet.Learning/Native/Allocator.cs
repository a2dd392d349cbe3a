using System.Runtime.InteropServices;

namespace Duet.Learning.Native;

/// <summary>
/// glibc gives large blocks back to the system as soon as they are freed, so that every batch's activations are page-faulted
/// anew; that took most of the time of a memory-bound step. Raising the two thresholds makes it keep them.
/// </summary>
internal static partial class Allocator
{
    private const int TrimThreshold = -1; // M_TRIM_THRESHOLD
    private const int MmapThreshold = -3; // M_MMAP_THRESHOLD
    private const int TopPad = -2; // M_TOP_PAD

    /// <summary>Tells glibc to keep and reuse large blocks. Does nothing on other systems.</summary>
    public static void KeepLargeBlocks()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            _ = MallOpt(MmapThreshold, 1 << 30);
            _ = MallOpt(TrimThreshold, int.MaxValue);
            _ = MallOpt(TopPad, 64 << 20);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library (musl) has no such knobs: nothing to set.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int MallOpt(int parameter, int value);
}
