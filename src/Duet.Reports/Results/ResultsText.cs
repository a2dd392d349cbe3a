using System.Globalization;
using System.Text;
using Duet.Reports.Html;

namespace Duet.Reports.Results;

/// <summary>A table of results as text: aligned for a console, Markdown, CSV.</summary>
public static class ResultsText
{
    private static readonly (string Name, bool Number, Func<ResultRow, string> Cell)[] Columns =
    [
        ("dataset", false, r => r.Dataset),
        ("protocol", false, r => r.Protocol == "default" ? r.Kind : r.Protocol),
        ("modality", false, r => r.Modality),
        ("method", false, r => r.Method),
        ("data", false, r => r.Data),
        ("model", false, r => r.Model),
        ("clip", false, r => r.Clip),
        ("k", true, r => r.K?.ToString(CultureInfo.InvariantCulture) ?? ""),
        ("labels", false, r => r.Labels),
        ("measure", false, r => r.Measure),
        ("%", true, r => Text(r.Number)),
        ("95 % interval", false, r => r.Low is { } low && r.High is { } high ? $"{Text(low)} to {Text(high)}, {r.IntervalOver}" : ""),
        ("folds", true, r => r.PerFold.Count > 0 ? r.PerFold.Count.ToString(CultureInfo.InvariantCulture) : ""),
        ("seeds", true, r => r.Seeds.ToString(CultureInfo.InvariantCulture)),
        ("run", false, r => r.Runs.Count > 3 ? string.Create(CultureInfo.InvariantCulture, $"{string.Join("; ", r.Runs.Take(2))}; {r.Runs.Count - 2} more") : string.Join("; ", r.Runs)),
        ("published", false, r => PublishedNumbers.InWords(r.Published)),
    ];

    /// <summary>Columns of equal width, as wide as they need; a column that no row fills is left out.</summary>
    public static string Aligned(ResultsTable table)
    {
        var columns = Filled(table);
        var cells = table.Rows.Select(r => columns.Select(c => Line(c.Cell(r))).ToArray()).Prepend([.. columns.Select(c => c.Name)]).ToList();
        int[] widths = [.. columns.Select((_, i) => cells.Max(r => r[i].Length))];
        var text = new StringBuilder();
        foreach (var row in cells)
        {
            text.AppendLine(string.Join("  ", row.Select((cell, i) => columns[i].Number ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd());
        }

        return text.ToString();
    }

    /// <summary>A Markdown table; a column that no row fills is left out.</summary>
    public static string Markdown(ResultsTable table)
    {
        var columns = Filled(table);
        var text = new StringBuilder();
        text.Append("| ").AppendJoin(" | ", columns.Select(c => c.Name)).AppendLine(" |");
        text.Append('|').AppendJoin('|', columns.Select(c => c.Number ? "---:" : "---")).AppendLine("|");
        foreach (var row in table.Rows)
        {
            text.Append("| ").AppendJoin(" | ", columns.Select(c => MarkdownCell(c.Cell(row)))).AppendLine(" |");
        }

        return text.ToString();
    }

    /// <summary>Comma-separated values (RFC 4180) with a header: every column, numbers in full, the interval's ends, the folds and the runs apart.</summary>
    public static string Csv(ResultsTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        var text = new StringBuilder();
        text.Append("dataset,kind,protocol,layers,labels,modality,method,data,model,clip,k,measure,percent,low,high,interval_over,per_fold,seeds,runs,published\r\n");
        foreach (var r in table.Rows)
        {
            string[] cells =
            [
                r.Dataset, r.Kind, r.Protocol, r.Layers, r.Labels, r.Modality, r.Method, r.Data, r.Model, r.Clip, r.K?.ToString(CultureInfo.InvariantCulture) ?? "", r.Measure,
                Full(r.Number), Full(r.Low), Full(r.High), r.IntervalOver, string.Join(' ', r.PerFold.Select(f => Full(f))), r.Seeds.ToString(CultureInfo.InvariantCulture),
                string.Join("; ", r.Runs), string.Join("; ", r.Published),
            ];
            text.AppendJoin(',', cells.Select(CsvCell)).Append("\r\n");
        }

        return text.ToString();
    }

    private static (string Name, bool Number, Func<ResultRow, string> Cell)[] Filled(ResultsTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return [.. Columns.Where(c => table.Rows.Any(r => c.Cell(r).Length > 0))];
    }

    private static string Text(double percent) => percent.ToString("0.0", CultureInfo.InvariantCulture);

    private static string Full(double? percent) => percent?.ToString("0.####", CultureInfo.InvariantCulture) ?? "";

    /// <summary>Names come from files: nothing in them may steer a terminal or begin a line.</summary>
    private static string Line(string text) => PlainText.Clean(text).Replace('\n', ' ').Replace('\t', ' ');

    private static string MarkdownCell(string text) => Line(text).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);

    private static string CsvCell(string text)
    {
        string line = Line(text);
        // A spreadsheet would compute what begins like a formula.
        line = line.Length > 0 && line[0] is '=' or '+' or '-' or '@' ? "'" + line : line;
        return line.AsSpan().IndexOfAny(',', '"') < 0 ? line : $"\"{line.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
