using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Duet.Data.Native;

namespace Duet.Data.Media;

/// <summary>How a child process ended.</summary>
/// <param name="ExitCode">Its exit code; 128 + the signal's number where a signal ended it.</param>
/// <param name="Limit">The limit for which it was ended.</param>
internal readonly record struct ChildExit(int ExitCode, ChildLimit Limit);

/// <summary>
/// Runs a program with an argument list (no shell) and both of its outputs read at once, each line and each read bounded.
/// It is killed where it is over a limit, where a reader throws, or on cancellation; it never outlives the call, nor, on Linux, this process.
/// </summary>
internal static class ChildProcess
{
    /// <summary>Longest line of standard error that is passed on; the rest of a longer one is dropped.</summary>
    public const int MaxLine = 4096;

    private const int ReadBytes = 1 << 16; // what a pipe holds
    private const int FileNotFound = 2;
    private const int Signal = 128;
    private const int FileTooLong = 25;
    private const int Killed = 9;

    /// <summary>Many times what ffmpeg opens at once.</summary>
    private const int OpenFiles = 256;

    /// <summary>What a program needs to start: wrappers need the first ones, programs with libraries of their own the next, Windows the rest.</summary>
    private static readonly string[] Kept =
        ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "SystemRoot", "SystemDrive", "TEMP", "TMP"];

    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="arguments">Its arguments, as it will see them.</param>
    /// <param name="onOutput">Receives standard output piece by piece, on one thread.</param>
    /// <param name="onErrorLine">Receives standard error line by line, on one other thread.</param>
    /// <param name="limits">What it may use.</param>
    /// <param name="otherProgress">A number that changes with progress that its outputs do not show, such as a file's length.</param>
    /// <param name="cancellationToken">Kills the program.</param>
    public static async Task<ChildExit> RunAsync(
        string program,
        IEnumerable<string> arguments,
        Action<ReadOnlySpan<byte>> onOutput,
        Action<string> onErrorLine,
        ChildLimits limits,
        Func<long>? otherProgress,
        CancellationToken cancellationToken)
    {
        using var process = new Process { StartInfo = StartInfo(program, arguments) };
        process.StartInfo.RedirectStandardOutput = true;
        cancellationToken.ThrowIfCancellationRequested();
        using var lifeline = Start(process, program);
        if (limits.ByKernel)
        {
            ResourceLimits.Set(process.Id, limits.KernelSeconds, limits.MemoryBytes, limits.FileBytes, OpenFiles);
            ResourceLimits.Sacrifice(process.Id);
        }

        process.StandardInput.Close();
        var watch = new ChildWatch(process, limits, otherProgress, () => Kill(process));
        var output = Task.Factory.StartNew(
            () => Guarded(process, () => ReadOutput(process.StandardOutput.BaseStream, onOutput, watch)),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var errors = Task.Factory.StartNew(
            () => Guarded(process, () => ReadLines(process.StandardError, onErrorLine)),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = watch.RunAsync(ended.Token);
        await using (cancellationToken.Register(() => Kill(process)))
        {
            try
            {
                await Task.WhenAll(output, errors).ConfigureAwait(false);
            }
            finally
            {
                // Whoever threw has killed it; and one that has closed its pipes and lives on is the watch's.
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);

                // Process leaves pipes that somebody has read to the garbage collector, which is in no hurry.
                process.StandardOutput.Dispose();
                process.StandardError.Dispose();
                await ended.CancelAsync().ConfigureAwait(false);
                await watching.ConfigureAwait(false);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (process.ExitCode is Signal + 2 or Signal + 15 && watch.Exceeded == ChildLimit.None)
        {
            await InterruptedAsync(program, cancellationToken).ConfigureAwait(false);
        }

        return new ChildExit(process.ExitCode, (watch.Exceeded, process.ExitCode - Signal) switch
        {
            (ChildLimit.None, FileTooLong) => ChildLimit.FileSize,
            (ChildLimit.None, Killed) => ChildLimit.Killed,
            var (limit, _) => limit,
        });
    }

    /// <summary>
    /// How ffmpeg and its like are started: without a shell, with an argument list, and with only what they need of the environment. ffmpeg's own
    /// variables change what it prints or writes (FFREPORT, AV_LOG_FORCE_COLOR) and the loader's what it runs (LD_PRELOAD).
    /// </summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments, as it will see them.</param>
    public static ProcessStartInfo StartInfo(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardError = true,
            StandardErrorEncoding = Encoding.UTF8,
        };
        var kept = Kept.Select(name => KeyValuePair.Create(name, Environment.GetEnvironmentVariable(name))).Where(pair => pair.Value is not null).ToList();
        start.Environment.Clear();
        foreach (var (name, value) in kept)
        {
            start.Environment[name] = value;
        }

        start.Environment["LC_ALL"] = "C"; // its messages are read
        return start;
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

    private static Lifeline Start(Process process, string program)
    {
        try
        {
            return Lifeline.Start(process);
        }
        catch (Win32Exception e) when (e.NativeErrorCode == FileNotFound)
        {
            throw new MediaToolsMissingException(Path.GetFileName(program));
        }
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

    private static void ReadOutput(Stream stream, Action<ReadOnlySpan<byte>> onOutput, ChildWatch watch)
    {
        var buffer = new byte[ReadBytes];
        for (var read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
        {
            watch.Add(read);
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

    private static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true); // ffmpeg may be a wrapper that started the real one
            }
        }
        catch (InvalidOperationException)
        {
            // It ended between the question and the signal.
        }
    }
}
