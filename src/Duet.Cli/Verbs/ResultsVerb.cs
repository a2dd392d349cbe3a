using System.CommandLine;
using System.Text.Json;
using Duet.Cli.Hosting;
using Duet.Data;
using Duet.Data.Files;
using Duet.Reports.Results;

namespace Duet.Cli.Verbs;

/// <summary><c>duet results DIR...</c>: one table over many runs, beside what the papers print.</summary>
internal static class ResultsVerb
{
    private enum Format
    {
        Text,
        Markdown,
        Csv,
        Json,
    }

    public static Command Create()
    {
        var folders = new Argument<string[]>("DIR") { Description = "Runs, or folders that hold runs.", Arity = ArgumentArity.OneOrMore };
        var format = new Option<Format>("--format") { Description = "How to write the table (default text).", HelpName = "text|markdown|csv|json" };
        var file = new Option<string?>("--out") { Description = "The table's file, instead of printing it.", HelpName = "FILE" };
        var protocol = new Option<string?>("--protocol") { Description = "Only one protocol by its name, or all of a kind: probe, finetune, retrieval, sync.", HelpName = "NAME" };
        var verb = new Verb("results", "Puts the numbers of many runs into one table, beside those that the papers print.")
        {
            Examples =
            [
                new("duet results runs", "every evaluation of every run below runs/"),
                new("duet results runs/a runs/b --protocol probe_esc50 --format markdown --out table.md", "one protocol, for a page"),
            ],
        };
        verb.Arguments.Add(folders);
        foreach (var option in new Option[] { format, file, protocol })
        {
            verb.Options.Add(option);
        }

        verb.Run(context =>
        {
            var table = ResultsTable.Read(context.Parse.GetRequiredValue(folders), context.Parse.GetValue(protocol));
            foreach (var skipped in table.Skipped)
            {
                Console.Error.WriteLine(IngestVerb.Plain($"skipped: {skipped.Path}: {skipped.Reason}"));
            }

            if (table.Rows.Count == 0)
            {
                throw new UsageException(context.Parse.GetValue(protocol) is { } named
                    ? $"No result of the protocol '{named}' is below {string.Join(", ", context.Parse.GetRequiredValue(folders))}."
                    : $"No result is below {string.Join(", ", context.Parse.GetRequiredValue(folders))}. 'duet eval' makes them.");
            }

            var wanted = context.Json ? Format.Json : context.Parse.GetValue(format);
            var json = new { Format = "duet.results/1", table.Rows, table.Skipped };
            if (context.Parse.GetValue(file) is { } path)
            {
                AtomicFile.WriteAllText(path, Text(table, wanted) ?? JsonSerializer.Serialize(json, CommandContext.JsonOptions));
                context.Line($"Table: {path}");
            }
            else if (Text(table, wanted) is { } text)
            {
                context.Line(text.TrimEnd());
            }
            else
            {
                context.WriteJson(json);
            }

            return Task.FromResult(table.Skipped.Count > 0 ? ExitCodes.DoneWithQuarantine : ExitCodes.Done);
        });
        return verb;
    }

    private static string? Text(ResultsTable table, Format format) => format switch
    {
        Format.Text => ResultsText.Aligned(table),
        Format.Markdown => ResultsText.Markdown(table),
        Format.Csv => ResultsText.Csv(table),
        _ => null,
    };
}
