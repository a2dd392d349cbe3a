namespace Duet.Learning.Recipes;

/// <summary>A value as a recipe file or a <c>--set</c> writes it, before it gets a type.</summary>
/// <param name="Location">Where it stands, as <c>file.yaml:12</c> or <c>--set a.b=c</c>; empty for values that were never written.</param>
internal abstract record RecipeNode(string Location)
{
    /// <summary>What this is, for messages.</summary>
    public abstract string Describe();
}

/// <summary>A single value.</summary>
/// <param name="Text">Its text, quotes taken off.</param>
/// <param name="Quoted">Whether it was quoted: a quoted <c>8</c> is a text and not a number.</param>
/// <param name="Location">Where it stands.</param>
internal sealed record ScalarNode(string Text, bool Quoted, string Location) : RecipeNode(Location)
{
    private const int LongestShown = 60;

    /// <summary>YAML's null: nothing at all, <c>~</c> or <c>null</c>.</summary>
    public bool IsNull => !Quoted && Text is "" or "~" or "null";

    /// <inheritdoc/>
    public override string Describe()
    {
        var shown = Text.Length <= LongestShown ? Text : Text[..LongestShown] + "...";
        return IsNull ? "nothing" : Quoted ? $"the text \"{shown}\"" : $"'{shown}'";
    }
}

/// <summary>A list.</summary>
/// <param name="Items">In order.</param>
/// <param name="Location">Where it begins.</param>
internal sealed record ListNode(List<RecipeNode> Items, string Location) : RecipeNode(Location)
{
    /// <inheritdoc/>
    public override string Describe() => "a list";
}

/// <summary>A section: keys with values.</summary>
/// <param name="Entries">In order; no key twice.</param>
/// <param name="Location">Where it begins.</param>
internal sealed record SectionNode(List<SectionEntry> Entries, string Location) : RecipeNode(Location)
{
    /// <summary>The entry with a key, or null.</summary>
    public SectionEntry? Find(string key) => Entries.Find(e => string.Equals(e.Key, key, StringComparison.Ordinal));

    /// <summary>Puts a value under a key, in the place of the one that was there.</summary>
    public void Put(string key, string location, RecipeNode value)
    {
        var at = Entries.FindIndex(e => string.Equals(e.Key, key, StringComparison.Ordinal));
        var entry = new SectionEntry(key, location, value);
        if (at < 0)
        {
            Entries.Add(entry);
        }
        else
        {
            Entries[at] = entry;
        }
    }

    /// <inheritdoc/>
    public override string Describe() => "a section of keys";
}

/// <summary>A key and its value.</summary>
/// <param name="Key">As written.</param>
/// <param name="Location">Where the key stands.</param>
/// <param name="Value">Its value.</param>
internal sealed record SectionEntry(string Key, string Location, RecipeNode Value);
