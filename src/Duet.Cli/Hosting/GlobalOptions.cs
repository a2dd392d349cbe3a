using System.CommandLine;

namespace Duet.Cli.Hosting;

/// <summary>Options that every verb has.</summary>
internal static class GlobalOptions
{
    /// <summary><c>--json</c>.</summary>
    public static Option<bool> Json { get; } = new("--json")
    {
        Description = "Print the result as JSON on standard output and nothing else there; messages go to standard error.",
        Recursive = true,
    };
}
