using System.Runtime.InteropServices;

namespace Duet.Cli.Hosting;

/// <summary>
/// SIGINT (Ctrl-C), SIGTERM and SIGUSR1 (what a scheduler sends before its time limit) ask the work to stop and save; so do those that follow,
/// as a scheduler sends more than one. A second SIGINT leaves at once.
/// </summary>
internal sealed partial class Interrupt : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly List<PosixSignalRegistration> registrations;
    private int told;
    private int interrupts;

    public Interrupt()
    {
        registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
        ];
        if (UserSignal is { } number)
        {
            registrations.Add(PosixSignalRegistration.Create(number, Handle));
        }
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>SIGUSR1: .NET has no name for it but takes the system's numbers. Linux on MIPS has another, which .NET does not run on.</summary>
    private static PosixSignal? UserSignal => OperatingSystem.IsLinux() ? (PosixSignal)10
        : OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD() ? (PosixSignal)30
        : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }

        source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Exchange(ref told, 1) == 0)
        {
            Console.Error.WriteLine("stopping; press Ctrl-C again to leave at once");
            source.Cancel();
        }

        // Counted by themselves: signals of different kinds are handled side by side, in no order.
        if (context.Signal == PosixSignal.SIGINT && Interlocked.Increment(ref interrupts) > 1)
        {
            if (!Console.IsErrorRedirected)
            {
                Console.Error.Write("\e[?25h"); // a live display may have hidden the cursor
            }

            if (OperatingSystem.IsWindows())
            {
                Environment.Exit(ExitCodes.Interrupted);
            }

            Leave(ExitCodes.Interrupted);
        }
    }

    /// <summary>
    /// libc's <c>_exit</c>: no finalisers, no static destructors. <see cref="Environment.Exit"/> runs libtorch's destructors under its
    /// still running threads.
    /// </summary>
    [LibraryImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void Leave(int status);
}
