using System.Diagnostics;
using System.Text;

namespace Duet.Cli.Tests.Support;

/// <summary>What a call of the command left behind.</summary>
internal sealed record DuetResult(int ExitCode, string Output, string Error);

/// <summary>Starts the built command as a user does: a process of its own, its two streams apart.</summary>
internal static class DuetProcess
{
    /// <summary>Only to end what hangs: a loaded machine may need long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    /// <summary>The built program, which lies beside the tests.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "Duet.Cli.dll");

    public static DuetResult Run(params string[] arguments) => RunIn(folder: null, environment: null, arguments);

    public static DuetResult RunIn(string? folder, IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        using var process = Start(folder, environment, arguments);
        return Wait(process, arguments);
    }

    /// <summary>Runs the command with a file system of its own, mounted for it alone; see <see cref="PrivateMount"/>.</summary>
    /// <param name="mount">Where to mount it, and how.</param>
    /// <param name="folder">The working folder.</param>
    /// <param name="arguments">What the user types.</param>
    public static DuetResult RunWith(PrivateMount mount, string folder, params string[] arguments)
    {
        using var process = Start(mount.Around([DotnetPath(), Program, .. arguments]), folder, environment: null);
        return Wait(process, arguments);
    }

    /// <summary>Runs a script that may mount file systems, with the words of the command as its arguments; see <see cref="PrivateMount.Shell"/>.</summary>
    /// <param name="script">The script.</param>
    /// <param name="folder">The working folder.</param>
    /// <param name="arguments">What the user types.</param>
    public static DuetResult RunInScript(string script, string folder, params string[] arguments)
    {
        using var process = Start(PrivateMount.Shell(script, [DotnetPath(), Program, .. arguments]), folder, environment: null);
        return Wait(process, arguments);
    }

    /// <summary>Runs the command, and does something to the process as soon as it has printed a line that begins as given.</summary>
    public static DuetResult RunUntil(string folder, string line, Action<Process> then, params string[] arguments)
    {
        using var process = Start(folder, environment: null, arguments);
        var error = process.StandardError.ReadToEndAsync();
        var output = new StringBuilder();
        using var limit = new Timer(_ => process.Kill(entireProcessTree: true), state: null, Patience, Timeout.InfiniteTimeSpan);
        var reached = false;
        while (process.StandardOutput.ReadLine() is { } text)
        {
            output.Append(text).Append('\n');
            if (!reached && text.StartsWith(line, StringComparison.Ordinal))
            {
                reached = true;
                then(process);
            }
        }

        process.WaitForExit();
        return reached
            ? new DuetResult(process.ExitCode, output.ToString(), error.GetAwaiter().GetResult())
            : throw new InvalidOperationException($"duet {string.Join(' ', arguments)} never printed '{line}' but:\n{output}{error.GetAwaiter().GetResult()}");
    }

    private static DuetResult Wait(Process process, string[] arguments)
    {
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"duet {string.Join(' ', arguments)} did not end.");
        }

        return new DuetResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    public static Process Start(string? folder, IReadOnlyDictionary<string, string>? environment, params string[] arguments) =>
        Start([.. HearsInterrupts, DotnetPath(), Program, .. arguments], folder, environment);

    /// <summary>A shell that runs the tests in the background makes its children ignore Ctrl-C; the program under test must not inherit that.</summary>
    private static string[] HearsInterrupts => OperatingSystem.IsLinux() ? ["/usr/bin/env", "--default-signal=INT"] : [];

    private static Process Start(string[] words, string? folder, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    /// <summary>The runtime that runs the tests, wherever it is: <c>PATH</c> may be changed for the child.</summary>
    private static string DotnetPath()
    {
        var runtime = new DirectoryInfo(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory());
        var dotnet = Path.Combine(runtime.Parent!.Parent!.Parent!.FullName, "dotnet");
        return File.Exists(dotnet) ? dotnet : "dotnet";
    }
}
