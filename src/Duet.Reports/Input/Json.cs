using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Duet.Data.Files;

namespace Duet.Reports.Input;

/// <summary>How the report reads JSON: bounded files, snake_case names, NaN by name, and errors that say file and line.</summary>
internal static class Json
{
    /// <summary>The largest result file that is read, bytes; a real one is a few megabytes.</summary>
    public const long LargestFile = 256L << 20;

    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        MaxDepth = 32,
    };

    /// <summary>A file's bytes, or null where there is no such file.</summary>
    /// <exception cref="ReportException">The file is too large or can't be read.</exception>
    public static byte[]? ReadFile(string path, long largest = LargestFile)
    {
        try
        {
            return File.Exists(path) ? RegularFile.ReadAllBytes(path, largest) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ReportException($"{path} can't be read: {e.Message}", e);
        }
    }

    /// <summary>Parses a whole file.</summary>
    /// <exception cref="ReportException">The bytes are no JSON, or not of this shape.</exception>
    public static T Parse<T>(string path, byte[] bytes)
    {
        CheckText(path, line: null, bytes);
        try
        {
            return JsonSerializer.Deserialize<T>(WithoutMark(bytes), Options) ?? throw new ReportException($"{path} holds only null.");
        }
        catch (JsonException e)
        {
            throw Malformed(path, (e.LineNumber ?? 0) + 1, e);
        }
    }

    /// <summary>Elements are turned into text when they are drawn, where a damaged byte would be nobody's error.</summary>
    /// <exception cref="ReportException">The bytes are no UTF-8, or a name in them is no text.</exception>
    public static void CheckText(string path, long? line, ReadOnlySpan<byte> bytes)
    {
        var where = line is null ? path : $"{path}, line {line}";
        if (!Utf8.IsValid(bytes))
        {
            throw new ReportException($"{where}: not UTF-8 text. A byte of it is damaged; restore the file from a copy.");
        }

        if (bytes.IndexOf("\\u"u8) >= 0 && !HasReadableNames(WithoutMark(bytes)))
        {
            throw new ReportException($"{where}: a name in it holds half of a pair of UTF-16. The file is damaged; restore it from a copy.");
        }
    }

    /// <summary>Looking for one name reads the others, where such a half is thrown at whoever looks.</summary>
    private static bool HasReadableNames(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = Options.MaxDepth });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueIsEscaped)
                {
                    reader.GetString();
                }
            }

            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
        catch (JsonException)
        {
            return true; // whoever parses it says more
        }
    }

    public static ReportException Malformed(string path, long line, JsonException e)
    {
        string reason = e.Message;
        int tail = reason.IndexOf(" Path: ", StringComparison.Ordinal);
        reason = tail > 0 ? reason[..tail] : reason;
        string where = e.Path is { Length: > 1 } ? $" at {e.Path}" : "";
        return new ReportException($"{path}, line {line}: not what a report can read{where}. {reason}", e);
    }

    /// <summary>A byte-order mark, which some editors write, is no part of the JSON.</summary>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> bytes) => bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;

    /// <summary>A scalar as text; null for null, nothing, objects and arrays.</summary>
    public static string? Text(this JsonElement? element) => element is { } e ? Text(e) : null;

    /// <inheritdoc cref="Text(JsonElement?)"/>
    public static string? Text(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => String(element),
        JsonValueKind.Number => element.GetRawText(),
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        _ => null,
    };

    /// <summary>A string as it is written where it can't be one: half of a surrogate pair, escaped.</summary>
    private static string? String(JsonElement element)
    {
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return element.GetRawText();
        }
    }

    /// <summary>The first of these properties that is there.</summary>
    public static JsonElement? Find(this JsonElement? element, params ReadOnlySpan<string> names)
    {
        if (element is not { ValueKind: JsonValueKind.Object } e)
        {
            return null;
        }

        foreach (string name in names)
        {
            if (e.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
            {
                return value;
            }
        }

        return null;
    }
}
