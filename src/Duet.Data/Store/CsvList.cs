using System.Text;

namespace Duet.Data.Store;

/// <summary>Reads a list of videos in CSV (RFC 4180): a header with <c>path</c> and, optionally, <c>label</c> and <c>split</c>; other columns are ignored.</summary>
internal static class CsvList
{
    /// <summary>Reads the list.</summary>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="text">Its content.</param>
    /// <returns>Line number, path, label and split; empty fields are null.</returns>
    /// <exception cref="UsageException">It is not such a list.</exception>
    public static IEnumerable<(int Line, string Path, string? Label, string? Split)> Read(string file, string text)
    {
        var rows = Rows(file, text).ToList();
        if (rows.Count == 0)
        {
            throw new UsageException($"The list '{file}' is empty. Its first line must be a header with the column path (and label, split).");
        }

        var header = rows[0].Fields.Select(f => f.Trim().TrimStart('\uFEFF')).ToList();
        var path = header.IndexOf("path");
        if (path < 0)
        {
            throw new UsageException($"The first line of '{file}' has no column named path; it must be a header such as path,label,split.");
        }

        var (label, split) = (header.IndexOf("label"), header.IndexOf("split"));
        foreach (var (line, fields) in rows.Skip(1).Where(row => row.Fields.Count > 1 || row.Fields[0].Length > 0))
        {
            if (fields.Count != header.Count)
            {
                throw new UsageException($"Line {line} of '{file}' has {fields.Count} fields, the header {header.Count}. Put fields with commas into double quotes.");
            }

            yield return (line, fields[path], Field(fields, label), Field(fields, split));
        }
    }

    private static string? Field(List<string> fields, int column) => column >= 0 && fields[column].Length > 0 ? fields[column] : null;

    private static IEnumerable<(int Line, List<string> Fields)> Rows(string file, string text)
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
                    fields = [];
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
