using System.Text.Json;
using System.Xml.Linq;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Sections;

/// <summary>Names and values: a JSON object whose shape the report needn't know, as a definition list.</summary>
internal static class Facts
{
    private const int MostFacts = 200, MostItems = 8, MostLetters = 400;

    public static XElement List(IEnumerable<(string Name, object Value)> facts) =>
        C("dl", "facts", facts.Select(f => C("div", "fact", E("dt", Outside(f.Name)), E("dd", f.Value))));

    /// <summary>Scalars by their path, words for snake_case; short arrays are joined, long ones counted.</summary>
    public static IEnumerable<(string Name, string Value)> Flatten(JsonElement element, string prefix = "") =>
        Walk(element, prefix).Take(MostFacts);

    private static IEnumerable<(string Name, string Value)> Walk(JsonElement element, string name)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    string word = property.Name.Replace('_', ' ');
                    foreach (var fact in Walk(property.Value, name.Length == 0 ? word : $"{name}, {word}"))
                    {
                        yield return fact;
                    }
                }

                break;
            case JsonValueKind.Array:
                int count = element.GetArrayLength();
                bool simple = element.EnumerateArray().Take(MostItems + 1).All(e => Input.Json.Text(e) is not null);
                yield return (name, simple && count is > 0 and <= MostItems ? Cut(string.Join(", ", element.EnumerateArray().Select(e => Input.Json.Text(e)))) : count == 1 ? "1 entry" : $"{count} entries");
                break;
            case JsonValueKind.Null or JsonValueKind.Undefined:
                break;
            default:
                yield return (name, Cut(Input.Json.Text(element) ?? ""));
                break;
        }
    }

    private static string Cut(string text) => text.Length <= MostLetters ? text : text[..MostLetters] + "…";
}
