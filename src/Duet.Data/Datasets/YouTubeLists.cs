namespace Duet.Data.Datasets;

/// <summary>Finds the lists of data sets whose folders nobody distributes: in the folder itself, and in those below it whose name says that lists are in there.</summary>
internal static class YouTubeLists
{
    private static readonly string[] Hints = ["annot", "list", "csv", "meta", "split", "label", "kinetics", "k400", "k600", "k700", "audioset", "vggsound", "segments"];

    /// <summary>Lists of a folder, relative to it, in order.</summary>
    /// <param name="root">The data set's folder.</param>
    /// <param name="extension">Their extension.</param>
    /// <param name="wanted">Whether a list, by its relative path, is one that is looked for.</param>
    public static IReadOnlyList<string> Find(string root, string extension, Func<string, bool> wanted)
    {
        try
        {
            string[] folders =
            [
                root,
                .. Directory.EnumerateDirectories(root)
                    .Where(static f => Array.Exists(Hints, hint => Path.GetFileName(f).Contains(hint, StringComparison.OrdinalIgnoreCase)))
                    .Order(StringComparer.Ordinal),
            ];
            return [.. folders.SelectMany(f => Directory.EnumerateFiles(f, "*" + extension).Order(StringComparer.Ordinal)).Select(f => Path.GetRelativePath(root, f)).Where(wanted)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // a folder that can't be read has no lists; what the user asked for is then reported as missing
        }
    }

    /// <summary>The part that a list's own name tells: <c>train.csv</c>, <c>kinetics-400_val.csv</c>, <c>eval_segments.csv</c>.</summary>
    public static DivisionPart? PartOf(string list)
    {
        var name = Path.GetFileNameWithoutExtension(list).ToLowerInvariant();
        return name.Contains("train", StringComparison.Ordinal) ? DivisionPart.Train
            : name.Contains("eval", StringComparison.Ordinal) || name.Contains("test", StringComparison.Ordinal) ? DivisionPart.Test
            : name.Contains("val", StringComparison.Ordinal) ? DivisionPart.Validation
            : null;
    }
}
