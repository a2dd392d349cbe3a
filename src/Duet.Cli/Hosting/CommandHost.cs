using System.CommandLine;
using Duet.Data;
using Spectre.Console;

namespace Duet.Cli.Hosting;

/// <summary>Runs a verb's body: output streams, signals, errors, exit codes.</summary>
internal static class CommandHost
{
    /// <summary>Without a terminal nothing is wrapped to a window that is not there.</summary>
    private const int PlainWidth = 1000;

    /// <summary>Runs the body.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <param name="body">The verb; its result is the exit code.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(ParseResult parse, Func<CommandContext, Task<int>> body)
    {
        var json = parse.GetValue(GlobalOptions.Json);
        var result = Console.Out;
        if (json)
        {
            Console.SetOut(Console.Error); // so that nothing but the result can reach standard output
        }

        using var interrupt = new Interrupt();
        try
        {
            var console = CreateConsole(json ? Console.Error : result);
            var context = new CommandContext(parse, json, result, console, interrupt.Token);
            return await body(context).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            return ErrorReport.Print(exception, interrupt.Token.IsCancellationRequested, Console.Error);
        }
        finally
        {
            await result.FlushAsync().ConfigureAwait(false);
            Console.SetOut(result);
        }
    }

    private static IAnsiConsole CreateConsole(TextWriter writer)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        if (!console.Profile.Out.IsTerminal)
        {
            console.Profile.Width = PlainWidth;
        }

        return console;
    }
}
