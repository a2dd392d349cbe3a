using System.Text;
using System.Xml.Linq;

namespace Duet.Reports.Html;

/// <summary>
/// Writes a tree as text that is HTML and XML at once: browsers read it as HTML5, and any XML parser can check it.
/// So only void elements are closed in their own tag, every attribute is quoted, and only numeric entities are used.
/// </summary>
internal static class PageWriter
{
    private static readonly HashSet<string> Void = new(StringComparer.Ordinal) { "meta", "br", "hr", "img", "link", "input", "col", "wbr" };

    private static readonly HashSet<string> Block = new(StringComparer.Ordinal)
    {
        "html", "head", "body", "header", "main", "section", "nav", "footer", "article", "div", "h1", "h2", "h3", "p", "table", "thead", "tbody",
        "tr", "ul", "li", "dl", "dt", "dd", "details", "summary", "figure", "svg", "g", "style", "script", "title", "meta",
    };

    /// <summary>The whole document, with its doctype.</summary>
    public static string Write(XElement html)
    {
        var text = new StringBuilder(1 << 16);
        text.Append("<!DOCTYPE html>\n");
        Write(text, html, breakBefore: false);
        return text.Append('\n').ToString();
    }

    /// <param name="text">Where to.</param>
    /// <param name="element">What.</param>
    /// <param name="breakBefore">Whether the parent holds no running text, so that a line break before a block changes nothing.</param>
    private static void Write(StringBuilder text, XElement element, bool breakBefore)
    {
        string name = element.Name.LocalName;
        if (breakBefore && Block.Contains(name) && text[^1] != '\n')
        {
            text.Append('\n');
        }

        text.Append('<').Append(name);
        foreach (var attribute in element.Attributes())
        {
            text.Append(' ').Append(attribute.Name.LocalName).Append("=\"");
            Escape(text, attribute.Value, attribute: true);
            text.Append('"');
        }

        if (Void.Contains(name))
        {
            text.Append(" />");
            return;
        }

        text.Append('>');
        bool breaks = !element.Nodes().OfType<XText>().Any();
        foreach (var node in element.Nodes())
        {
            switch (node)
            {
                case XElement child:
                    Write(text, child, breaks);
                    break;
                case XText content when name is "style" or "script":
                    WriteRaw(text, name, content.Value);
                    break;
                case XText content:
                    Escape(text, content.Value, attribute: false);
                    break;
                default:
                    throw new InvalidOperationException($"A page has elements and text only, not {node.NodeType}.");
            }
        }

        text.Append("</").Append(name).Append('>');
    }

    /// <summary>
    /// HTML reads style sheets and scripts raw and XML reads them escaped: only text without these characters is the same in both.
    /// Nothing is added to it, since a script's hash stands in the page's policy.
    /// </summary>
    private static void WriteRaw(StringBuilder text, string name, string content)
    {
        if (content.AsSpan().IndexOfAny('<', '&', '>') >= 0)
        {
            throw new InvalidOperationException($"A page's {name} must not contain <, > or &.");
        }

        text.Append(content);
    }

    private static void Escape(StringBuilder text, string value, bool attribute)
    {
        foreach (char c in value)
        {
            switch (c)
            {
                case '&':
                    text.Append("&#38;");
                    break;
                case '<':
                    text.Append("&#60;");
                    break;
                case '>':
                    text.Append("&#62;");
                    break;
                case '"' when attribute:
                    text.Append("&#34;");
                    break;
                case '\'' when attribute:
                    text.Append("&#39;");
                    break;
                case '\n' or '\t' when attribute:
                    text.Append("&#").Append((int)c).Append(';');
                    break;
                default:
                    text.Append(c);
                    break;
            }
        }
    }
}
