using System.Diagnostics;

namespace Duet.Cli.Tests.Support;

/// <summary>
/// A small or read-only file system in memory that one process and its children see, and nobody else: what permissions can't do where
/// the tests run as root. It goes with the process.
/// </summary>
/// <param name="Folder">An existing folder to mount it on.</param>
/// <param name="Options">tmpfs options, such as <c>size=100k</c> or <c>ro</c>.</param>
internal sealed record PrivateMount(string Folder, string Options)
{
    private static readonly Lazy<string?> Checked = new(Check);

    /// <summary>Why this machine can't do it; null where it can.</summary>
    public static string? Missing => Checked.Value;

    /// <summary>The words of a command that mounts and then becomes the given one.</summary>
    public string[] Around(IEnumerable<string> command) =>
        Shell("mount -t tmpfs -o \"$1\" none \"$2\" && shift 2 && exec \"$@\"", [Options, Folder, .. command]);

    /// <summary>The words of a shell that runs a script where it may mount, seen by nobody else; what follows are its <c>$1</c>, <c>$2</c> ...</summary>
    public static string[] Shell(string script, IEnumerable<string> arguments) => ["unshare", Environment.IsPrivilegedProcess ? "-m" : "-rm", "sh", "-c", script, "sh", .. arguments];

    private static string? Check()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "Private mounts are Linux's.";
        }

        var words = new PrivateMount("/tmp", "size=100k").Around(["true"]);
        try
        {
            using var process = Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardError = true, UseShellExecute = false })!;
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"This machine allows no private mount: {error.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"There is no unshare: {e.Message}";
        }
    }
}
