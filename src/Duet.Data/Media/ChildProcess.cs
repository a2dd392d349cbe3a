using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Duet.Data.Media;

/// <summary>How a child process ended.</summary>
/// <param name="ExitCode">Its exit code; 128 + the signal's number where a signal ended it.</param>
/// <param name="Stalled">Whether it was killed because it made no progress.</param>
internal readonly record struct ChildExit(int ExitCode, bool Stalled);

/// <summary>
/// Runs a program with an argument list (no shell) and both of its outputs read at once, each line and each read bounded.
/// It is killed where it makes no progress for a while, where a reader throws, or on cancellation; it never outlives the call.
/// </summary>
internal static class ChildProcess
{
    /// <summary>Longest line of standard error that is passed on; the rest of a longer one is dropped.</summary>
    public const int MaxLine = 4096;

    private const int ReadBytes = 1 << 16; // what a pipe holds
    private const int FileNotFound = 2;
    private const int Signal = 128;

    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="arguments">Its arguments, as it will see them.</param>
    /// <param name="onOutput">Receives standard output piece by piece, on one thread.</param>
    /// <param name="onErrorLine">Receives standard error line by line, on one other thread.</param>
    /// <param name="stall">How long it may make no progress.</param>
    /// <param name="otherProgress">A number that changes with progress that its outputs do not show, such as a file's length.</param>
    /// <param name="cancellationToken">Kills the program.</param>
    public static async Task<ChildExit> RunAsync(
        string program,
        IEnumerable<string> arguments,
        Action<ReadOnlySpan<byte>> onOutput,
        Action<string> onErrorLine,
        TimeSpan stall,
        Func<long>? otherProgress,
        CancellationToken cancellationToken)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardErrorEncoding = Encoding.UTF8,
            },
        };
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            process.Start();
        }
        catch (Win32Exception e) when (e.NativeErrorCode == FileNotFound)
        {
            throw new MediaToolsMissingException(Path.GetFileName(program));
        }

        process.StandardInput.Close();
        var progress = new Progress();
        var output = Task.Factory.StartNew(
            () => Guarded(process, () => ReadOutput(process.StandardOutput.BaseStream, onOutput, progress)),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var errors = Task.Factory.StartNew(
            () => Guarded(process, () => ReadLines(process.StandardError, onErrorLine)),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watchdog = WatchAsync(process, progress, otherProgress, stall, ended.Token);
        await using (cancellationToken.Register(() => Kill(process)))
        {
            try
            {
                await Task.WhenAll(output, errors).ConfigureAwait(false);
            }
            finally
            {
                Kill(process);

                // Process leaves pipes that somebody has read to the garbage collector, which is in no hurry.
                process.StandardOutput.Dispose();
                process.StandardError.Dispose();
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
                await ended.CancelAsync().ConfigureAwait(false);
                await watchdog.ConfigureAwait(false);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (process.ExitCode is Signal + 2 or Signal + 15 && !progress.Stalled)
        {
            await InterruptedAsync(program, cancellationToken).ConfigureAwait(false);
        }

        return new ChildExit(process.ExitCode, progress.Stalled);
    }

    /// <summary>
    /// A child that a signal stopped says nothing about its file. Ctrl-C reaches children and parent at once: the
    /// cancellation is waited for, and where none comes, somebody else stopped the child.
    /// </summary>
    /// <param name="program">Which.</param>
    /// <param name="cancellationToken">The cancellation that is expected.</param>
    public static async Task InterruptedAsync(string program, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromSeconds(3), cancellationToken).ConfigureAwait(false);
        throw new DuetException($"{Path.GetFileName(program)} was stopped by a signal from outside. Run the command again to go on where it was.");
    }

    private static void Guarded(Process process, Action read)
    {
        try
        {
            read();
        }
        catch
        {
            Kill(process); // or the other reader would wait for the end of a process that nobody reads any more
            throw;
        }
    }

    private static void ReadOutput(Stream stream, Action<ReadOnlySpan<byte>> onOutput, Progress progress)
    {
        var buffer = new byte[ReadBytes];
        for (var read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
        {
            progress.Add(read);
            onOutput(buffer.AsSpan(0, read));
        }
    }

    private static void ReadLines(StreamReader reader, Action<string> onLine)
    {
        var buffer = new char[4096];
        var line = new StringBuilder();
        for (var read = reader.Read(buffer); read > 0; read = reader.Read(buffer))
        {
            foreach (var c in buffer.AsSpan(0, read))
            {
                if (c is '\n' or '\r')
                {
                    Flush();
                }
                else if (line.Length < MaxLine)
                {
                    line.Append(c);
                }
            }
        }

        Flush();

        void Flush()
        {
            if (line.Length > 0)
            {
                onLine(line.ToString());
                line.Clear();
            }
        }
    }

    private static async Task WatchAsync(Process process, Progress progress, Func<long>? other, TimeSpan stall, CancellationToken ended)
    {
        var last = long.MinValue;
        try
        {
            while (true)
            {
                await Task.Delay(stall, ended).ConfigureAwait(false);
                var now = progress.Bytes + (other?.Invoke() ?? 0);
                if (now == last)
                {
                    progress.Stalled = true;
                    Kill(process);
                    return;
                }

                last = now;
            }
        }
        catch (OperationCanceledException)
        {
            // The process ended: nothing is left to watch.
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
        catch (InvalidOperationException)
        {
            // It ended between the question and the signal.
        }
    }

    private sealed class Progress
    {
        private long bytes;
        private volatile bool stalled;

        public long Bytes => Interlocked.Read(ref bytes);

        public bool Stalled
        {
            get => stalled;
            set => stalled = value;
        }

        public void Add(int count) => Interlocked.Add(ref bytes, count);
    }
}
