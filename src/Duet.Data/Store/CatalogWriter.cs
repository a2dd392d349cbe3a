using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Duet.Data.Store;

/// <summary>What the catalog knows of a source file.</summary>
internal sealed record KnownSource(long Number, long Size, long Modified, string? Id, string? Label, string? Split);

/// <summary>What the catalog knows of a content.</summary>
internal sealed record KnownContent(string Id, string? Reason, VideoQuality? Quality, bool IsStored);

/// <summary>The outcome of one file, to be recorded.</summary>
internal sealed record Outcome
{
    public required SourceFile Source { get; init; }

    public required long Number { get; init; }

    public long Size { get; init; }

    public long Modified { get; init; }

    /// <summary>The content's id; null where the file could not be read.</summary>
    public string? Id { get; init; }

    /// <summary>Why the file could not be read.</summary>
    public string? Reason { get; init; }

    public string? Detail { get; init; }

    /// <summary>What was found; null where the content is known already.</summary>
    public Analysis? Analysis { get; init; }

    public Placement? Placement { get; init; }
}

/// <summary>Writes a store's catalog. Every method is one transaction.</summary>
internal sealed class CatalogWriter : IDisposable
{
    private readonly SqliteConnection catalog;

    private CatalogWriter(SqliteConnection catalog) => this.catalog = catalog;

    /// <summary>The open catalog, for reading.</summary>
    public SqliteConnection Connection => catalog;

    /// <summary>Opens a store's catalog, or makes one.</summary>
    /// <param name="store">The store's folder.</param>
    /// <param name="settings">A new store's settings.</param>
    /// <exception cref="StoreException">It is damaged or of another version.</exception>
    public static CatalogWriter Open(string store, StoreSettings settings) =>
        new(CatalogConnection.OpenForWriting(StoreLayout.Catalog(store), connection => Create(connection, settings)));

    /// <summary>Every shard's length, by number: what lies behind is cut off by an ingest.</summary>
    /// <exception cref="StoreException">A number or a length is impossible, or a content would lie behind its shard's end.</exception>
    public IReadOnlyDictionary<int, long> Shards() => Guarded(() => catalog.Scalar<string>(
        """
        SELECT c.id FROM contents c LEFT JOIN shards s ON s.number = c.shard
        WHERE c.shard IS NOT NULL AND COALESCE(
            MAX(c.json_offset + c.json_length, COALESCE(c.frames_offset + c.frames_length, 0), COALESCE(c.wav_offset + c.wav_length, 0)) > s.length, 1)
        LIMIT 1
        """) is { } lost
        ? throw CatalogConnection.Damaged(catalog.DataSource, $"content {lost} would lie behind the end of its shard")
        : CatalogReader.Shards(catalog));

    /// <summary>Whether a file's content is used under this name.</summary>
    public bool IsReady(string source) =>
        string.Equals(catalog.Scalar<string>("SELECT status FROM videos WHERE source = $source", ("$source", source)), "ready", StringComparison.Ordinal);

