using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Duet.Learning.Training;

/// <summary>How the JSON files of a run folder are written: snake_case, doubles so that they read back to the same bits.</summary>
internal static class RunJson
{
    /// <summary>A file: indented.</summary>
    public static JsonSerializerOptions File { get; } = Options(indented: true);

    /// <summary>A line.</summary>
    public static JsonSerializerOptions Line { get; } = Options(indented: false);

    private static JsonSerializerOptions Options(bool indented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = indented,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // for people; no part of a web page
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    };
}
