using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Duet.Data.Files;

namespace Duet.Learning.Training;

/// <summary>Writes and reads the JSON beside a checkpoint's tensors, which vouches for them and for itself.</summary>
internal static class CheckpointJson
{
    private const int LongestText = 16 << 20;
    private static readonly string NoCheck = new('0', 64);

    /// <summary>Writes a header with its own hash in it, and makes sure that it can be read.</summary>
    /// <exception cref="FileWriteException">It can't be written, or does not read back the same.</exception>
    public static void Write(string path, CheckpointHeader header)
    {
        var text = JsonSerializer.Serialize(header with { Check = NoCheck }, RunJson.File);
        AtomicFile.WriteAllText(path, Replace(text, NoCheck, Hash(text)));
        try
        {
            Read(path);
        }
        catch (Exception e) when (e is InvalidDataException or JsonException or IOException)
        {
            throw new FileWriteException($"'{path}' does not read back as it was written: {e.Message.TrimEnd('.')}. Check the disk.", e);
        }
    }

    /// <summary>Reads a header and checks its hash.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">It is not as it was written, or of a version that is not known here.</exception>
    /// <exception cref="JsonException">It is no such JSON.</exception>
    /// <exception cref="IOException">It can't be read.</exception>
    public static CheckpointHeader Read(string path)
    {
        var text = RegularFile.ReadAllText(path, LongestText);
        var header = JsonSerializer.Deserialize<CheckpointHeader>(text, RunJson.File) ?? throw new InvalidDataException("its JSON is empty");
        if (header.Parts.Any(p => p is null)) // the serialiser looks at values, and not into lists
        {
            throw new InvalidDataException("its JSON lacks a value");
        }

        if (header.Format == CheckpointHeader.FirstFormat)
        {
            return header;
        }

        if (header.Format != CheckpointHeader.CurrentFormat)
        {
            throw new InvalidDataException($"its format is '{header.Format}', and this Duet reads '{CheckpointHeader.FirstFormat}' and '{CheckpointHeader.CurrentFormat}'");
        }

        return header.Check.Length == NoCheck.Length && Hash(Replace(text, header.Check, NoCheck)) == header.Check
            ? header
            : throw new InvalidDataException("its JSON is not as it was written (SHA-256 differs)");
    }

    /// <summary>The hash stands at the end, where nothing that a method saves can look like it.</summary>
    private static string Replace(string text, string before, string after) => text.LastIndexOf(before, StringComparison.Ordinal) is >= 0 and var at
        ? string.Concat(text.AsSpan(0, at), after, text.AsSpan(at + before.Length))
        : throw new InvalidDataException("its JSON does not hold its own hash");

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
