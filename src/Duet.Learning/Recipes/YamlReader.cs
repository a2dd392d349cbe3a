using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Duet.Learning.Recipes;

/// <summary>
/// Reads the part of YAML that a recipe needs: sections, lists and single values. Anchors, aliases, tags, several documents and keys that
/// are not plain words are refused, and so is whatever is too long or too deep.
/// </summary>
internal sealed class YamlReader
{
    /// <summary>The longest text that is read, characters.</summary>
    public const int LongestText = 256 * 1024;

    private const int Deepest = 12;
    private const int MostNodes = 20_000;

    private readonly Parser parser;
    private readonly Func<long, string> locate;
    private int nodes;
    private long line = 1;

    private YamlReader(string text, Func<long, string> locate)
    {
        parser = new Parser(new StringReader(text));
        this.locate = locate;
    }

    /// <summary>Reads one document.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="locate">From a line, counted from 1, to a location for messages.</param>
    /// <exception cref="RecipeException">The text is not of this part of YAML.</exception>
    public static RecipeNode Read(string text, Func<long, string> locate)
    {
        if (text.Length > LongestText)
        {
            throw new RecipeException(locate(1), "", $"is longer than {LongestText / 1024} kB; that is no recipe.");
        }

        try
        {
            return new YamlReader(text, locate).Document();
        }
        catch (YamlException exception)
        {
            throw new RecipeException(locate(Math.Max(1, exception.Start.Line)), "", $"is not valid YAML: {exception.Message}");
        }
    }

    private RecipeNode Document()
    {
        Next<StreamStart>();
        if (Next() is StreamEnd)
        {
            return new ScalarNode("", Quoted: false, locate(1));
        }

        var root = Node(Next(), depth: 0);
        Next<DocumentEnd>();
        return Next() is StreamEnd
            ? root
            : throw new RecipeException(At(parser.Current!), "", "holds a second document ('---'); a recipe is one.");
    }

    private RecipeNode Node(ParsingEvent start, int depth)
    {
        var location = At(start);
        if (++nodes > MostNodes || depth > Deepest)
        {
            throw new RecipeException(location, "", depth > Deepest ? $"is nested more than {Deepest} levels deep." : $"holds more than {MostNodes} values.");
        }

        if (start is AnchorAlias || start is NodeEvent { Anchor.IsEmpty: false })
        {
            throw new RecipeException(location, "", "anchors (&name) and aliases (*name) are not read in recipes; write the value out, or quote a text that begins with & or *.");
        }

        if (start is NodeEvent { Tag.IsEmpty: false })
        {
            throw new RecipeException(location, "", "tags (!name) are not read in recipes; take it away, or quote a text that begins with !.");
        }

        return start switch
        {
            Scalar scalar => new ScalarNode(scalar.Value, scalar.Style != ScalarStyle.Plain, location),
            SequenceStart => List(location, depth),
            MappingStart => Section(location, depth),
            _ => throw new RecipeException(location, "", $"is not valid YAML here: {start.GetType().Name}."),
        };
    }

    private ListNode List(string location, int depth)
    {
        var items = new List<RecipeNode>();
        for (var at = Next(); at is not SequenceEnd; at = Next())
        {
            items.Add(Node(at, depth + 1));
        }

        return new ListNode(items, location);
    }

    private SectionNode Section(string location, int depth)
    {
        var entries = new List<SectionEntry>();
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var at = Next(); at is not MappingEnd; at = Next())
        {
            if (Node(at, depth + 1) is not ScalarNode { IsNull: false } key)
            {
                throw new RecipeException(At(at), "", "a key must be a plain word.");
            }

            if (!seen.TryAdd(key.Text, key.Location))
            {
                throw new RecipeException(key.Location, "", $"the key '{key.Text}' stands here a second time; the first is at {seen[key.Text]}.");
            }

            entries.Add(new SectionEntry(key.Text, key.Location, Node(Next(), depth + 1)));
        }

        return new SectionNode(entries, location);
    }

    private string At(ParsingEvent at) => locate(Math.Max(1, at.Start.Line));

    private ParsingEvent Next()
    {
        try
        {
            if (parser.MoveNext())
            {
                line = Math.Max(1, parser.Current!.Start.Line);
                return parser.Current;
            }
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // The scanner answers some malformed texts with its own internal errors ("[0. x" followed by a colon).
            throw new RecipeException(locate(line), "", "is not valid YAML at or after this line.");
        }

        throw new RecipeException(locate(line), "", "ends too early.");
    }

    private void Next<T>()
        where T : ParsingEvent
    {
        var at = Next();
        if (at is not T)
        {
            throw new RecipeException(At(at), "", $"is not valid YAML here: {at.GetType().Name}.");
        }
    }
}
