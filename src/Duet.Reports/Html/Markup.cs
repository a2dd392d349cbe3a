using System.Xml.Linq;

namespace Duet.Reports.Html;

/// <summary>
/// Short names for building a page as a tree. Nothing here concatenates strings into markup: text goes in as text and is
/// escaped once, by <see cref="PageWriter"/>, so a hostile path or label can't become an element.
/// </summary>
internal static class Markup
{
    /// <summary>An element; content is attributes, children, sequences of both, or anything else as text. Null is left out.</summary>
    public static XElement E(string name, params object?[] content)
    {
        var element = new XElement(name);
        foreach (object? item in content)
        {
            Add(element, item);
        }

        return element;
    }

    /// <summary>An element with a class.</summary>
    public static XElement C(string name, string cssClass, params object?[] content)
    {
        var element = E(name, content);
        element.SetAttributeValue("class", cssClass);
        return element;
    }

    /// <summary>An attribute; numbers are written in the invariant culture with at most two decimals.</summary>
    public static XAttribute A(string name, object value) => new(name, value switch
    {
        double number => Numbers.Coordinate(number),
        _ => value,
    });

    /// <summary>Text from outside: isolated, so that its writing direction can't reorder what stands around it.</summary>
    public static XElement Outside(string? text) => E("bdi", text ?? "");

    /// <summary>Text from outside that reads as code: a path, a hash, a command.</summary>
    public static XElement Code(string? text) => E("code", Outside(text));

    private static void Add(XElement element, object? item)
    {
        switch (item)
        {
            case null:
                break;
            case string text:
                element.Add(new XText(PlainText.Clean(text)));
                break;
            case XAttribute attribute:
                element.SetAttributeValue(attribute.Name, PlainText.Clean(attribute.Value));
                break;
            case XObject node:
                element.Add(node);
                break;
            case System.Collections.IEnumerable items:
                foreach (object? inner in items)
                {
                    Add(element, inner);
                }

                break;
            case IFormattable formattable:
                element.Add(new XText(formattable.ToString(null, System.Globalization.CultureInfo.InvariantCulture)));
                break;
            default:
                throw new ArgumentException($"{item.GetType()} is no markup.", nameof(item));
        }
    }
}
