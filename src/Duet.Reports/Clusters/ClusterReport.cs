using System.Globalization;
using System.Text;
using System.Text.Json;
using Duet.Data;
using Duet.Data.Files;
using Duet.Data.Store;
using Duet.Data.Tables;
using Duet.Reports.Input;

namespace Duet.Reports.Clusters;

/// <summary>What to show of a run's clusters.</summary>
public sealed record ClusterReportOptions
{
    /// <summary>The store, for labels, pictures and sound. Null: where the run says that its store is; one that isn't there any more costs these, and the result says so.</summary>
    public string? Store { get; init; }

    /// <summary>The iteration, from 1. Null: the last.</summary>
    public int? Iteration { get; init; }

    /// <summary>The page's path. Null: <c>clusters.html</c> in the run's folder.</summary>
    public string? Out { get; init; }

    /// <summary>Clips shown near each centroid, 1 to 100; the paper has 10.</summary>
    public int Nearest { get; init; } = 10;

    /// <summary>At most so many clusters of each clustering carry pictures and sound; 0: as many as <see cref="Megabytes"/> allows.</summary>
    public int Top { get; init; }

    /// <summary>What pictures and sound may add to the page, 10^6 bytes, 0 to 2000.</summary>
    public int Megabytes { get; init; } = 32;