    public Dictionary<string, KnownSource> Sources() => Guarded(() =>
    {
        var sources = new Dictionary<string, KnownSource>(StringComparer.Ordinal);
        using var command = catalog.Command("SELECT source, number, size, modified, id, label, split FROM sources");
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            sources[reader.GetString(0)] = new KnownSource(
                reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.Text("id"), reader.Text("label"), reader.Text("split"));
        }

        return sources;
    });

    public Dictionary<string, KnownContent> Contents() => Guarded(() =>
    {
        var contents = new Dictionary<string, KnownContent>(StringComparer.Ordinal);
        using var command = catalog.Command("SELECT * FROM contents");
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var id = reader.Text("id") ?? throw new InvalidOperationException("a content has no id");
            contents[id] = new KnownContent(id, reader.Text("reason"), Quality(reader), reader.Integer("shard") is not null);
        }

        return contents;
    });

    public static VideoQuality? Quality(SqliteDataReader reader) => reader.Real("seconds") is { } seconds
        ? new VideoQuality
        {
            Seconds = seconds,
            DecodableShare = reader.Real("decodable_share") ?? 0,
            AudioRmsDb = reader.Real("audio_rms_db"),
            SilentShare = reader.Real("silent_share"),
            StillShare = reader.Real("still_share"),
            StartSkewSeconds = reader.Real("start_skew_seconds"),
        }
        : null;

    /// <summary>Judges every measured content by other limits.</summary>
    /// <returns>Contents that were quarantined, would or might be ready now, and have to be converted for that.</returns>
    public HashSet<string> Rejudge(IEnumerable<KnownContent> contents, QualityLimits limits)
    {
        var again = new HashSet<string>(StringComparer.Ordinal);
        using var transaction = catalog.BeginTransaction();
        foreach (var content in contents)
        {
            if (content.Quality is not { } quality)
            {
                if (string.Equals(content.Reason, QuarantineReason.Limit, StringComparison.Ordinal))
                {
                    again.Add(content.Id); // the limit may be another now, or the machine less busy
                }

                continue;
            }

            var verdict = limits.Judge(quality);
            if (verdict is null && !content.IsStored)
            {
                again.Add(content.Id);
            }
            else if (!string.Equals(verdict?.Reason, content.Reason, StringComparison.Ordinal))
            {
                catalog.Run(
                    "UPDATE contents SET status = $status, reason = $reason, detail = $detail WHERE id = $id",
                    ("$status", verdict is null ? "ready" : "quarantined"),
                    ("$reason", verdict?.Reason), ("$detail", verdict?.Detail), ("$id", content.Id));
            }
        }

        transaction.Commit();
        return again;
    }

    public void Relabel(IEnumerable<(long Number, string? Label, string? Split)> labels)
    {
        using var transaction = catalog.BeginTransaction();
        foreach (var (number, label, split) in labels)
        {
            catalog.Run("UPDATE sources SET label = $label, split = $split WHERE number = $number", ("$label", label), ("$split", split), ("$number", number));
        }

        transaction.Commit();
    }

    /// <summary>Records files and the shards' new lengths: from here on they are part of the store.</summary>
    public void Record(IEnumerable<Outcome> outcomes, IReadOnlyDictionary<int, long> shardLengths)
    {
        using var transaction = catalog.BeginTransaction();
        foreach (var (number, length) in shardLengths)
        {
            catalog.Run(
                "INSERT INTO shards (number, length) VALUES ($number, $length) ON CONFLICT (number) DO UPDATE SET length = excluded.length WHERE length <> excluded.length",
                ("$number", number), ("$length", length));
        }

        foreach (var outcome in outcomes)
        {
            if (outcome is { Id: { } id, Analysis: { } analysis })
            {
                RecordContent(id, analysis, outcome.Placement);
            }

            if (outcome.Id is { } moved)
            {
                DropVanished(moved, outcome.Source.FullPath);
            }

            var before = catalog.Scalar<string>("SELECT id FROM sources WHERE source = $source", ("$source", outcome.Source.FullPath));
            catalog.Run(
                """
                INSERT INTO sources (number, source, path, size, modified, id, label, split, reason, detail)
                VALUES ($number, $source, $path, $size, $modified, $id, $label, $split, $reason, $detail)
                ON CONFLICT (source) DO UPDATE SET path = excluded.path, size = excluded.size, modified = excluded.modified, id = excluded.id,
                    label = excluded.label, split = excluded.split, reason = excluded.reason, detail = excluded.detail
                """,
                ("$number", outcome.Number), ("$source", outcome.Source.FullPath), ("$path", outcome.Source.Path), ("$size", outcome.Size),
                ("$modified", outcome.Modified), ("$id", outcome.Id), ("$label", outcome.Source.Label), ("$split", outcome.Source.Split),
                ("$reason", outcome.Reason), ("$detail", outcome.Detail));
            if (before is not null && !string.Equals(before, outcome.Id, StringComparison.Ordinal))
            {
                // Nothing is known of a content that was never stored and that no file has any more. A stored one stays: its bytes do.
                catalog.Run("DELETE FROM contents WHERE id = $id AND shard IS NULL AND NOT EXISTS (SELECT 1 FROM sources s WHERE s.id = $id)", ("$id", before));
            }
        }

        transaction.Commit();
    }

    public long NextNumber() => catalog.Scalar<long>("SELECT COALESCE(MAX(number), 0) + 1 FROM sources");

    /// <inheritdoc/>
    public void Dispose() => catalog.Dispose();

    private T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (CatalogConnection.IsDamage(e))
        {
            throw CatalogConnection.Damaged(catalog.DataSource, e);
        }
    }

    private static void Create(SqliteConnection connection, StoreSettings settings)
    {
        using var transaction = connection.BeginTransaction();
        connection.Run(CatalogSchema.Create);
        foreach (var (name, value) in new[]
        {
            ("frame_rate", settings.FrameRate.ToString()),
            ("short_side", settings.ShortSide.ToString(CultureInfo.InvariantCulture)),
            ("sample_rate", settings.SampleRate.ToString(CultureInfo.InvariantCulture)),
            ("jpeg_quality", settings.JpegQuality.ToString(CultureInfo.InvariantCulture)),
            ("silence_db", settings.SilenceDb.ToString("R", CultureInfo.InvariantCulture)),
            ("streams", settings.Streams.ToString().ToLowerInvariant()),
        })
        {
            connection.Run("INSERT INTO settings (name, value) VALUES ($name, $value)", ("$name", name), ("$value", value));
        }

        connection.Run($"PRAGMA application_id = {StoreLayout.ApplicationId}");
        connection.Run($"PRAGMA user_version = {StoreLayout.SchemaVersion}");
        transaction.Commit();
    }

    /// <summary>A file that has gone while its content turns up elsewhere was moved: its row goes.</summary>
    private void DropVanished(string id, string source)
    {
        var gone = new List<long>();
        using (var command = catalog.Command("SELECT number, source FROM sources WHERE id = $id AND source <> $source", ("$id", id), ("$source", source)))
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                if (!File.Exists(reader.GetString(1)))
                {
                    gone.Add(reader.GetInt64(0));
                }
            }
        }

        foreach (var number in gone)
        {
            catalog.Run("DELETE FROM sources WHERE number = $number", ("$number", number));
        }
    }

    private void RecordContent(string id, Analysis analysis, Placement? placement)
    {
        var video = analysis.Spooled;
        catalog.Run(
            """
            INSERT OR REPLACE INTO contents (id, status, reason, detail, probe,
                decodable_share, audio_rms_db, silent_share, still_share, start_skew_seconds, seconds,
                frame_count, frame_rate, width, height, sample_rate, sample_count,
                shard, json_offset, json_length, json_sha256, frames_offset, frames_length, frames_sha256, wav_offset, wav_length, wav_sha256)
            VALUES ($id, $status, $reason, $detail, $probe, $decodable, $rms, $silent, $still, $skew, $seconds,
                $frame_count, (SELECT value FROM settings WHERE name = 'frame_rate' AND $shard IS NOT NULL), $width, $height,
                (SELECT CAST(value AS INTEGER) FROM settings WHERE name = 'sample_rate' AND $shard IS NOT NULL), $sample_count,
                $shard, $json_offset, $json_length, $json_sha256, $frames_offset, $frames_length, $frames_sha256, $wav_offset, $wav_length, $wav_sha256)
            """,
            ("$id", id), ("$status", analysis.Reason is null ? "ready" : "quarantined"), ("$reason", analysis.Reason), ("$detail", analysis.Detail),
            ("$probe", analysis.Probe is { } probe ? JsonSerializer.Serialize(probe, VideoEntry.JsonOptions) : null),
            ("$decodable", analysis.Quality?.DecodableShare), ("$rms", analysis.Quality?.AudioRmsDb), ("$silent", analysis.Quality?.SilentShare),
            ("$still", analysis.Quality?.StillShare), ("$skew", analysis.Quality?.StartSkewSeconds), ("$seconds", analysis.Quality?.Seconds),
            ("$frame_count", video?.Alignment.FrameCount), ("$width", video?.Size?.Width), ("$height", video?.Size?.Height), ("$sample_count", video?.Alignment.SampleCount),
            ("$shard", placement?.Shard),
            ("$json_offset", placement?.Json.Offset), ("$json_length", placement?.Json.Length), ("$json_sha256", placement?.Json.Sha256),
            ("$frames_offset", placement?.Frames?.Offset), ("$frames_length", placement?.Frames?.Length), ("$frames_sha256", placement?.Frames?.Sha256),
            ("$wav_offset", placement?.Wav?.Offset), ("$wav_length", placement?.Wav?.Length), ("$wav_sha256", placement?.Wav?.Sha256));
    }
}
