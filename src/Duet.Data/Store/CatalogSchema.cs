namespace Duet.Data.Store;

/// <summary>The catalog's tables; docs/store.md explains each column.</summary>
internal static class CatalogSchema
{
    /// <summary>Tables, indices and views below.</summary>
    public const int Statements = 6;

    /// <summary>The statements. Catalogs keep this text, and one with other words is not opened: a change is a new format version.</summary>
    public const string Create = """
        CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

        CREATE TABLE shards (number INTEGER PRIMARY KEY, length INTEGER NOT NULL) STRICT;

        CREATE TABLE contents (
            id TEXT PRIMARY KEY,
            status TEXT NOT NULL CHECK (status IN ('ready', 'quarantined')),
            reason TEXT, detail TEXT,
            probe TEXT,
            decodable_share REAL, audio_rms_db REAL, silent_share REAL, still_share REAL, start_skew_seconds REAL, seconds REAL,
            frame_count INTEGER, frame_rate TEXT, width INTEGER, height INTEGER, sample_rate INTEGER, sample_count INTEGER,
            shard INTEGER REFERENCES shards (number),
            json_offset INTEGER, json_length INTEGER, json_sha256 TEXT,
            frames_offset INTEGER, frames_length INTEGER, frames_sha256 TEXT,
            wav_offset INTEGER, wav_length INTEGER, wav_sha256 TEXT
        ) STRICT;

        CREATE TABLE sources (
            number INTEGER PRIMARY KEY,
            source TEXT NOT NULL UNIQUE,
            path TEXT NOT NULL,
            size INTEGER NOT NULL, modified INTEGER NOT NULL,
            id TEXT REFERENCES contents (id),
            label TEXT, split TEXT,
            reason TEXT, detail TEXT
        ) STRICT;

        CREATE INDEX sources_by_id ON sources (id, number);

        -- One row per source file, with everything about it.
        CREATE VIEW videos AS
        SELECT s.number, s.path, s.source, s.size, s.modified, s.id, s.label, s.split,
            CASE WHEN c.status = 'ready' AND s.number = (SELECT MIN(number) FROM sources o WHERE o.id = s.id) THEN 'ready' ELSE 'quarantined' END AS status,
            CASE WHEN c.status = 'ready' AND s.number <> (SELECT MIN(number) FROM sources o WHERE o.id = s.id) THEN 'duplicate'
                 ELSE COALESCE(s.reason, c.reason) END AS reason,
            CASE WHEN c.status = 'ready' AND s.number <> (SELECT MIN(number) FROM sources o WHERE o.id = s.id)
                 THEN 'same content as ' || (SELECT o.path FROM sources o WHERE o.id = s.id ORDER BY o.number LIMIT 1)
                 ELSE COALESCE(s.detail, c.detail) END AS detail,
            c.probe, c.decodable_share, c.audio_rms_db, c.silent_share, c.still_share, c.start_skew_seconds, c.seconds,
            c.frame_count, c.frame_rate, c.width, c.height, c.sample_rate, c.sample_count,
            c.shard, c.json_offset, c.json_length, c.json_sha256, c.frames_offset, c.frames_length, c.frames_sha256,
            c.wav_offset, c.wav_length, c.wav_sha256
        FROM sources s LEFT JOIN contents c ON c.id = s.id;
        """;
}
