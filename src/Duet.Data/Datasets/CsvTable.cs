using System.Text;
using Duet.Data.Files;

namespace Duet.Data.Datasets;

/// <summary>A CSV file (RFC 4180) whose first line names its columns.</summary>
internal sealed class CsvTable
{
    private const int MaxBytes = 256 << 20;

    private readonly string file;
    private readonly List<string> header;

    private CsvTable(string file, List<string> header, IReadOnlyList<(int Line, IReadOnlyList<string> Fields)> rows)
    {
        this.file = file;
        this.header = header;
        Rows = rows;
    }

    /// <summary>The rows below the header, each with its line's number and as many fields as the header has; empty lines are left out.</summary>
    public IReadOnlyList<(int Line, IReadOnlyList<string> Fields)> Rows { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="UsageException">It can't be read, or is no such table.</exception>
    public static CsvTable Open(string file) => Parse(file, ReadText(file));

    /// <summary>Reads a text.</summary>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="UsageException">It is no such table.</exception>
    public static CsvTable Parse(string file, string text)
    {
        using var lines = Lines(file, text).GetEnumerator();
        if (!lines.MoveNext())
        {
            throw new UsageException($"The list '{file}' is empty. Its first line must be a header that names its columns.");
        }

        List<string> columns = [.. lines.Current.Fields.Select(f => f.Trim().TrimStart('\uFEFF'))];
        var rows = new List<(int, IReadOnlyList<string>)>();
        while (lines.MoveNext())
        {
            var (line, fields) = lines.Current;
            if (fields is [""])
            {
                continue;
            }

            rows.Add(fields.Count == columns.Count
                ? (line, fields.ToArray())
                : throw new UsageException($"Line {line} of '{file}' has {fields.Count} fields, the header {columns.Count}. Put fields with commas into double quotes."));
        }

        return new CsvTable(file, columns, rows);
    }

    /// <summary>The text of a list.</summary>
    /// <exception cref="UsageException">It can't be read, or is absurdly large.</exception>
    public static string ReadText(string path)
    {
        try
        {
            return RegularFile.ReadAllText(path, MaxBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The list '{path}' can't be read: {e.Message}", e);
        }
    }

    /// <summary>A column's place; -1 where there is none of that name.</summary>
    public int Find(string column) => header.IndexOf(column);

    /// <summary>A column's place.</summary>
    /// <exception cref="UsageException">There is none of that name.</exception>
    public int Require(string column) => Find(column) is >= 0 and var place ? place
        : throw new UsageException($"The first line of '{file}' has no column named {column}; it has {string.Join(',', header)}.");

    /// <summary>What is wrong with a line.</summary>
    public UsageException Wrong(int line, string what) => new($"Line {line} of '{file}': {what}.");

    /// <summary>The lines with their fields; the list of one is used again for the next.</summary>
    private static IEnumerable<(int Line, List<string> Fields)> Lines(string file, string text)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var (line, start, quoted) = (1, 1, false);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quoted)
            {
                if (c != '"')
                {
                    line += c == '\n' ? 1 : 0;
                    field.Append(c);
                }
                else if (i + 1 < text.Length && text[i + 1] == '"')
                {
                    field.Append('"');
                    i++;
                }
                else
                {
                    quoted = false;
                }
            }
            else if (c == '"' && field.Length == 0)
            {
                quoted = true;
            }
            else if (c is ',' or '\n')
            {
                if (c == '\n' && field.Length > 0 && field[^1] == '\r')
                {
                    field.Length--;
                }

                fields.Add(field.ToString());
                field.Clear();
                if (c == '\n')
                {
                    yield return (start, fields);
                    fields.Clear();
                    start = ++line;
                }
            }
            else
            {
                field.Append(c);
            }
        }

        if (quoted)
        {
            throw new UsageException($"Line {start} of '{file}' opens a double quote that nothing closes.");
        }

        if (field.Length > 0 || fields.Count > 0)
        {
            fields.Add(field.ToString().TrimEnd('\r'));
            yield return (start, fields);
        }
    }
}
