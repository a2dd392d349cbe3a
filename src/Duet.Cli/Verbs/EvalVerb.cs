using System.CommandLine;
using Duet.Cli.Hosting;
using Duet.Cli.Output;
using Duet.Learning.Evaluation;
using Spectre.Console;

namespace Duet.Cli.Verbs;

/// <summary><c>duet eval</c>: what a run's networks can do, on videos that they never saw.</summary>
internal static class EvalVerb
{
    /// <summary>Videos listed as left out before the rest is only counted; the result file has all.</summary>
    private const int MostListed = 10;

    public static Command Create()
    {
        var verb = new Verb("eval", "Judges a run on videos that it never saw.")
        {
            Examples =
            [
                new("duet eval sync runs/mine --store stores/mine", "can it tell sound that is in sync from sound that is not?"),
                new("duet eval probe runs/mine --store stores/mine", "what do its frozen features know about the videos' labels?"),
                new("duet eval finetune runs/mine --store stores/mine", "how well do its encoders learn the labels?"),
            ],
        };
        verb.Subcommands.Add(EvalSyncVerb.Create());
        verb.Subcommands.Add(EvalProbeVerb.Create());
        verb.Subcommands.Add(EvalRetrievalVerb.Create());
        verb.Subcommands.Add(EvalFinetuneVerb.Create());
        return verb;
    }

    /// <summary>The run's folder.</summary>
    internal static Argument<string> Run() => new("RUN") { Description = "The run's folder; 'duet pretrain' made it." };

    /// <summary>The store.</summary>
    internal static Option<string> Store(string description) => new("--store") { Description = description, Required = true, HelpName = "DIR" };

    /// <summary>Draws progress on a line.</summary>
    internal sealed class Listener(ProgressLine line) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => line.Report(value.Done, value.Total, value.Total > 0 ? value.DataWaitShare : null, value.Stage);
    }

    /// <summary>Lists what took no part; says the exit code that follows.</summary>
    internal static int LeftOut(CommandContext context, IReadOnlyList<LeftOut> leftOut, string where = "the result file lists all")
    {
        foreach (var item in leftOut.Take(MostListed))
        {
            context.Line(IngestVerb.Plain($"left out: {item.SourcePath}: {item.Reason}"));
        }

        if (leftOut.Count > MostListed)
        {
            context.Line($"left out: {leftOut.Count - MostListed} more; {where}");
        }

        return leftOut.Count > 0 ? ExitCodes.DoneWithQuarantine : ExitCodes.Done;
    }

    /// <summary>A table without noise where there is no terminal.</summary>
    internal static Table Table(params string[] columns)
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn(new TableColumn(columns[0]));
        foreach (var column in columns[1..])
        {
            table.AddColumn(new TableColumn(column) { Alignment = Justify.Right });
        }

        return table;
    }

    /// <summary><c>83.1 %</c>.</summary>
    internal static string Percent(double share) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{100 * share:0.0} %");

    /// <summary><c>80.2 to 86.0 %</c>.</summary>
    internal static string Interval(double[] ends) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{100 * ends[0]:0.0} to {100 * ends[1]:0.0} %");
}
