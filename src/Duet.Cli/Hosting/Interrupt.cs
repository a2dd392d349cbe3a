using System.Runtime.InteropServices;

namespace Duet.Cli.Hosting;

/// <summary>The first Ctrl-C or SIGTERM asks the work to stop and save; a second one leaves at once.</summary>
internal sealed partial class Interrupt : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;
    private int received;

    public Interrupt() => registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
    ];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => source.Token;

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
        if (Interlocked.Increment(ref received) > 1)
        {
            if (!Console.IsErrorRedirected)
            {
                Console.Error.Write("\e[?25h"); // a live display may have hidden the cursor
            }

            Leave(ExitCodes.Interrupted);
        }

        Console.Error.WriteLine("stopping; press Ctrl-C again to leave at once");
        source.Cancel();
    }

    /// <summary>
    /// libc's <c>_exit</c>: no finalisers, no static destructors. <see cref="Environment.Exit"/> runs libtorch's destructors under its
    /// still running threads.
    /// </summary>
    [LibraryImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void Leave(int status);
}
