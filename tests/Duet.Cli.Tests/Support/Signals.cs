using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Duet.Cli.Tests.Support;

/// <summary>Signals, as a shell sends them.</summary>
internal static partial class Signals
{
    private const int Interrupt = 2;
    private const int Terminate = 15;
    private const int Continue = 18;
    private const int Stop = 19;

    /// <summary>SIGINT: Ctrl-C.</summary>
    public static void SendInterrupt(Process process) => Send(process, Interrupt);

    /// <summary>SIGTERM.</summary>
    public static void SendTerminate(Process process) => Send(process, Terminate);

    /// <summary>
    /// Two requests to stop with nothing between them: the process is held while both are sent. Two signals of different kinds, since
    /// the kernel keeps one of each.
    /// </summary>
    public static void SendTwo(Process process)
    {
        Send(process, Stop);
        Send(process, Interrupt);
        Send(process, Terminate);
        Send(process, Continue);
    }

    private static void Send(Process process, int signal)
    {
        if (Kill(process.Id, signal) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);
}
