using System.CommandLine;
using Duet.Cli.Hosting;
using Duet.Reports;

namespace Duet.Cli.Verbs;

/// <summary><c>duet report</c>: writes a run's report again, after an evaluation or with the store in another place.</summary>
internal static class ReportVerb
{
    public static Command Create()
    {
        var verb = new Verb("report", "Writes a run's or a demo's report.html: one page that needs no network.")
        {
            Examples =
            [
                new("duet report runs/mine", "what the run folder holds, with pictures from the store that it names"),
                new("duet report runs/mine --store /mnt/archive/store", "the same, where the store has moved"),
            ],
        };
        var run = new Argument<string>("RUN") { Description = "The folder of a run or of a demo." };
        var store = new Option<string?>("--store") { Description = "The store with the pictures, where it isn't at the place that the run names." };
        verb.Arguments.Add(run);
        verb.Options.Add(store);
        verb.Run(context =>
        {
            string path = RunReport.Write(context.Parse.GetRequiredValue(run), new RunReportOptions { StoreDirectory = context.Parse.GetValue(store) });
            if (context.Json)
            {
                context.WriteJson(new { Report = path });
            }
            else
            {
                context.Line($"Report: {path}");
            }

            return Task.FromResult(ExitCodes.Done);
        });
        return verb;
    }
}
