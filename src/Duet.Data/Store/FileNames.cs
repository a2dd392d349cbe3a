using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Duet.Data.Native;

namespace Duet.Data.Store;

/// <summary>
/// Names that are not text. On Linux a name is bytes, and old archives hold names in old encodings; .NET replaces what is not UTF-8, and what is left opens nothing. Such
/// files are named by their bytes, so that somebody can find and rename them.
/// </summary>
internal static class FileNames
{
    /// <summary>What .NET puts where bytes are not UTF-8.</summary>
    public const char Replacement = '\uFFFD';

    /// <summary>What is wrong with such a name.</summary>
    public const string NotUtf8 = "its name is not UTF-8";

    /// <summary>The names in a folder that are not UTF-8: as text with <c>\xHH</c> for each byte that is none, and what to type to rename it.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="IOException">It can't be read.</exception>
    public static IReadOnlyList<(string Shown, string Advice)> Unusable(string folder) => !UnixFiles.IsSupported ? [] :
    [
        .. UnixFiles.Names(folder).Where(name => !Utf8.IsValid(name))
            .Select(name => (Shown(name), $"{NotUtf8}, so it can't be opened by its name; rename it, for example with: mv -- {Quoted(name)} 'new name'")),
    ];

    private static string Shown(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder();
        while (!name.IsEmpty)
        {
            var isText = Rune.DecodeFromUtf8(name, out var rune, out var length) == OperationStatus.Done;
            if (isText)
            {
                text.Append(rune.ToString());
            }
            else
            {
                foreach (var b in name[..length])
                {
                    text.Append(CultureInfo.InvariantCulture, $"\\x{b:X2}");
                }
            }

            name = name[length..];
        }

        return text.ToString();
    }

    /// <summary>A name as bash reads it back.</summary>
    private static string Quoted(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder("$'");
        foreach (var b in name)
        {
            text.Append(b is (byte)'\'' or (byte)'\\' ? $"\\{(char)b}" : b is >= 0x20 and < 0x7F ? ((char)b).ToString() : $"\\x{b:x2}");
        }

        return text.Append('\'').ToString();
    }
}
