using System.Globalization;
using System.Runtime.InteropServices;

namespace Duet.Data.Datasets;

/// <summary>
/// Media that are called by a YouTube id: <c>ID.mp4</c>, <c>ID_START.mp4</c> or <c>ID_START_END.mp4</c>, times in seconds (with or without zeros before them and a
/// fraction behind) or milliseconds, and <c>Y</c> before the id where tools shy away from ids that begin with a dash. One look-up per line of a list, however long that is.
/// </summary>
internal sealed class YouTubeFiles
{
    /// <summary>Characters of an id.</summary>
    private const int IdLength = 11;

    /// <summary>The folder in which Kinetics-400's distributors put videos that replace damaged ones.</summary>
    private const string Replacements = "replacement_for_corrupted";

    private readonly Dictionary<string, int> first = new(StringComparer.Ordinal);
    private readonly List<(string Path, double? Start, double? End, int Next)> files = [];

    /// <summary>Looks through the names once.</summary>
    public YouTubeFiles(IEnumerable<string> paths)
    {
        foreach (var path in paths)
        {
            var stem = Path.GetFileNameWithoutExtension(path);
            foreach (var skip in stem.StartsWith('Y') ? (int[])[0, 1] : [0])
            {
                if (stem.Length >= skip + IdLength && IsId(stem.AsSpan(skip, IdLength)) && Times(stem[(skip + IdLength)..]) is { } times)
                {
                    ref var head = ref CollectionsMarshal.GetValueRefOrAddDefault(first, stem.Substring(skip, IdLength), out var exists);
                    files.Add((path, times.Start, times.End, exists ? head : -1));
                    head = files.Count - 1;
                }
            }
        }
    }

    /// <summary>Whether a text can be an id.</summary>
    public static bool IsId(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
            {
                return false;
            }
        }

        return text.Length == IdLength;
    }

    /// <summary>A time in a list, seconds.</summary>
    public static double? Seconds(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 1e6 ? seconds : null;

    /// <summary>Finds the file of a stretch of a video; of several the one that says most precisely that it is this stretch, in the folder that fits best.</summary>
    /// <param name="id">The video's id.</param>
    /// <param name="start">Where the stretch begins, seconds.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="folders">Names of folders that speak for a file: its part's, its class's.</param>
    public string? Find(string id, double start, double end, params ReadOnlySpan<string?> folders)
    {
        string? best = null;
        var score = -1;
        for (var i = first.GetValueOrDefault(id, -1); i >= 0; i = files[i].Next)
        {
            var (path, from, to, _) = files[i];
            var fit = from is null ? 0 : Fits(from.Value, to, start, end) ? 8 : -1;
            if (fit < 0)
            {
                continue;
            }

            fit += path.Contains(Replacements, StringComparison.OrdinalIgnoreCase) ? 4 : 0;
            var parents = path.Split('/')[..^1];
            foreach (var folder in folders)
            {
                fit += folder is not null && parents.Any(parent => IsSame(parent, folder)) ? 1 : 0;
            }

            if (fit > score || (fit == score && string.CompareOrdinal(path, best) < 0))
            {
                (best, score) = (path, fit);
            }
        }

        return best;
    }

    /// <summary>Folders of classes are written with blanks or with low lines.</summary>
    private static bool IsSame(string a, string b) => string.Equals(a.Replace('_', ' '), b.Replace('_', ' '), StringComparison.OrdinalIgnoreCase);

    private static bool Fits(double from, double? to, double start, double end) =>
        Are(from, to, start, end) || Are(from, to, Math.Floor(start), Math.Floor(end)) || Are(from, to, Math.Round(1000 * start), Math.Round(1000 * end));

    private static bool Are(double from, double? to, double start, double end) => Math.Abs(from - start) < 1e-6 && (to is null || Math.Abs(to.Value - end) < 1e-6);

    /// <summary>The times behind an id: nothing, or one or two numbers, each after a low line. Null where something else is there.</summary>
    private static (double? Start, double? End)? Times(string text)
    {
        if (text.Length == 0)
        {
            return (null, null);
        }

        var parts = text.Split('_');
        var numbers = parts.Skip(1).Select(static p => double.TryParse(p, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var n) ? n : (double?)null).ToArray();
        return parts[0].Length > 0 || numbers.Length is < 1 or > 2 || numbers.Contains(null) ? null : (numbers[0], numbers.ElementAtOrDefault(1));
    }
}
