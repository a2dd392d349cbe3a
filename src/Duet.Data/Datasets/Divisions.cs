using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>
/// The column <c>split</c> of a catalog: nothing; one part (<c>train</c>, <c>val</c>, <c>test</c>); a fold (<c>fold1</c>), tested once by the other
/// folds; or a part in each of several divisions, <c>split1=train;split2=test;split3=unused</c>, as UCF101 and HMDB51 need it.
/// </summary>
public static class Divisions
{
    /// <summary>The longest text that is looked at, characters.</summary>
    internal const int MaxLength = 1024;

    private const int MaxNameLength = 32;

    /// <summary>Writes a video's part in each of several divisions.</summary>
    /// <param name="parts">Divisions and parts.</param>
    /// <exception cref="ArgumentException">There is none, a name is no name, or occurs twice.</exception>
    public static string Write(IEnumerable<(string Division, DivisionPart Part)> parts)
    {
        var text = string.Join(';', parts.Select(static p => $"{p.Division}={NameOf(p.Part)}"));
        return Problem(text, out _) is null ? text : throw new ArgumentException($"'{text}' is no list of divisions.", nameof(parts));
    }

    /// <summary>A video's part in each division, in the order written; null where the text names no divisions but one part, a fold or nothing.</summary>
    /// <param name="split">The catalog's text.</param>
    /// <exception cref="UsageException">It means to name divisions, and is none that can be read.</exception>
    public static IReadOnlyList<(string Division, DivisionPart Part)>? Parse(string? split) =>
        !IsSeveral(split) ? null
        : Problem(split, out var parts) is { } problem ? throw new UsageException($"The split '{Shortened(split)}' can't be read: {problem}. {Form}")
        : parts;

    /// <summary>Every division of a store, in the order of their numbers: those that splits such as <c>split1=train</c> name, else the folds where there are at least two; empty where the catalog has neither.</summary>
    /// <param name="videos">The ready videos.</param>
    /// <exception cref="UsageException">A split can't be read.</exception>
    public static IReadOnlyList<Division> Of(IReadOnlyList<StoredVideo> videos)
    {
        ArgumentNullException.ThrowIfNull(videos);
        var sorted = videos.OrderBy(static v => v.Id, StringComparer.Ordinal).ToArray();
        var parts = PartsOf(sorted);
        var names = Names(parts.Values);
        if (names.Count > 0)
        {
            return [.. names.Select(name => Make(name, v => PartIn(parts, v, name)))];
        }

        var folds = sorted.Select(static v => v.Split).OfType<string>().Distinct(StringComparer.Ordinal).Where(static s => FoldNumber(s) > 0)
            .OrderBy(FoldNumber).ThenBy(static s => s, StringComparer.Ordinal).ToArray();
        return folds.Length < 2 ? []
            : [.. folds.Select(fold => Make(fold, v => string.Equals(v.Split, fold, StringComparison.Ordinal) ? DivisionPart.Test : FoldNumber(v.Split) > 0 ? DivisionPart.Train : DivisionPart.Unused))];

        Division Make(string name, Func<StoredVideo, DivisionPart> part)
        {
            var byPart = sorted.ToLookup(v => part(v) is DivisionPart.Validation ? DivisionPart.Train : part(v));
            return new Division(name, [.. byPart[DivisionPart.Train]], [.. byPart[DivisionPart.Test]], [.. byPart[DivisionPart.Unused]]);
        }
    }

    /// <summary>The part that one word names; null for other words.</summary>
    public static DivisionPart? PartOf(string? word) => word?.Trim().ToUpperInvariant() switch
    {
        "TRAIN" or "TRAINING" => DivisionPart.Train,
        "VAL" or "VALID" or "VALIDATION" => DivisionPart.Validation,
        "TEST" or "TESTING" => DivisionPart.Test,
        "UNUSED" => DivisionPart.Unused,
        _ => null,
    };

