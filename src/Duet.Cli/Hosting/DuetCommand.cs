using System.CommandLine;
using System.CommandLine.Invocation;
using Duet.Cli.Verbs;

namespace Duet.Cli.Hosting;

/// <summary>The command tree: every verb is added here, and only here.</summary>
internal static class DuetCommand
{
    /// <summary>Builds the tree. Touches no native library, so that <c>--help</c> stays fast.</summary>
    public static Command Create()
    {
        var root = new Verb("duet", "Duet learns audio and video encoders together, from video that nobody labelled.")
        {
            Examples =
            [
                new("duet demo --out runs/demo", "the whole way on generated videos, in minutes, with a report"),
                new("duet doctor", "what this machine has, what is wrong and how to mend it"),
                new("duet ingest videos --store stores/mine", "your own videos: first into a store ..."),
                new("duet pretrain avts_small_cpu --store stores/mine --run runs/mine", "... then learn from them"),
            ],
        };

        // In the order of use.
        root.Subcommands.Add(DemoVerb.Create());
        root.Subcommands.Add(DoctorVerb.Create());
        root.Subcommands.Add(IngestVerb.Create());
        root.Subcommands.Add(StoreVerb.Create());
        root.Subcommands.Add(RecipesVerb.Create());
        root.Subcommands.Add(PretrainVerb.Create());
        root.Subcommands.Add(BenchVerb.Create());
        root.Subcommands.Add(EvalVerb.Create());
        root.Subcommands.Add(ExtractVerb.Create());
        root.Subcommands.Add(ResultsVerb.Create());
        root.Subcommands.Add(ClusterVerb.Create());
        root.Subcommands.Add(ReportVerb.Create());
        root.Subcommands.Add(ClustersVerb.Create());
        root.Subcommands.Add(FiltersVerb.Create());
        root.Subcommands.Add(WeightsVerb.Create());

        root.Options.Add(GlobalOptions.Json);
        root.Options.Add(new VersionOption());
        root.Options.Add(HelpWithExamples.Option());
        return root;
    }

    /// <summary>Parses and runs one command line.</summary>
    /// <param name="args">What the user typed after <c>duet</c>.</param>
    /// <returns>The process's exit code; see <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var parse = Create().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parse.Action is ParseErrorAction)
        {
            return ParseErrors.Print(parse, Console.Error);
        }

        // Signals and exceptions are CommandHost's: the library's own handlers would swallow the second Ctrl-C and the exit codes.
        var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        return await parse.InvokeAsync(invocation).ConfigureAwait(false);
    }
}
