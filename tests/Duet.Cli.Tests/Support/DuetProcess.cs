using System.Diagnostics;
using System.Text;

namespace Duet.Cli.Tests.Support;

/// <summary>What a call of the command left behind.</summary>
internal sealed record DuetResult(int ExitCode, string Output, string Error);

/// <summary>Starts the built command as a user does: a process of its own, its two streams apart.</summary>
internal static class DuetProcess
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>The built program, which lies beside the tests.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "Duet.Cli.dll");

    public static DuetResult Run(params string[] arguments) => RunIn(folder: null, environment: null, arguments);

    public static DuetResult RunIn(string? folder, IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        using var process = Start(folder, environment, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"duet {string.Join(' ', arguments)} did not end.");
        }

        return new DuetResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    public static Process Start(string? folder, IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(DotnetPath(), [Program, .. arguments])
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
