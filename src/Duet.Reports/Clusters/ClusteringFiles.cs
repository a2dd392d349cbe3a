using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Duet.Data.Files;
using Duet.Data;
using Duet.Data.Tables;
using Duet.Reports.Input;

namespace Duet.Reports.Clusters;

/// <summary>One <c>pseudo-labels/iteration-NN.json</c>. Numbers that don't exist are null.</summary>
internal sealed record IterationFile
{
    public const string CurrentFormat = "duet.clustering/1";

    public string? Format { get; init; }
    public string? Method { get; init; }
    public int? Iteration { get; init; }
    public double? Epoch { get; init; }
    public IReadOnlyList<ClusteringEntry?>? Clusterings { get; init; }
}

/// <summary>What an iteration's JSON says about one clustering. Sizes and scores are over training clips.</summary>
internal sealed record ClusteringEntry
{
    public string? Features { get; init; }
    public IReadOnlyList<string>? Teaches { get; init; }
    public string? File { get; init; }
    public string? Sha256 { get; init; }
    public int K { get; init; }
    public long? Clips { get; init; }
    public long? ValidationClips { get; init; }
    public long? Unreadable { get; init; }
    public long? Dimension { get; init; }
    public double? Objective { get; init; }
    public long? Splits { get; init; }
    public bool? Converged { get; init; }
    public double? Imbalance { get; init; }
    public double? EntropyBits { get; init; }
    public double? NormalisedEntropy { get; init; }
    public long? Empty { get; init; }
    public double? LargestShare { get; init; }
    public double? NmiPrevious { get; init; }
    public double? NmiLabels { get; init; }
    public double? Purity { get; init; }
    public long? LabelledClips { get; init; }
    public long? Classes { get; init; }
    public IReadOnlyList<string>? Notes { get; init; }
}

/// <summary>An iteration that was read and checked.</summary>
internal sealed record Iteration(int Number, string Path, string Method, IReadOnlyList<ClusteringEntry> Clusterings);

/// <summary>Reads a run's <c>pseudo-labels</c> folder.</summary>
internal static class ClusteringFiles
{
    /// <summary>The folder in a run.</summary>
    public const string FolderName = "pseudo-labels";

    private const int MostIterations = 10_000;
    private const int MostClusters = 1 << 20;
    private const int MostClusterings = 16;
    private const long LargestIteration = 64L << 20;

    /// <summary>The iterations, first to last.</summary>
    /// <exception cref="UsageException">The run has none.</exception>
    /// <exception cref="ReportException">A file is malformed.</exception>
    public static IReadOnlyList<Iteration> Read(string runFolder)
    {
        if (!Directory.Exists(runFolder))
        {
            throw new UsageException($"'{runFolder}' is no folder. Give the folder of a run that clusters.");
        }

        string folder = Path.Combine(runFolder, FolderName);
        var paths = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "iteration-*.json").Order(StringComparer.Ordinal).Take(MostIterations + 1).ToList()
            : [];
        if (paths.Count == 0)
        {
            throw new UsageException($"'{runFolder}' has no pseudo-labels (no {FolderName}/iteration-01.json): {Method(runFolder)}only the clustering methods sdc, mdc, cdc and xdc make them, at the start of each iteration.");
        }

        if (paths.Count > MostIterations)
        {
            throw new ReportException($"{folder} has more than {MostIterations} iterations; this is hardly a run's folder.");
        }

        var iterations = paths.Select(ReadIteration).OrderBy(i => i.Number).ToList();
        for (int i = 1; i < iterations.Count; i++)
        {
            if (iterations[i].Number == iterations[i - 1].Number)
            {
                throw new ReportException($"{iterations[i - 1].Path} and {iterations[i].Path} both call themselves iteration {iterations[i].Number}.");
            }
        }

