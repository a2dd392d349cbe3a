using System.Runtime.InteropServices;

namespace Duet.Data.Native;

/// <summary>Asks the system to treat a thread as background work. Only on Linux; elsewhere nothing changes.</summary>
internal static partial class ThreadPolicy
{
    private const int Batch = 3; // SCHED_BATCH

    /// <summary>
    /// The calling thread waits its turn when it wakes up, where it would else interrupt whoever computes on that processor. Its share of the processor
    /// stays what it is, unlike with a lower priority.
    /// </summary>
    public static void WaitForTurn()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetScheduler(0, Batch, 0); // a sandbox may refuse, and then it is as before
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_setscheduler")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetScheduler(int thread, int policy, in int priority);
}
