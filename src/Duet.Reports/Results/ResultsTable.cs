namespace Duet.Reports.Results;

/// <summary>The numbers of many runs in one table, with what papers print for the same cells.</summary>
/// <param name="Rows">By data set, protocol and method.</param>
/// <param name="Skipped">Files that could not be read, with the reason.</param>
public sealed record ResultsTable(IReadOnlyList<ResultRow> Rows, IReadOnlyList<SkippedResult> Skipped)
{
    /// <summary>Reads all results below folders.</summary>
    /// <param name="folders">Runs, or folders with runs.</param>
    /// <param name="protocol">Only this protocol: its name, or its kind (<c>probe</c>, <c>finetune</c>, <c>retrieval</c>, <c>sync</c>); null for all.</param>
    /// <exception cref="ReportException">A folder does not exist.</exception>
    public static ResultsTable Read(IReadOnlyList<string> folders, string? protocol = null)
    {
        ArgumentNullException.ThrowIfNull(folders);
        var skipped = new List<SkippedResult>();
        var measured = new List<Measured>();
        foreach (string path in ResultFiles.Find(folders, skipped))
        {
            try
            {
                measured.AddRange(ResultFiles.Read(path));
            }
            catch (ReportException e)
            {
                skipped.Add(new SkippedResult(path, e.Message.StartsWith(path, StringComparison.Ordinal) ? e.Message[path.Length..].TrimStart(',', ':', ' ') : e.Message));
            }
        }

        var rows = measured
            .Where(m => protocol is null || m.Row.Protocol == protocol || m.Row.Kind == protocol)
            .GroupBy(m => m.Alike, StringComparer.Ordinal)
            .SelectMany(Together)
            .Select(r => r with { Published = r.Labels.Length == 0 ? PublishedNumbers.For(r) : [] })
            .OrderBy(MeasuredNumbers.Cell, StringComparer.Ordinal)
            .ThenBy(r => r.Runs[0], StringComparer.Ordinal);
        return new ResultsTable([.. rows], skipped);
    }

    /// <summary>Runs that differ in their seed alone as one row; the same number found twice once; anything else row by row.</summary>
    private static IEnumerable<ResultRow> Together(IEnumerable<Measured> group)
    {
        var all = group.OrderBy(m => m.Seed, StringComparer.Ordinal).ThenBy(m => m.Row.Runs[0], StringComparer.Ordinal).ToList();
        var distinct = all.DistinctBy(m => (m.Row.Number, m.Row.Seeds, string.Join(' ', m.Row.PerFold), m.Row.Method is "random" or "log_mel" ? null : m.Seed)).ToList();
        if (distinct.Count == 1)
        {
            return [distinct[0].Row with { Runs = [.. all.Select(m => m.Row.Runs[0]).Distinct(StringComparer.Ordinal)] }];
        }

        bool seeds = distinct.TrueForAll(m => m.Row.Seeds == 1) && distinct.Select(m => m.Seed).Distinct(StringComparer.Ordinal).Count() == distinct.Count;
        return seeds ? [OverSeeds([.. distinct.Select(m => m.Row)])] : distinct.Select(m => m.Row);
    }

    private static ResultRow OverSeeds(IReadOnlyList<ResultRow> rows)
    {
        double mean = rows.Average(r => r.Number);
        double deviation = Math.Sqrt(rows.Sum(r => (r.Number - mean) * (r.Number - mean)) / (rows.Count - 1));
        double half = StudentT(rows.Count - 1) * deviation / Math.Sqrt(rows.Count);
        int folds = rows.Min(r => r.PerFold.Count);
        return rows[0] with
        {
            Number = mean,
            Low = Math.Max(0, mean - half),
            High = Math.Min(100, mean + half),
            IntervalOver = "seeds",
            Seeds = rows.Count,
            PerFold = rows.All(r => r.PerFold.Count == folds) ? [.. Enumerable.Range(0, folds).Select(f => rows.Average(r => r.PerFold[f]))] : [],
            Runs = [.. rows.SelectMany(r => r.Runs)],
        };
    }

    /// <summary>The 97.5 % quantile of Student's t.</summary>
    private static double StudentT(int degrees)
    {
        double[] exact = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281];
        if (degrees <= exact.Length)
        {
            return exact[degrees - 1];
        }

        // Cornish and Fisher's expansion: within 1e-4 from 11 degrees of freedom on.
        const double Z = 1.959963984540054;
        double n = degrees;
        return Z + ((Z * Z * Z + Z) / (4 * n)) + (((5 * Math.Pow(Z, 5)) + (16 * Math.Pow(Z, 3)) + (3 * Z)) / (96 * n * n)) + (((3 * Math.Pow(Z, 7)) + (19 * Math.Pow(Z, 5)) + (17 * Math.Pow(Z, 3)) - (15 * Z)) / (384 * n * n * n));
    }
}
