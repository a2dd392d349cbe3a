using System.Globalization;
using System.Text.Json;
using Duet.Data;
using Duet.Data.Tables;
using Duet.Learning.Evaluation;

namespace Duet.Learning.Extraction;

/// <summary>The key-value metadata of extracted features.</summary>
internal static class ExtractMetadata
{
    /// <summary>The version of what <c>duet extract</c> writes.</summary>
    public const string Version = "1";

    public const string VersionKey = "duet.extract";
    public const string RowsKey = "duet.rows";
    public const string ChecksumKey = "duet.rows_sha256";
    public const string LeftOutKey = "duet.left_out";

    /// <summary>JSON as everywhere in metadata.</summary>
    public static JsonSerializerOptions Json { get; } = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Compares what a file says with what it must say.</summary>
    /// <param name="path">The file.</param>
    /// <param name="found">Its metadata.</param>
    /// <param name="settings">What they must be.</param>
    /// <exception cref="UsageException">It is something else, or was made with other settings; the message says which.</exception>
    public static void Compare(string path, IReadOnlyDictionary<string, string> found, IReadOnlyDictionary<string, string> settings)
    {
        if (!found.ContainsKey(VersionKey))
        {
            throw new UsageException($"'{path}' exists and was not made by 'duet extract'. Name another --out.");
        }

        string[] different = [.. settings.Where(s => !string.Equals(found.GetValueOrDefault(s.Key), s.Value, StringComparison.Ordinal)).Select(s => $"{s.Key} is {Short(found.GetValueOrDefault(s.Key))} there and {Short(s.Value)} here")];
        if (different.Length > 0)
        {
            throw new UsageException($"'{path}' was made with other settings: {string.Join("; ", different)}. Use the same settings to go on, or name another --out.");
        }
    }

    /// <summary>What was left out, as a file's metadata has it.</summary>
    public static IReadOnlyList<LeftOut> LeftOut(IReadOnlyDictionary<string, string> metadata) =>
        JsonSerializer.Deserialize<IReadOnlyList<LeftOut>>(metadata[LeftOutKey], Json)!;

    /// <summary>How many rows a file has.</summary>
    public static long Rows(IReadOnlyDictionary<string, string> metadata) => long.Parse(metadata[RowsKey], NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>Whether what a file says of its rows can be read at all.</summary>
    public static bool Readable(IReadOnlyDictionary<string, string> metadata)
    {
        try
        {
            return metadata.ContainsKey(ChecksumKey) && Rows(metadata) >= 0 && LeftOut(metadata).All(l => l is { VideoId: not null, SourcePath: not null, Reason: not null });
        }
        catch (Exception e) when (e is KeyNotFoundException or FormatException or OverflowException or JsonException or NullReferenceException or ArgumentNullException)
        {
            return false;
        }
    }

    private static string Short(string? value) => value switch
    {
        null => "not said",
        { Length: 64 } when value.All(char.IsAsciiHexDigitLower) => value[..12] + "...",
        _ => $"'{value}'",
    };
}
