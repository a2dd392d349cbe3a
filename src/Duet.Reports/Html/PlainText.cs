using System.Globalization;
using System.Text;

namespace Duet.Reports.Html;

/// <summary>Makes text from outside safe to show: every character is either harmless or replaced by a visible name.</summary>
internal static class PlainText
{
    /// <summary>
    /// Replaces what XML can't hold and what would silently change how the text reads: control characters, lone surrogates,
    /// and the bidirectional controls (a right-to-left override makes <c>exe.gpj</c> of <c>jpg.exe</c>). Newlines and tabs stay.
    /// </summary>
    public static string Clean(string text)
    {
        StringBuilder? cleaned = null;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            bool pair = char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            if (pair)
            {
                cleaned?.Append(c).Append(text[++i]);
                i += cleaned is null ? 1 : 0;
                continue;
            }

            if (!IsHarmful(c))
            {
                cleaned?.Append(c);
                continue;
            }

            cleaned ??= new StringBuilder(text.Length + 16).Append(text, 0, i);
            cleaned.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
        }

        return cleaned?.ToString() ?? text;
    }

    private static bool IsHarmful(char c) =>
        c is < ' ' and not ('\n' or '\t')
        || c is >= '\u007F' and <= '\u009F'
        || char.IsSurrogate(c)
        || c is '\uFFFE' or '\uFFFF' or '\uFEFF'
        || c is '\u200E' or '\u200F' or '\u061C' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