    /// <summary>Where to write the pseudo-labels joined with paths and labels: a .csv or .parquet file. Null: nowhere.</summary>
    public string? Export { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>Ranks a run's clusters and writes them as one page that needs nothing else (XDC, Table 6; DESIGN: <c>duet clusters</c>).</summary>
public static class ClusterReport
{
    /// <summary>The page's file name in a run.</summary>
    public const string FileName = "clusters.html";

    private const double DefaultSeconds = 2;
    private static readonly int[] SoundRates = [16_000, 8_000];

    /// <summary>Reads the run's pseudo-labels, ranks the clusters, and writes the page and the export.</summary>
    /// <param name="runFolder">The run's folder.</param>
    /// <param name="options">What to show.</param>
    /// <param name="cancel">Stops it; nothing is written then.</param>
    /// <exception cref="UsageException">An option doesn't hold, or the run has no pseudo-labels.</exception>
    /// <exception cref="ReportException">A file of the run is malformed, or a table isn't the one that its JSON describes.</exception>
    /// <exception cref="DuetException">A table or the store is damaged, or a file can't be written.</exception>
    public static ClustersResult Write(string runFolder, ClusterReportOptions? options = null, CancellationToken cancel = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(runFolder);
        options ??= new ClusterReportOptions();
        Check(options);
        var iterations = ClusteringFiles.Read(runFolder);
        var iteration = Choose(iterations, options.Iteration);
        var tables = iteration.Clusterings.Select(c => (Entry: c, Table: ClusteringFiles.ReadTable(iteration, c))).ToList();
        var notes = new List<string>();
        using var store = OpenStore(runFolder, options.Store, notes);
        var videos = store?.Videos.ToDictionary(v => v.Id, StringComparer.Ordinal);
        var missing = Missing(tables.Select(t => t.Table), videos);
        Notice(notes, store, videos, tables[0].Table, missing);
        var result = new ClustersResult
        {
            Run = runFolder,
            Method = iteration.Method,
            Iteration = iteration.Number,
            Iterations = iterations.Count,
            Store = store?.Directory,
            ClipsNotInStore = missing.Clips,
            VideosNotInStore = missing.Videos,
            Clusterings = [.. tables.Select(t => ClusterRanking.Rank(t.Entry, t.Table, videos, options.Nearest))],
            Notes = notes,
        };
        cancel.ThrowIfCancellationRequested();
        if (options.Export is { } export)
        {
            ClusterExport.Write(export, iteration.Number, tables, videos);
        }

        return WritePage(runFolder, options, iterations, tables, store, videos, result, cancel) with { Export = options.Export };
    }

    private static ClustersResult WritePage(
        string runFolder,
        ClusterReportOptions options,
        IReadOnlyList<Iteration> iterations,
        List<(ClusteringEntry Entry, PseudoLabelTable Table)> tables,
        VideoStore? store,
        Dictionary<string, StoredVideo>? videos,
        ClustersResult result,
        CancellationToken cancel)
    {
        double seconds = ClipSeconds(runFolder);
        long budget = options.Megabytes * 1_000_000L;
        int rate = SoundRates.FirstOrDefault(r => MediaPlan.Estimate(result.Clusterings, options.Top, seconds, r) <= budget, SoundRates[^1]);
        var plan = MediaPlan.Make(result.Clusterings, store is null ? null : new StoreClipMedia(store, videos!, seconds, rate), options.Top, budget, cancel);
        var notes = result.Notes.ToList();
        if (plan.Full)
        {
            notes.Add($"Pictures and sound are limited to {options.Megabytes} MB: {string.Join(", ", result.Clusterings.Select(c => $"the first {plan.Clusters(c.Features)} of {c.K} {c.Features} clusters"))} carry them. --megabytes changes the limit.");
        }

        if (plan.Undecodable > 0)
        {
            notes.Add($"The pictures of {plan.Undecodable} clips can't be decoded: check the store with duet store verify.");
        }

        result = result with { Notes = notes };
        string html = ClustersPage.Draw(new ClustersContext
        {
            Result = result,
            Iterations = iterations,
            Media = plan,
            Index = SearchIndex.Write(tables, videos),
            Seconds = seconds,
            SoundRate = rate,
            NearestClips = options.Nearest,
            Written = options.Time.GetUtcNow(),
        });
        string page = options.Out ?? Path.Combine(runFolder, FileName);
        byte[] bytes = Encoding.UTF8.GetBytes(html);
        AtomicFile.WriteAllBytes(page, bytes);
        return result with { Page = page, PageBytes = bytes.LongLength };
    }

    private static void Check(ClusterReportOptions options)
    {
        Within("--nearest", options.Nearest, 1, 100);
        Within("--top", options.Top, 0, int.MaxValue);
        Within("--megabytes", options.Megabytes, 0, 2000);
        if (options.Export is { } export)
        {
            ClusterExport.CheckName(export);
        }

        static void Within(string name, int value, int least, int most)
        {
            if (value < least || value > most)
            {
                throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{name} {value}: it must be {(most == int.MaxValue ? $"at least {least}" : $"between {least} and {most}")}."));
            }
        }
    }

    private static Iteration Choose(IReadOnlyList<Iteration> iterations, int? wanted) => wanted is not { } number
        ? iterations[^1]
        : iterations.FirstOrDefault(i => i.Number == number)
            ?? throw new UsageException($"--iteration {number}: the run has {(iterations.Count == 1 ? $"only iteration {iterations[0].Number}" : $"iterations {string.Join(", ", iterations.Take(20).Select(i => i.Number))}{(iterations.Count > 20 ? " ..." : "")}")}.");

    /// <summary>A store that was asked for must be there; the one that the run names may be gone.</summary>
    private static VideoStore? OpenStore(string runFolder, string? asked, List<string> notes)
    {
        if (asked is not null)
        {
            return VideoStore.Open(asked);
        }

        string file = Path.Combine(runFolder, "store.json");
        if (Json.ReadFile(file) is not { } bytes || ((JsonElement?)Json.Parse<JsonElement>(file, bytes)).Find("path").Text() is not { Length: > 0 } recorded)
        {
            notes.Add("The run doesn't say where its store is, so there are no labels, pictures or sound. Give it with --store.");
            return null;
        }

        string place = Directory.Exists(recorded) || Path.IsPathRooted(recorded) ? recorded : Path.Combine(runFolder, recorded);
        if (!Directory.Exists(place))
        {
            notes.Add($"The store that the run was made from isn't at '{recorded}' any more, so there are no labels, pictures or sound. Give its place with --store.");
            return null;
        }

        return VideoStore.Open(place);
    }

    private static (int Clips, int Videos) Missing(IEnumerable<PseudoLabelTable> tables, Dictionary<string, StoredVideo>? videos)
    {
        if (videos is null)
        {
            return (0, 0);
        }

        var lost = tables.SelectMany(t => t.Rows).Where(r => !videos.ContainsKey(r.Video)).ToList();
        return (lost.Select(r => r.Clip).Distinct(StringComparer.Ordinal).Count(), lost.Select(r => r.Video).Distinct(StringComparer.Ordinal).Count());
    }

    private static void Notice(List<string> notes, VideoStore? store, Dictionary<string, StoredVideo>? videos, PseudoLabelTable table, (int Clips, int Videos) missing)
    {
        if (store is null)
        {
            return;
        }

        if (missing.Videos > 0)
        {
            int all = table.Rows.Select(r => r.Video).Distinct(StringComparer.Ordinal).Count();
            notes.Add($"The store lacks {missing.Videos} of the run's {all} videos ({missing.Clips} clips): they are clustered here, but have no path, label, picture or sound.");
        }
        else if (table.Metadata.GetValueOrDefault("duet.store") is { Length: > 0 } then && !string.Equals(then, store.Fingerprint, StringComparison.OrdinalIgnoreCase))
        {
            notes.Add("The store has changed since these clips were clustered: its fingerprint is another one. Labels, pictures and sound are from the store as it is now.");
        }

        if (!videos!.Values.Any(v => v.Label is { Length: > 0 }))
        {
            notes.Add("The store has no labels, so the clusters are ranked by tightness. duet ingest --labels or a list with a label column adds them.");
        }
    }

    /// <summary>As long as the run's clips, where its recipe says; a page's sound is short.</summary>
    private static double ClipSeconds(string runFolder)
    {
        string path = Path.Combine(runFolder, "recipe.yaml");
        string? text = Json.ReadFile(path, 4 << 20) is { } bytes ? RecipeSummary.Parse(path, Encoding.UTF8.GetString(Json.WithoutMark(bytes))).AudioSeconds : null;
        return text is not null && Rational.TryParse(text, out var seconds) && seconds > 0 ? Math.Clamp(seconds.ToDouble(), 0.5, 3) : DefaultSeconds;
    }
}
