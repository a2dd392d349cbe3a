using System.Globalization;
using System.Text.RegularExpressions;

namespace Duet.Learning.Recipes;

/// <summary>One <c>--set a.b=c</c>: a dotted key, list elements by number, and the value as YAML.</summary>
/// <param name="Steps">The way down.</param>
/// <param name="Value">The value.</param>
/// <param name="Location">For messages: <c>--set a.b=c</c>.</param>
internal sealed partial record RecipeOverride(IReadOnlyList<OverrideStep> Steps, RecipeNode Value, string Location)
{
    private const int LongestShown = 100;

    /// <summary>Reads an override.</summary>
    /// <exception cref="RecipeException">It is not of the form <c>key=value</c>, or the value is not YAML.</exception>
    public static RecipeOverride Parse(string text)
    {
        var location = "--set " + (text.Length <= LongestShown ? text : text[..LongestShown] + "...");
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
        {
            throw new RecipeException(location, "", "expected key=value, such as training.batch=8.");
        }

        var key = text[..equals].Trim();
        if (!KeyForm().IsMatch(key))
        {
            throw new RecipeException(location, "", "the key must be words joined by points, list elements by number: avts.curriculum[0].epochs.");
        }

        var steps = key.Split('.')
            .Select(part => part.TrimEnd(']').Split('['))
            .Select(part => new OverrideStep(part[0], part.Length == 1 ? null : int.Parse(part[1], CultureInfo.InvariantCulture)))
            .ToList();
        return new RecipeOverride(steps, YamlReader.Read(text[(equals + 1)..], _ => location), location);
    }

    /// <summary>Puts the value into what was written.</summary>
    /// <param name="root">The recipe as written; changed.</param>
    /// <param name="resolved">The recipe with its defaults, from which a list is taken where the file does not write it and one of its elements is set.</param>
    /// <exception cref="RecipeException">The key leads through something that is no section, or to an element that is not there.</exception>
    public void Apply(SectionNode root, SectionNode resolved)
    {
        var section = root;
        SectionNode? defaults = resolved;
        for (var i = 0; i < Steps.Count; i++)
        {
            var (key, index) = Steps[i];
            var path = string.Join('.', Steps.Take(i + 1).Select(s => s.Key));
            var last = i == Steps.Count - 1;
            var known = defaults?.Find(key)?.Value;
            if (index is { } at)
            {
                var list = Element(section, key, known, at, path);
                if (last)
                {
                    list.Items[at] = Value;
                    return;
                }

                section = list.Items[at] as SectionNode ?? throw new RecipeException(Location, path, "its elements are single values and have no keys.");
                defaults = (known as ListNode)?.Items.ElementAtOrDefault(at) as SectionNode;
            }
            else if (last)
            {
                if (known is SectionNode { Entries: var keys })
                {
                    throw new RecipeException(Location, path, $"is a section; set its values one by one: {path}.{keys[0].Key}=...");
                }

                section.Put(key, Location, Value);
                return;
            }
            else
            {
                section = Inner(section, key, path);
                defaults = known as SectionNode;
            }
        }
    }

    private SectionNode Inner(SectionNode section, string key, string path)
    {
        if (section.Find(key) is not { } entry || entry.Value is ScalarNode { IsNull: true })
        {
            var made = new SectionNode([], Location);
            section.Put(key, Location, made);
            return made;
        }

        return entry.Value switch
        {
            SectionNode inner => inner,
            ListNode => throw new RecipeException(Location, path, $"is a list; name an element by its number: {path}[0]."),
            _ => throw new RecipeException(Location, path, "is a single value and has no keys."),
        };
    }

    private ListNode Element(SectionNode section, string key, RecipeNode? known, int index, string path)
    {
        if (section.Find(key) is not { Value: ListNode list })
        {
            list = known as ListNode ?? throw new RecipeException(Location, path, "is no list, so its elements can't be set.");
            section.Put(key, Location, list);
        }

        return index < list.Items.Count
            ? list
            : throw new RecipeException(Location, path, string.Create(CultureInfo.InvariantCulture, $"has {list.Items.Count} elements, numbered from 0; there is no [{index}]."));
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*(\[[0-9]{1,4}\])?(\.[A-Za-z_][A-Za-z0-9_]*(\[[0-9]{1,4}\])?){0,11}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex KeyForm();
}

/// <summary>A key, and the number of a list's element where one is meant.</summary>
/// <param name="Key">As written.</param>
/// <param name="Index">Counted from 0, or null.</param>
internal sealed record OverrideStep(string Key, int? Index);
