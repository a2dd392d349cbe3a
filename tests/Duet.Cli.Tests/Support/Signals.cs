using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Duet.Cli.Tests.Support;

/// <summary>Signals, as a shell sends them.</summary>
internal static partial class Signals
{
    private const int Interrupt = 2;
    private const int User = 10;
    private const int Terminate = 15;
    private const int Continue = 18;
    private const int Stop = 19;

    /// <summary>SIGINT: Ctrl-C.</summary>
    public static void SendInterrupt(Process process) => Send(process, Interrupt);

    /// <summary>SIGTERM.</summary>
    public static void SendTerminate(Process process) => Send(process, Terminate);

    /// <summary>SIGUSR1.</summary>
    public static void SendUser(Process process) => Send(process, User);

    /// <summary>Ctrl-C twice: the second as soon as the process has taken the first, as the kernel keeps only one of a kind.</summary>
    public static void SendTwoInterrupts(Process process)
    {
        Send(process, Interrupt);
        while (IsPending(process, Interrupt))
        {
            Thread.Yield();
        }

        Send(process, Interrupt);
    }

    /// <summary>Two requests to stop with nothing between them: the process is held while both are sent, and then gets the lower number first.</summary>
    public static void SendInterruptThenTerminate(Process process)
    {
        Send(process, Stop);
        Send(process, Interrupt);
        Send(process, Terminate);
        Send(process, Continue);
    }

    private static bool IsPending(Process process, int signal)
    {
        var line = File.ReadLines($"/proc/{process.Id}/status").First(l => l.StartsWith("ShdPnd:", StringComparison.Ordinal));
        return (Convert.ToUInt64(line["ShdPnd:".Length..].Trim(), 16) & (1UL << (signal - 1))) != 0;
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
