namespace Duet.Data;

/// <summary>Finds what the user probably meant.</summary>
public static class NearestName
{
    private const int LongestCompared = 64;

    /// <summary>The candidate with the fewest edits to <paramref name="name"/>, where few enough to be a slip.</summary>
    /// <param name="name">What was typed; letter case, <c>-</c> and <c>_</c> are not told apart.</param>
    /// <param name="candidates">The valid names.</param>
    /// <returns>The nearest candidate as it is written there, the first of equals; null where none is near.</returns>
    public static string? Find(string name, IEnumerable<string> candidates)
    {
        if (name.Length > LongestCompared)
        {
            return null;
        }

        var typed = Normalise(name);
        var nearest = candidates
            .Where(c => c.Length <= LongestCompared)
            .Select(c => (Name: c, Distance: DistanceTo(typed, Normalise(c))))
            .OrderBy(c => c.Distance)
            .FirstOrDefault();
        return nearest.Name is not null && nearest.Distance <= Math.Max(1, Math.Max(typed.Length, nearest.Name.Length) / 3) ? nearest.Name : null;
    }

    /// <summary>Insertions, deletions, substitutions and swaps of neighbours that turn one text into the other (optimal string alignment).</summary>
    public static int Distance(string a, string b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            rows[i, 0] = i;
        }

        for (var j = 0; j <= b.Length; j++)
        {
            rows[0, j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var best = Math.Min(Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1, rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    best = Math.Min(best, rows[i - 2, j - 2] + 1);
                }

                rows[i, j] = best;
            }
        }

        return rows[a.Length, b.Length];
    }

    /// <summary>A beginning (<c>rec</c> for <c>recipes</c>) is as near as one slip.</summary>
    private static int DistanceTo(string typed, string candidate) =>
        typed.Length >= 3 && candidate.StartsWith(typed, StringComparison.Ordinal) ? Math.Min(1, candidate.Length - typed.Length) : Distance(typed, candidate);

    private static string Normalise(string name) => name.ToUpperInvariant().Replace('-', '_');
}
