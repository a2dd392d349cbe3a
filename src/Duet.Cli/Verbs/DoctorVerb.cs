using System.CommandLine;
using Duet.Cli.Doctor;
using Duet.Cli.Hosting;
using Spectre.Console;

namespace Duet.Cli.Verbs;

/// <summary><c>duet doctor</c>: what this machine has, what is wrong and how to mend it.</summary>
internal static class DoctorVerb
{
    public static Command Create()
    {
        var verb = new Verb(
            "doctor",
            "Says what this machine has (libraries, CPU features, threads, memory, ffmpeg, GPU), what is wrong and how to mend it. Ends with 1 where something is missing.")
        {
            Examples = [new("duet doctor", "a list for people"), new("duet doctor --json", "the same for programs")],
        };
        verb.Run(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(CommandContext context)
    {
        Finding[] findings = [.. MachineChecks.Run(), .. await SoftwareChecks.RunAsync(context.CancellationToken)];
        var problems = findings.Count(f => f.Status == FindingStatus.Problem);
        if (context.Json)
        {
            context.WriteJson(new { Format = "duet.doctor/1", Problems = problems, Findings = findings });
        }
        else
        {
            Print(context, findings, problems);
        }

        return problems == 0 ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static void Print(CommandContext context, Finding[] findings, int problems)
    {
        var width = findings.Max(f => f.Name.Length);
        foreach (var finding in findings)
        {
            var mark = finding.Status switch
            {
                FindingStatus.Good => "[green]ok     [/]",
                FindingStatus.Warning => "[yellow]warning[/]",
                _ => "[red]problem[/]",
            };
            context.Console.MarkupLine($"{mark}  {Markup.Escape(finding.Name.PadRight(width))}  {Markup.Escape(finding.Value)}");
            if (finding.Remedy is { } remedy)
            {
                context.Console.MarkupLine($"         {new string(' ', width)}  {Markup.Escape(remedy)}");
            }
        }

        context.Line();
        context.Line(problems switch
        {
            0 => "Nothing is missing.",
            1 => "One thing is missing; see above.",
            _ => FormattableString.Invariant($"{problems} things are missing; see above."),
        });
    }
}
