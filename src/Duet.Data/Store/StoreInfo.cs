using Duet.Data.Datasets;
using Microsoft.Data.Sqlite;

namespace Duet.Data.Store;

/// <summary>What a store holds.</summary>
public sealed record StoreInfo
{
    /// <summary>The store's folder.</summary>
    public required string Store { get; init; }

    /// <summary>What all videos have in common.</summary>
    public required StoreSettings Settings { get; init; }

    /// <summary>Which videos a run on this store learns from; see <see cref="VideoStore.Fingerprint"/>.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Ready videos.</summary>
    public required int Videos { get; init; }

    /// <summary>How many of them have pictures.</summary>
    public required int WithPictures { get; init; }

    /// <summary>How many of them have sound.</summary>
    public required int WithSound { get; init; }

    /// <summary>Their length together, seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Shard files.</summary>
    public required int Shards { get; init; }

    /// <summary>Bytes of the shards.</summary>
    public required long Bytes { get; init; }

    /// <summary>Bytes of contents that no ready video uses: their files were replaced or fell under other limits.</summary>
    public required long DeadBytes { get; init; }

    /// <summary>Ready videos by label; those without one under the empty name.</summary>
    public required IReadOnlyDictionary<string, int> Labels { get; init; }

    /// <summary>Ready videos by split; those without one under the empty name. One that names several divisions counts for each: <c>split1=train</c>, <c>split2=test</c>.</summary>
    public required IReadOnlyDictionary<string, int> Splits { get; init; }

    /// <summary>Files that are not used, ordered by path.</summary>
    public required IReadOnlyList<QuarantinedSource> Quarantined { get; init; }

    /// <summary>Largest distance between the starts of sound and pictures that was corrected, seconds.</summary>
    public required double LargestSkewSeconds { get; init; }

    /// <summary>Reads it.</summary>
    /// <param name="store">The store's folder.</param>
    /// <exception cref="StoreException">It is not a store, or is damaged.</exception>
    public static StoreInfo Read(string store)
    {
        using var open = VideoStore.Open(store);
        try
        {
            using var catalog = CatalogConnection.OpenForReading(open.Directory);
            var quarantined = new List<QuarantinedSource>();
            using (var command = catalog.Command("SELECT path, reason, detail FROM videos WHERE status = 'quarantined' ORDER BY path"))
            using (var reader = command.ExecuteReader())
            {
                while (reader.Read())
                {
                    quarantined.Add(new QuarantinedSource(reader.GetString(0), reader.Text("reason") ?? "unknown", reader.Text("detail") ?? ""));
                }
            }

            var entries = catalog.Scalar<long>("SELECT COALESCE(SUM(length), 0) FROM shards");
            var live = open.Videos.Sum(v => Tar.Space(v.JsonLength)
                + (v.HasFrames ? Tar.Space(v.FramesLength) : 0) + (v.HasSound ? Tar.Space(Media.WavHeader.Length + (2 * v.SampleCount)) : 0));
            var shards = (int)catalog.Scalar<long>("SELECT COUNT(*) FROM shards WHERE length > 0");
            return new StoreInfo
            {
                Store = open.Directory,
                Settings = open.Settings,
                Fingerprint = open.Fingerprint,
                Videos = open.Videos.Count,
                WithPictures = open.Videos.Count(v => v.HasFrames),
                WithSound = open.Videos.Count(v => v.HasSound),
                Seconds = open.Videos.Sum(v => v.Duration.ToDouble()),
                Shards = shards,
                Bytes = entries + ((long)shards * Tar.EndLength),
                DeadBytes = entries - live,
                Labels = Count(open.Videos.Select(v => v.Label)),
                Splits = Count(open.Videos.SelectMany(v => SplitsOf(v.Split))),
                Quarantined = quarantined,
                LargestSkewSeconds = catalog.Scalar<double>("SELECT COALESCE(MAX(ABS(start_skew_seconds)), 0.0) FROM videos WHERE status = 'ready'"),
            };
        }
        catch (Exception e) when (CatalogConnection.IsDamage(e))
        {
            throw CatalogConnection.Damaged(StoreLayout.Catalog(open.Directory), e);
        }
    }

    /// <summary>What can't be read is counted as it is written.</summary>
    private static IEnumerable<string?> SplitsOf(string? split) =>
        Divisions.IsSeveral(split) && Divisions.Problem(split, out var parts) is null ? Divisions.Each(parts) : (IEnumerable<string?>)[split];

    private static SortedDictionary<string, int> Count(IEnumerable<string?> names)
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            counts[name ?? ""] = counts.GetValueOrDefault(name ?? "") + 1;
        }

        return counts;
    }
}
