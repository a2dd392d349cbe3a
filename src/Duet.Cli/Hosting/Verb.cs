using System.CommandLine;

namespace Duet.Cli.Hosting;

/// <summary>A command line that works as it stands, and what it does.</summary>
/// <param name="CommandLine">Begins with <c>duet</c>.</param>
/// <param name="Description">A few words.</param>
internal sealed record VerbExample(string CommandLine, string Description);

/// <summary>A verb, or a group of verbs. Its help ends with its examples.</summary>
internal sealed class Verb(string name, string description) : Command(name, description)
{
    /// <summary>At least one.</summary>
    public required IReadOnlyList<VerbExample> Examples { get; init; }

    /// <summary>Runs the body under <see cref="CommandHost"/>: signals, errors and exit codes are handled there.</summary>
    public void Run(Func<CommandContext, Task<int>> body) => SetAction((parse, _) => CommandHost.RunAsync(parse, body));
}
