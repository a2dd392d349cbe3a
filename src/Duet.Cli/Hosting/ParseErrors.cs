using System.CommandLine;
using Duet.Data;

namespace Duet.Cli.Hosting;

/// <summary>Says what is wrong with a command line and what is nearest to it.</summary>
internal static class ParseErrors
{
    /// <summary>Prints the errors.</summary>
    /// <returns><see cref="ExitCodes.WrongUse"/>.</returns>
    public static int Print(ParseResult parse, TextWriter error)
    {
        var command = parse.CommandResult.Command;
        var path = PathOf(parse);
        if (parse.UnmatchedTokens is [var token, ..])
        {
            // The library also reports what is missing behind an unknown word; the unknown word is the cause.
            var isOption = token.StartsWith('-');
            error.WriteLine(isOption || command.Subcommands.Count > 0
                ? $"error: '{token}' is no {(isOption ? "option" : "verb")} of '{path}'.{Suggestion(token, Names(parse, isOption))}"
                : $"error: '{token}' is one argument too many for '{path}'.");
        }
        else
        {
            foreach (var message in parse.Errors.Select(e => e.Message).Distinct(StringComparer.Ordinal))
            {
                error.WriteLine($"error: {(command.Subcommands.Count > 0 && command.Action is null ? MissingVerb(command, path) : message)}");
            }
        }

        error.WriteLine($"See '{path} --help'.");
        return ExitCodes.WrongUse;
    }

    private static string MissingVerb(Command command, string path) =>
        $"'{path}' needs a verb: {string.Join(", ", command.Subcommands.Select(c => c.Name))}.";

    private static string Suggestion(string token, IEnumerable<string> names) =>
        NearestName.Find(token, names) is { } nearest ? $" Did you mean '{nearest}'?" : "";

    private static IEnumerable<string> Names(ParseResult parse, bool options)
    {
        var command = parse.CommandResult.Command;
        return options
            ? command.Options.Concat(Ancestors(parse).SelectMany(c => c.Options.Where(o => o.Recursive))).Select(o => o.Name)
            : command.Subcommands.Select(c => c.Name);
    }

    private static string PathOf(ParseResult parse) => string.Join(' ', Ancestors(parse).Reverse().Select(c => c.Name));

    private static IEnumerable<Command> Ancestors(ParseResult parse)
    {
        for (System.CommandLine.Parsing.SymbolResult? at = parse.CommandResult; at is not null; at = at.Parent)
        {
            if (at is System.CommandLine.Parsing.CommandResult result)
            {
                yield return result.Command;
            }
        }
    }
}
