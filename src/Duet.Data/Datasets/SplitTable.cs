namespace Duet.Data.Datasets;

/// <summary>Gathers a file's parts in several divisions from the lists of each.</summary>
/// <param name="root">The data set's folder.</param>
/// <param name="divisions">The divisions' names.</param>
/// <param name="names">Which names are one file's.</param>
internal sealed class SplitTable(string root, IReadOnlyList<string> divisions, StringComparer names)
{
    private readonly Dictionary<string, Row> rows = new(names);
    private readonly List<Row> order = [];

    /// <summary>Files that the lists name, in the order in which they were first named.</summary>
    public IEnumerable<(string Name, string Label, string Split, string List, int Line)> Rows =>
        order.Select(row => (row.Name, row.Label, Divisions.Write(divisions.Zip(row.Parts)), row.List, row.Line));

    /// <summary>Records a line.</summary>
    /// <param name="name">The file as the lists name it.</param>
    /// <param name="label">Its label.</param>
    /// <param name="division">The division's place among the names.</param>
    /// <param name="part">Its part in it.</param>
    /// <param name="list">The list.</param>
    /// <param name="line">The line.</param>
    /// <exception cref="UsageException">The division has the file in another part, or under another label.</exception>
    public void Add(string name, string label, int division, DivisionPart part, string list, int line)
    {
        if (!rows.TryGetValue(name, out var row))
        {
            row = new Row(name, label, list, line, new DivisionPart[divisions.Count], new (string, int)?[divisions.Count]);
            rows.Add(name, row);
            order.Add(row);
        }

        if (!string.Equals(row.Label, label, StringComparison.Ordinal))
        {
            throw ListFile.Wrong(root, list, line, $"it gives {name} the label '{label}', after '{row.Label}' in line {row.Line} of {row.List}. Remove one of the two");
        }

        if (row.Seen[division] is { } before && row.Parts[division] != part)
        {
            throw ListFile.Wrong(root, list, line, $"it names {name} again, in another part of {divisions[division]} than line {before.Line} of {before.List}. Remove one of the two");
        }

        row.Parts[division] = part;
        row.Seen[division] ??= (list, line);
    }

    private sealed record Row(string Name, string Label, string List, int Line, DivisionPart[] Parts, (string List, int Line)?[] Seen);
}
