using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Duet.Cli.Hosting;

/// <summary>The library's help followed by the verb's examples.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    /// <summary>The width of help where there is no terminal; fixed, so that printed help does not depend on the machine.</summary>
    private const int PlainWidth = 100;

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <summary><c>--help</c> for the root; the whole tree inherits it.</summary>
    public static HelpOption Option()
    {
        var option = new HelpOption("--help", "-h", "-?") { Description = "Show this help." };
        option.Action = new HelpWithExamples((HelpAction)option.Action!);
        return option;
    }

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        help.MaxWidth = Console.IsOutputRedirected ? PlainWidth : Math.Max(60, Console.WindowWidth);
        help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is Verb { Examples.Count: > 0 } verb)
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var example in verb.Examples)
            {
                output.WriteLine($"  {example.CommandLine}");
                output.WriteLine($"      {example.Description}");
            }
        }

        return ExitCodes.Done;
    }
}
