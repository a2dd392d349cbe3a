using System.Collections;
using System.Globalization;
using System.Text;

namespace Duet.Learning.Recipes;

/// <summary>
/// Writes records of options as YAML: every option with its value, in the order of declaration, always the same text for the same values.
/// </summary>
internal static class OptionWriter
{
    /// <summary>The record as what would have to be written for it.</summary>
    public static SectionNode ToNode(object record) => new(
        OptionSchema.Fields(record.GetType())
            .Select(f => new SectionEntry(f.Key, "", Node(f.Property.GetValue(record), f.Type)))
            .ToList(),
        "");

    /// <summary>The record as YAML.</summary>
    public static string ToYaml(object record)
    {
        var yaml = new StringBuilder();
        Section(yaml, ToNode(record), "");
        return yaml.ToString();
    }

    /// <summary>Every single value under its dotted key, such as <c>avts.curriculum[0].epochs</c>.</summary>
    public static IEnumerable<(string Key, string Value)> Flatten(RecipeNode node, string path = "") => node switch
    {
        SectionNode section => section.Entries.SelectMany(e => Flatten(e.Value, path.Length == 0 ? e.Key : $"{path}.{e.Key}")),
        ListNode { Items: var items } when items.Exists(i => i is not ScalarNode) =>
            items.SelectMany((item, i) => Flatten(item, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"))),
        _ => [(path, Flow(node))],
    };

    private static RecipeNode Node(object? value, Type type) => value switch
    {
        null => new ScalarNode("null", Quoted: false, ""),
        IEnumerable items when OptionSchema.ElementType(type) is { } element => new ListNode([.. items.Cast<object>().Select(i => Node(i, element))], ""),
        _ when OptionSchema.IsSection(type) => ToNode(value),
        string text => new ScalarNode(text, NeedsQuotes(text), ""),
        _ => new ScalarNode(ScalarTypes.Format(value), Quoted: false, ""),
    };

    private static void Section(StringBuilder yaml, SectionNode section, string indent)
    {
        foreach (var (key, _, value) in section.Entries)
        {
            yaml.Append(indent).Append(key).Append(':');
            switch (value)
            {
                case SectionNode inner:
                    yaml.Append('\n');
                    Section(yaml, inner, indent + "  ");
                    break;
                case ListNode { Items: var items } when items.Exists(i => i is not ScalarNode):
                    yaml.Append('\n');
                    foreach (var item in items)
                    {
                        yaml.Append(indent).Append("  - ").Append(Flow(item)).Append('\n');
                    }

                    break;
                default:
                    yaml.Append(' ').Append(Flow(value)).Append('\n');
                    break;
            }
        }
    }

    private static string Flow(RecipeNode node) => node switch
    {
        SectionNode section => $"{{ {string.Join(", ", section.Entries.Select(e => $"{e.Key}: {Flow(e.Value)}"))} }}",
        ListNode list => $"[{string.Join(", ", list.Items.Select(Flow))}]",
        ScalarNode { Quoted: true } scalar => Quote(scalar.Text),
        ScalarNode scalar => scalar.Text,
        _ => throw new ArgumentException($"A node of type {node.GetType()} can't be written.", nameof(node)),
    };

    private static bool NeedsQuotes(string text) =>
        text.Length == 0 || text is "null" or "true" or "false" || !char.IsAsciiLetter(text[0]) || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/');

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                >= ' ' and <= '~' => quoted.Append(c),
                _ when char.IsSurrogate(c) => quoted.Append(c), // a pair stands for one character beyond the 16-bit ones
                _ => quoted.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture)),
            };
        }

        return quoted.Append('"').ToString();
    }
}