    /// <summary>n for <c>foldn</c>, in any case; 0 for other names.</summary>
    public static int FoldNumber(string? split) =>
        split is not null && split.StartsWith("fold", StringComparison.OrdinalIgnoreCase)
        && int.TryParse(split.AsSpan(4).Trim("_- "), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>What a list of divisions looks like, for messages.</summary>
    internal static string Form => "Several divisions are written as split1=train;split2=test;split3=unused, each name once, and each part train, val, test or unused.";

    /// <summary>Whether a text means to name a part in each of several divisions.</summary>
    public static bool IsSeveral([NotNullWhen(true)] string? split) => split is not null && split.Contains('=', StringComparison.Ordinal);

    /// <summary>What is wrong with a list of divisions; null where it can be read.</summary>
    internal static string? Problem(string split, out IReadOnlyList<(string Division, DivisionPart Part)> parts)
    {
        var found = new List<(string, DivisionPart)>();
        parts = found;
        if (split.Length > MaxLength)
        {
            return $"it has {split.Length} characters, more than {MaxLength}";
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in split.Split(';'))
        {
            var equals = item.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? "" : item[..equals].Trim();
            if (!IsName(name))
            {
                return $"'{item}' does not begin with a division's name, up to {MaxNameLength} letters, digits, '-' or '_', and an equals sign";
            }

            if (PartOf(item[(equals + 1)..]) is not { } part)
            {
                return $"'{item[(equals + 1)..]}' is none of the parts train, val, test and unused";
            }

            if (!names.Add(name))
            {
                return $"it names {name} twice";
            }

            found.Add((name, part));
        }

        return null;
    }

    /// <summary>The parts of every video whose split names divisions; each different text is read once.</summary>
    internal static Dictionary<string, IReadOnlyDictionary<string, DivisionPart>> PartsOf(IEnumerable<StoredVideo> videos)
    {
        var parts = new Dictionary<string, IReadOnlyDictionary<string, DivisionPart>>(StringComparer.Ordinal);
        foreach (var video in videos)
        {
            if (IsSeveral(video.Split) && !parts.ContainsKey(video.Split))
            {
                parts.Add(video.Split, Problem(video.Split, out var read) is { } problem
                    ? throw new UsageException($"The split of '{video.SourcePath}' can't be read: {problem}. {Form} Ingest its list again.")
                    : read.ToDictionary(static p => p.Division, static p => p.Part, StringComparer.Ordinal));
            }
        }

        return parts;
    }

    /// <summary>The divisions' names, <c>split2</c> before <c>split10</c>.</summary>
    internal static IReadOnlyList<string> Names(IEnumerable<IReadOnlyDictionary<string, DivisionPart>> parts) =>
        [.. parts.SelectMany(static p => p.Keys).Distinct(StringComparer.Ordinal).Order(ByNumber)];

    /// <summary>A video's part in a division; a video whose split does not name it is not used.</summary>
    internal static DivisionPart PartIn(Dictionary<string, IReadOnlyDictionary<string, DivisionPart>> parts, StoredVideo video, string division) =>
        video.Split is not null && parts.TryGetValue(video.Split, out var own) ? own.GetValueOrDefault(division) : DivisionPart.Unused;

    /// <summary>A video's parts as <c>split1=train</c>, <c>split2=test</c> ...</summary>
    internal static IEnumerable<string> Each(IEnumerable<(string Division, DivisionPart Part)> parts) => parts.Select(static p => $"{p.Division}={NameOf(p.Part)}");

    /// <summary>Names in the order of the numbers at their ends.</summary>
    private static Comparer<string> ByNumber { get; } = Comparer<string>.Create(static (a, b) =>
    {
        var stemA = a.AsSpan().TrimEnd("0123456789");
        var stemB = b.AsSpan().TrimEnd("0123456789");
        var digitsA = a.AsSpan(stemA.Length).TrimStart('0');
        var digitsB = b.AsSpan(stemB.Length).TrimStart('0');
        var order = stemA.CompareTo(stemB, StringComparison.Ordinal);
        order = order != 0 ? order : digitsA.Length.CompareTo(digitsB.Length);
        order = order != 0 ? order : digitsA.CompareTo(digitsB, StringComparison.Ordinal);
        return order != 0 ? order : string.CompareOrdinal(a, b);
    });

    private static bool IsName(string name) => name.Length is > 0 and <= MaxNameLength && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    private static string NameOf(DivisionPart part) => part switch
    {
        DivisionPart.Train => "train",
        DivisionPart.Validation => "val",
        DivisionPart.Test => "test",
        _ => "unused",
    };

    private static string Shortened(string split) => split.Length <= 80 ? split : split[..80] + "...";
}
