using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Duet.Data.Files;

namespace Duet.Learning.Evaluation;

/// <summary>Result files: JSON in snake_case that begins with its format and kind.</summary>
public static class ResultFile
{
    /// <summary>The format that this version writes.</summary>
    public const string Format = "duet.result/1";

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // for people; no part of a web page
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>Writes a result: whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="result">The result.</param>
    /// <exception cref="FileWriteException">It can't be written.</exception>
    public static void Write<T>(string path, T result) => AtomicFile.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(result, Options));
}
