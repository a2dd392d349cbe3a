using System.Globalization;
using System.Runtime.InteropServices;

namespace Duet.Data.Native;

/// <summary>Limits that the Linux kernel itself keeps a process to. Elsewhere they do nothing.</summary>
internal static partial class ResourceLimits
{
    private const int Processor = 0;
    private const int FileSize = 1;
    private const int Data = 2;
    private const int Core = 4;
    private const int OpenFiles = 7;

    /// <summary>Sets a running process's limits; those that it starts from then on have them too.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="processorSeconds">From how many seconds of processor time on it is killed.</param>
    /// <param name="memoryBytes">
    /// Most bytes of private writable memory; more is refused. Not the address space: glibc reserves 64 MB of it per thread and uses little of that.
    /// </param>
    /// <param name="fileBytes">Longest file that it may write; a longer one ends it.</param>
    /// <param name="openFiles">Most files that it may have open.</param>
    public static void Set(int id, long processorSeconds, long memoryBytes, long fileBytes, int openFiles)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // The process may have ended by now, or a sandbox may refuse: a watch keeps the first two limits as well.
        Set(id, Processor, processorSeconds);
        Set(id, Data, memoryBytes);
        Set(id, FileSize, fileBytes);
        Set(id, OpenFiles, openFiles);
        Set(id, Core, 1); // with 0, a system that pipes core files to a collector would do so all the same
    }

    /// <summary>Makes a process the first to be killed where the system runs out of memory.</summary>
    /// <param name="id">Its id.</param>
    public static void Sacrifice(int id)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            File.WriteAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/oom_score_adj"), "1000");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended, or a sandbox has its own mind about who goes first.
        }
    }

    private static void Set(int id, int resource, long value)
    {
        var limit = new Limit((ulong)value, (ulong)value);
        _ = SetLimit(id, resource, in limit, 0);
    }

    [LibraryImport("libc", EntryPoint = "prlimit")]
    private static partial int SetLimit(int id, int resource, in Limit limit, nint old);

    private readonly record struct Limit(ulong Soft, ulong Hard);
}
