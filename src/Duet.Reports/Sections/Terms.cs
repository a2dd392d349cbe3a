namespace Duet.Reports.Sections;

/// <summary>The names and colours of things, the same in every table and chart.</summary>
internal static class Terms
{
    public const string Positive = "positive";

    /// <summary>A kind of negative: its key in files, its name, its colour, and what it is.</summary>
    public sealed record Kind(string Key, string Name, string Css, string Meaning);

    /// <summary>From easy to super-hard.</summary>
    public static IReadOnlyList<Kind> Kinds { get; } =
    [
        new("easy", "easy", "easy", "the sound of another video"),
        new("hard", "hard", "hard", "the same video's sound from another moment, not overlapping"),
        new("super_hard", "super-hard", "super-hard", "the same video's sound, shifted but overlapping"),
    ];

    /// <summary>The kinds that a result holds, in this order; kinds that are new to this version come last under their own key.</summary>
    public static IEnumerable<(Kind Kind, T Value)> InOrder<T>(IReadOnlyDictionary<string, T>? values)
        where T : class
    {
        if (values is null)
        {
            yield break;
        }

        foreach (var kind in Kinds)
        {
            if (values.TryGetValue(kind.Key, out var value) && value is not null)
            {
                yield return (kind, value);
            }
        }

        foreach (var (key, value) in values.Where(v => v.Value is not null && Kinds.All(k => !string.Equals(k.Key, v.Key, StringComparison.Ordinal))))
        {
            yield return (new Kind(key, key, "easy", ""), value);
        }
    }

    /// <summary>A modality's colour.</summary>
    public static string Colour(string? modality) => string.Equals(modality, "video", StringComparison.Ordinal) ? "video" : "audio";
}
