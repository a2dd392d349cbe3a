using Duet.Data.Datasets;

namespace Duet.Data.Store;

/// <summary>Reads a list of videos in CSV: a header with <c>path</c> and, optionally, <c>label</c> and <c>split</c>; other columns are ignored. A split may name several divisions (<see cref="Divisions"/>).</summary>
internal static class CsvList
{
    /// <summary>Reads the list.</summary>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="text">Its content.</param>
    /// <returns>Line number, path, label and split; empty fields are null.</returns>
    /// <exception cref="UsageException">It is not such a list.</exception>
    public static IEnumerable<(int Line, string Path, string? Label, string? Split)> Read(string file, string text)
    {
        var table = CsvTable.Parse(file, text);
        var path = table.Find("path");
        if (path < 0)
        {
            throw new UsageException($"The first line of '{file}' has no column named path; it must be a header such as path,label,split.");
        }

        var (label, split) = (table.Find("label"), table.Find("split"));
        return table.Rows.Select(row => (row.Line, row.Fields[path], Field(row.Fields, label), Checked(table, row.Line, Field(row.Fields, split))));
    }

    /// <summary>A split that names several divisions must be one that can be read.</summary>
    private static string? Checked(CsvTable table, int line, string? split) =>
        Divisions.IsSeveral(split) && Divisions.Problem(split, out _) is { } problem ? throw table.Wrong(line, $"the split can't be read: {problem}. {Divisions.Form.TrimEnd('.')}") : split;

    private static string? Field(IReadOnlyList<string> fields, int column) => column >= 0 && fields[column].Length > 0 ? fields[column] : null;
}
