using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Duet.Data.Native;

/// <summary>
/// Ties a child process to this one: however this one ends, <c>kill -9</c> included, the system kills the child at once. The child inherits
/// a pipe's end for reading, which is set to report what happens to it with SIGKILL to the child; what happens is that the end for writing closes,
/// which only this process has. (<c>PR_SET_PDEATHSIG</c> is for the child to call, and means the parent's thread, which may end earlier.)
/// Elsewhere than on Linux the child is started and nothing more.
/// </summary>
internal sealed partial class Lifeline : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int SetDescriptorFlags = 2;
    private const int GetStatusFlags = 3;
    private const int SetStatusFlags = 4;
    private const int SetOwner = 8;
    private const int SetSignal = 10;
    private const int DescriptorCloseOnExec = 1;
    private const int Async = 0x2000;
    private const int Kill = 9;

    /// <summary>While a pipe may be inherited, no other child may be started, or it would get that pipe too.</summary>
    private static readonly Lock Gate = new();

    private readonly SafeFileHandle? held;

    private Lifeline(SafeFileHandle? held) => this.held = held;

    /// <summary>Starts a process on a lifeline.</summary>
    /// <param name="process">What to start.</param>
    /// <returns>Kills the process when disposed of, should it still run.</returns>
    /// <exception cref="System.ComponentModel.Win32Exception">It can't be started.</exception>
    public static Lifeline Start(Process process)
    {
        if (!OperatingSystem.IsLinux())
        {
            process.Start();
            return new Lifeline(held: null);
        }

        return StartOnPipe(process);
    }

    /// <inheritdoc/>
    public void Dispose() => held?.Dispose();

    [SupportedOSPlatform("linux")]
    private static Lifeline StartOnPipe(Process process)
    {
        Span<int> ends = stackalloc int[2];
        if (Pipe(ends, CloseOnExec) != 0)
        {
            throw new IOException($"There is no pipe for a child process: {Marshal.GetLastPInvokeErrorMessage()}.");
        }

        var writing = new SafeFileHandle(ends[1], ownsHandle: true);
        using var reading = new SafeFileHandle(ends[0], ownsHandle: true);
        try
        {
            lock (Gate)
            {
                Control(ends[0], SetDescriptorFlags, 0);
                process.Start();
                Control(ends[0], SetDescriptorFlags, DescriptorCloseOnExec);
            }

            // A sandbox may refuse these (gVisor): then the child ends at its next write into a pipe that nobody reads.
            Control(ends[0], SetOwner, process.Id);
            Control(ends[0], SetSignal, Kill);
            Control(ends[0], SetStatusFlags, Control(ends[0], GetStatusFlags, 0) | Async);
            return new Lifeline(writing);
        }
        catch
        {
            writing.Dispose();
            throw;
        }
    }

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static partial int Pipe(Span<int> ends, int flags);

    /// <summary><c>fcntl</c>; on Linux its last argument is passed as every other one.</summary>
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, int argument);
}
