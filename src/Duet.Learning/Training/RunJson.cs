using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Duet.Data.Files;

namespace Duet.Learning.Training;

/// <summary>How the JSON files of a run folder are written: snake_case, doubles so that they read back to the same bits.</summary>
internal static class RunJson
{
    private const int LongestText = 16 << 20; // bytes

    /// <summary>A file: indented.</summary>
    public static JsonSerializerOptions File { get; } = Options(indented: true);

    /// <summary>A line.</summary>
    public static JsonSerializerOptions Line { get; } = Options(indented: false);

    /// <summary>Reads a file of a run.</summary>
    /// <param name="path">The file.</param>
    /// <param name="advice">What to do where it can't be read.</param>
    /// <exception cref="TrainingException">It is missing or damaged.</exception>
    public static T Read<T>(string path, string advice)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(RegularFile.ReadAllText(path, LongestText), File) ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is JsonException || FileWriteException.Explains(e))
        {
            throw new TrainingException($"'{path}' can't be read: {e.Message.TrimEnd('.')}. {advice}", e);
        }
    }

    private static JsonSerializerOptions Options(bool indented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = indented,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // for people; no part of a web page
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        RespectNullableAnnotations = true, // null, or nothing, where a value belongs is no such file, and no null reference later
        RespectRequiredConstructorParameters = true,
    };
}
