using System.Text;
using Duet.Data.Files;

namespace Duet.Data.Datasets;

/// <summary>Reads a data set's lists line by line: they can have millions of lines, and come from outside.</summary>
internal static class ListFile
{
    private const long MaxBytes = 1L << 30;
    private const int MaxLine = 1 << 16;

    /// <summary>The lines that are not blank, without their ends (LF or CRLF) and without a byte order mark, each with its number.</summary>
    /// <param name="root">The data set's folder.</param>
    /// <param name="list">The list's path, relative to it.</param>
    /// <exception cref="UsageException">It can't be read, is absurdly large, has an absurdly long line or is no text.</exception>
    public static IEnumerable<(int Line, string Text)> Lines(string root, string list)
    {
        var path = Path.Combine(root, list);
        using var reader = Open(path);
        var buffer = new char[MaxLine];
        var text = new StringBuilder();
        var line = 1;
        while (Fill(reader, buffer, path) is > 0 and var count)
        {
            for (var start = 0; start < count;)
            {
                var rest = buffer.AsSpan(start, count - start);
                var end = rest.IndexOf('\n');
                text.Append(end < 0 ? rest : rest[..end]);
                if (text.Length > MaxLine)
                {
                    throw Wrong(root, list, line, $"it is longer than {MaxLine} characters");
                }

                start += end < 0 ? rest.Length : end + 1;
                if (end >= 0)
                {
                    if (Take(text, root, list, line) is { } whole)
                    {
                        yield return (line, whole);
                    }

                    line++;
                }
            }
        }

        if (Take(text, root, list, line) is { } last)
        {
            yield return (line, last);
        }
    }

    /// <summary>The first line that is not blank; null where there is none or the file is no readable text: for finding out what a file is.</summary>
    public static string? FirstLine(string root, string list)
    {
        try
        {
            return Lines(root, list).Select(static l => l.Text).FirstOrDefault();
        }
        catch (UsageException)
        {
            return null; // not a list of the kind that is looked for; what the user means to be one is read in earnest later
        }
    }

    /// <summary>What is wrong with a line.</summary>
    public static UsageException Wrong(string root, string list, int line, string what) => new($"Line {line} of '{Path.Combine(root, list)}': {what}.");

    /// <summary>
    /// The fields of a line of CSV: in double quotes where they hold commas, a quote in them doubled. Blanks around a field don't count: AudioSet has one
    /// between the comma and the quote.
    /// </summary>
    /// <exception cref="UsageException">A quote is not closed.</exception>
    public static List<string> Fields(string root, string list, int line, string text)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        for (var i = 0; i <= text.Length; i++)
        {
            while (i < text.Length && text[i] is ' ' or '\t')
            {
                i++;
            }

            field.Clear();
            if (i < text.Length && text[i] == '"')
            {
                for (i++; ; i++)
                {
                    if (i >= text.Length)
                    {
                        throw Wrong(root, list, line, "it opens a double quote that nothing closes");
                    }

                    if (text[i] != '"')
                    {
                        field.Append(text[i]);
                    }
                    else if (i + 1 < text.Length && text[i + 1] == '"')
                    {
                        field.Append(text[i++]);
                    }
                    else
                    {
                        i++;
                        break;
                    }
                }
            }

            for (; i < text.Length && text[i] != ','; i++)
            {
                field.Append(text[i]);
            }

            fields.Add(field.ToString().Trim());
        }

        return fields;
    }

    private static StreamReader Open(string path)
    {
        try
        {
            RegularFile.Check(path, MaxBytes);
            return new StreamReader(path, Encoding.UTF8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The list '{path}' can't be read: {e.Message}", e);
        }
    }

    private static int Fill(StreamReader reader, char[] buffer, string path)
    {
        try
        {
            return reader.Read(buffer, 0, buffer.Length);
        }
        catch (IOException e)
        {
            throw new UsageException($"The list '{path}' can't be read: {e.Message}", e);
        }
    }

    private static string? Take(StringBuilder text, string root, string list, int line)
    {
        var whole = text.ToString().Trim();
        text.Clear();
        return whole.Contains('\0', StringComparison.Ordinal) ? throw Wrong(root, list, line, "it has a zero byte: this is no text") : whole.Length > 0 ? whole : null;
    }
}
