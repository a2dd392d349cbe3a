using System.Xml.Linq;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Sections;

/// <summary>A resolved recipe with its keys and comments set apart. The text stays what it is, character by character.</summary>
internal static class YamlColours
{
    public static IEnumerable<object> Of(string yaml)
    {
        foreach (string line in yaml.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'))
        {
            int comment = line.StartsWith('#') ? 0 : line.IndexOf(" #", StringComparison.Ordinal);
            string code = comment < 0 ? line : line[..comment];
            int key = code.IndexOf(':', StringComparison.Ordinal);
            if (key > 0)
            {
                int start = code.AsSpan().IndexOfAnyExcept(' ', '-');
                yield return code[..Math.Min(start, key)];
                yield return C("span", "yaml-key", code[Math.Min(start, key)..key]);
                yield return code[key..];
            }
            else
            {
                yield return code;
            }

            if (comment >= 0)
            {
                yield return C("span", "yaml-comment", line[comment..]);
            }

            yield return "\n";
        }
    }
}