        return iterations;
    }

    /// <summary>The clips' table of one clustering, after its bytes were found to be those that the JSON describes.</summary>
    /// <exception cref="DuetException">The table is missing, damaged, or another one.</exception>
    public static PseudoLabelTable ReadTable(Iteration iteration, ClusteringEntry entry)
    {
        string path = Path.Combine(Path.GetDirectoryName(iteration.Path)!, entry.File!);
        if (!File.Exists(path))
        {
            throw new ReportException($"{path} is missing, which {Path.GetFileName(iteration.Path)} names. Copy the run again with all of its files, or choose another --iteration.");
        }

        if (entry.Sha256 is { } expected && Hash(path) is var found && !string.Equals(found, expected, StringComparison.OrdinalIgnoreCase))
        {
            throw new ReportException($"{path} isn't the table that {Path.GetFileName(iteration.Path)} describes: its SHA-256 is {found}, not {expected}. One of the two was changed or belongs to another run; copy both again.");
        }

        var table = PseudoLabelTable.Read(path);
        int clip = 0;
        foreach (var row in table.Rows)
        {
            if (row.Cluster < 0 || row.Cluster >= entry.K)
            {
                throw new ReportException($"{path}, row {clip + 1}: cluster {row.Cluster} of {entry.K}.");
            }

            clip++;
        }

        return table;
    }

    private static Iteration ReadIteration(string path)
    {
        var file = Json.Parse<IterationFile>(path, Json.ReadFile(path, LargestIteration) ?? throw new ReportException($"{path} is gone."));
        if (!string.Equals(file.Format, IterationFile.CurrentFormat, StringComparison.Ordinal))
        {
            throw new ReportException($"{path} has the format {file.Format ?? "(none)"}; this version of Duet reads {IterationFile.CurrentFormat}.");
        }

        if (file.Iteration is not (>= 1 and <= 1_000_000))
        {
            throw new ReportException($"{path}, iteration: {file.Iteration?.ToString(CultureInfo.InvariantCulture) ?? "nothing"}; iterations count from 1.");
        }

        var entries = new List<ClusteringEntry>();
        foreach (var entry in file.Clusterings ?? [])
        {
            string where = $"clusterings[{entries.Count}]";
            entries.Add(entry switch
            {
                null => throw Wrong(path, where, "null where an object belongs"),
                { Features: null or "" or { Length: > 40 } } => throw Wrong(path, $"{where}.features", "must name the features that were clustered"),
                { K: < 1 or > MostClusters } => throw Wrong(path, $"{where}.k", $"{entry.K} clusters"),
                { File: null or "" } => throw Wrong(path, $"{where}.file", "must name the table"),
                _ when !string.Equals(entry.File, Path.GetFileName(entry.File), StringComparison.Ordinal) || entry.File is "." or ".." || entry.File.Contains('\0', StringComparison.Ordinal)
                    => throw Wrong(path, $"{where}.file", "must be a file's name in the same folder"),
                _ when entries.Count >= MostClusterings => throw Wrong(path, where, $"more than {MostClusterings} clusterings"),
                _ when entries.Any(e => string.Equals(e.Features, entry.Features, StringComparison.Ordinal)) => throw Wrong(path, $"{where}.features", $"'{entry.Features}' stands there twice"),
                _ => entry,
            });
        }

        return entries.Count > 0
            ? new Iteration(file.Iteration.Value, path, file.Method ?? "?", entries)
            : throw Wrong(path, "clusterings", "there is none");
    }

    /// <summary>The run's own word for what it does, where it can be had.</summary>
    private static string Method(string runFolder)
    {
        string recipe = Path.Combine(runFolder, "recipe.yaml");
        return Json.ReadFile(recipe, 4 << 20) is { } bytes && RecipeSummary.Parse(recipe, System.Text.Encoding.UTF8.GetString(Json.WithoutMark(bytes))).Method is { } method
            ? $"its method is {method}, and "
            : "";
    }

    private static string Hash(string path)
    {
        try
        {
            using var stream = RegularFile.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ReportException($"{path} can't be read: {e.Message}", e);
        }
    }

    private static ReportException Wrong(string path, string where, string what) => new($"{path}, {where}: {what}.");
}
