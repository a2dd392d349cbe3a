using System.Text;
using System.Text.RegularExpressions;
using Duet.Data.Files;
using Duet.Data.Store;
using Duet.Tests.Shared.Fuzzing;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Duet.Data.Tests.Store;

/// <summary>Damaged and invented stores through everything that reads them: opening, reading clips, <c>store info</c>, <c>store verify</c>, and an ingest that goes on.</summary>
[Trait("Category", "Slow")]
public sealed partial class StoreFuzzTests : IClassFixture<SmallStore>, IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly FrameBuffer frames = new();
    private readonly short[] samples = new short[2000];
    private readonly byte[] catalog;
    private readonly byte[] shard;

    public StoreFuzzTests(SmallStore original)
    {
        catalog = File.ReadAllBytes(StoreLayout.Catalog(original.Path));
        shard = File.ReadAllBytes(StoreLayout.Shard(original.Path, 0));
        Directory.CreateDirectory(StoreLayout.Shards(folder.Path));
        File.WriteAllBytes(StoreLayout.Shard(folder.Path, 0), shard);
        Put(catalog);
    }

    public void Dispose() => folder.Dispose();

    /// <summary>The bytes of the catalog: as it is, and in pages so small that most of its bytes matter.</summary>
    [Fact]
    public void Catalogs()
    {
        var fuzzer = new MutationFuzzer("catalog", [catalog, Compact()])
        {
            Words = [.. "SQLite format 3\0;CREATE TABLE ;CREATE TRIGGER t AFTER INSERT ON sources BEGIN SELECT load_extension('x'); END;ready;quarantined;videos;contents;AS SELECT;25;\u0001\u0000;\u000d\u0000\u0000".Split(';').Select(Encoding.Latin1.GetBytes)],
            AllocationLimit = length => (4L << 20) + (64L * length),
        };
        FuzzProcess.Run(fuzzer, 2_000, 96 << 20, bytes =>
        {
            Put(bytes);
            ReadAll();
        }).Checked(fuzzer.Name);
    }

    /// <summary>The same, by an ingest, which writes: a shard must not lose a byte that any content has.</summary>
    [Fact]
    public void Catalogs_of_an_ingest()
    {
        var fuzzer = new MutationFuzzer("catalog-ingest", [Compact(journal: "WAL")]) { IsTyped = OfAnIngest, AllocationLimit = length => (4L << 20) + (64L * length) };
        FuzzProcess.Run(fuzzer, 300, 96 << 20, bytes =>
        {
            Put(bytes);
            Ingest();
        }).Checked(fuzzer.Name);
    }

    /// <summary>The catalog is whole, and its values are anything: SQLite keeps the types of a strict table where it writes, not where it reads what a stranger wrote.</summary>
    [Fact]
    public void Rows()
    {
        var loose = new LooseCatalog(folder["loose.db"], catalog);
        var fuzzer = new MutationFuzzer("catalog-rows", [loose.Sample])
        {
            IsTyped = OfAnIngest,
            Words = [.. "NULL;-1;0;1;512;4194304;4194305;2147483647;2147483648;4294967295;9223372036854775807;-9223372036854775808;1e300;0.5;X'00ff';'';'x';'0/0';'1/0';'25';'ready';'quarantined';'../../x';\n".Split(';').Select(Encoding.ASCII.GetBytes)],
            AllocationLimit = length => (4L << 20) + (64L * length),
        };
        FuzzProcess.Run(fuzzer, 600, 96 << 20, bytes =>
        {
            Put(loose.With(Encoding.Latin1.GetString(bytes)));
            ReadAll();
            Ingest();
        }).Checked(fuzzer.Name);
    }

    /// <summary>The shard's bytes. Verification must see every difference.</summary>
    [Fact]
    public void Shards()
    {
        var fuzzer = new MutationFuzzer("shard", [shard]) { Words = [.. "ustar;frame_offsets;[;RIFF;\u00ff\u00d8".Split(';').Select(Encoding.Latin1.GetBytes)], AllocationLimit = length => (4L << 20) + (64L * length) };
        fuzzer.Run(800, bytes =>
        {
            File.WriteAllBytes(StoreLayout.Shard(folder.Path, 0), bytes);
            var problems = StoreVerifier.Run(folder.Path, progress: null, CancellationToken.None).Problems;
            if (problems.Count == 0 != bytes.AsSpan().SequenceEqual(shard))
            {
                throw new InvalidOperationException("a damaged shard was found to be whole");
            }

            ReadClips();
            Ingest();
            File.WriteAllBytes(StoreLayout.Shard(folder.Path, 0), shard);
        }).Checked("shard");
    }

    /// <summary>A video's JSON, with the frame table, where nobody looks at its checksum.</summary>
    [Fact]
    public void Frame_tables()
    {
        using var whole = VideoStore.Open(folder.Path);
        var video = whole.Videos[0];
        var json = shard[(int)video.JsonOffset..((int)video.JsonOffset + video.JsonLength)];
        var fuzzer = new MutationFuzzer("frame-table", [json])
        {
            Words = [.. "\"frame_offsets\":[;9223372036854775807;-1;1e3;0.5;99999999999999999999;null;[[[[[[[[;{\"a\":{\"a\":;,,;]}".Split(';').Select(Encoding.ASCII.GetBytes)],
            IsTyped = e => e is DuetException or FormatException,
        };
        fuzzer.Run(40_000, bytes =>
        {
            var table = FrameTable.Parse(bytes, video.FrameCount, video.FramesLength);
            if (table.Length != video.FrameCount + 1 || table[0] != 0 || table[^1] != video.FramesLength || !table.Order().SequenceEqual(table))
            {
                throw new InvalidOperationException("a frame table that can't be was taken");
            }
        }).Checked("frame-table");
    }

    /// <summary>SQLite's own errors leave an ingest as what they are: a full disk, no right to write, or a damaged catalog, whose name it adds.</summary>
    private static bool OfAnIngest(Exception e) => e is DuetException or SqliteException;

    private void Put(byte[] bytes)
    {
        var path = StoreLayout.Catalog(folder.Path);
        foreach (var beside in new[] { "-wal", "-shm", "-journal" })
        {
            File.Delete(path + beside);
        }

        File.WriteAllBytes(path, bytes);
    }

    private void ReadAll()
    {
        ReadClips();
        _ = StoreInfo.Read(folder.Path);
        var report = StoreVerifier.Run(folder.Path, progress: null, CancellationToken.None);
        if (report.Problems.Count > 0)
        {
            throw new StoreException(report.Problems[0].What);
        }
    }

    private void ReadClips()
    {
        using var store = VideoStore.Open(folder.Path);
        foreach (var video in store.Videos)
        {
            if (video.HasFrames)
            {
                store.ReadFrames(video, 0, Math.Min(video.FrameCount, 4), 1, frames);
                store.ReadFrames(video, video.FrameCount - 1, 1, 2, frames);
            }

            store.ReadSamples(video, -10, samples);
            store.ReadSamples(video, video.SampleCount - 10, samples);
        }
    }

    /// <summary>What an ingest reads before it writes, and what it does to the shards.</summary>
    private void Ingest()
    {
        using var writer = CatalogWriter.Open(folder.Path, new StoreSettings());
        _ = CatalogReader.Settings(writer.Connection);
        var lengths = writer.Shards();
        var ends = Ends(writer.Connection);
        using (var shards = new ShardWriter(DurableFiles.Instance, folder.Path, 1 << 20))
        {
            shards.Recover(lengths);
        }

        _ = writer.Sources();
        _ = writer.Contents();
        if (ends > 0 && new FileInfo(StoreLayout.Shard(folder.Path, 0)) is var file && (!file.Exists || file.Length < ends))
        {
            throw new InvalidOperationException($"the shard was cut off inside a video, at {(file.Exists ? file.Length : 0)} of {ends}");
        }

        File.WriteAllBytes(StoreLayout.Shard(folder.Path, 0), shard);
    }

    private static long Ends(SqliteConnection catalog)
    {
        try
        {
            return catalog.Scalar<long>("SELECT COALESCE(MAX(json_offset + json_length), 0) FROM contents WHERE shard = 0");
        }
        catch (SqliteException e)
        {
            throw new StoreException("damaged", e);
        }
    }

    private byte[] Compact(string journal = "DELETE")
    {
        var path = folder["compact.db"];
        File.WriteAllBytes(path, catalog);
        using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            connection.Open();
            connection.Run($"PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM; PRAGMA journal_mode = {journal}");
        }

        var bytes = File.ReadAllBytes(path);
        File.Delete(path);
        return bytes;
    }

    /// <summary>The same rows in tables that take any value, and then called by our tables' text.</summary>
    private sealed partial class LooseCatalog
    {
        private readonly string path;
        private readonly byte[] template;
        private readonly List<(string Name, string Sql)> schema = [];
        private readonly Dictionary<string, HashSet<string>> columns = new(StringComparer.Ordinal);

        public LooseCatalog(string path, byte[] catalog)
        {
            this.path = path;
            var original = path + ".original";
            File.WriteAllBytes(original, catalog);
            var sample = new StringBuilder();
            using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
            {
                connection.Open();
                connection.Run("PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; ATTACH $original AS o", ("$original", original));
                using (var command = connection.Command("SELECT name, sql FROM o.sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"))
                using (var reader = command.ExecuteReader())
                {
                    while (reader.Read())
                    {
                        schema.Add((reader.GetString(0), reader.GetString(1)));
                    }
                }

                foreach (var (name, sql) in schema)
                {
                    connection.Run(Strict().Replace(sql, "").Replace("CREATE VIEW main.", "CREATE VIEW ", StringComparison.Ordinal));
                    if (sql.StartsWith("CREATE TABLE", StringComparison.Ordinal))
                    {
                        connection.Run($"INSERT INTO main.{name} SELECT * FROM o.{name}");
                        Describe(connection, name, sample);
                    }
                }

                connection.Run($"PRAGMA application_id = {StoreLayout.ApplicationId}; PRAGMA user_version = {StoreLayout.SchemaVersion}");
            }

            template = File.ReadAllBytes(path);
            Sample = Encoding.ASCII.GetBytes(sample.ToString());
        }

        public byte[] Sample { get; }

        /// <summary>The catalog with the values of a text's lines, <c>table.column=value</c>, in each table's first row.</summary>
        public byte[] With(string text)
        {
            File.WriteAllBytes(path, template);
            using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
            {
                connection.Open();
                connection.Run("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF");
                var changes = text.Split('\n').Select(line => Line().Match(line)).Where(m => m.Success)
                    .Select(m => (Table: m.Groups[1].Value, Column: m.Groups[2].Value, Value: m.Groups[3].Value))
                    .Where(c => columns.TryGetValue(c.Table, out var known) && known.Contains(c.Column));
                try
                {
                    foreach (var table in changes.GroupBy(c => c.Table, StringComparer.Ordinal))
                    {
                        var values = table.DistinctBy(c => c.Column, StringComparer.Ordinal).Select(c => $"{c.Column} = {c.Value}");
                        connection.Run($"UPDATE {table.Key} SET {string.Join(", ", values)} WHERE rowid = (SELECT MIN(rowid) FROM {table.Key})");
                    }
                }
                catch (SqliteException e)
                {
                    throw new StoreException("two rows would have one key", e);
                }

                connection.Run("PRAGMA writable_schema = ON");
                foreach (var (name, sql) in schema)
                {
                    connection.Run("UPDATE sqlite_schema SET sql = $sql WHERE name = $name", ("$sql", sql), ("$name", name));
                }
            }

            return File.ReadAllBytes(path);
        }

        private void Describe(SqliteConnection connection, string table, StringBuilder sample)
        {
            using var command = connection.Command($"SELECT * FROM {table} ORDER BY rowid LIMIT 1");
            using var reader = command.ExecuteReader();
            reader.Read();
            columns[table] = [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetName)];
            for (var i = 0; i < reader.FieldCount; i++)
            {
                // What has quotes or is long stays as it is; the rest is written out to be damaged.
                var value = reader.IsDBNull(i) ? "NULL" : reader.GetFieldType(i) == typeof(string) ? $"'{reader.GetString(i)}'" : FormattableString.Invariant($"{reader.GetValue(i)}");
                if (Line().IsMatch($"{table}.{reader.GetName(i)}={value}"))
                {
                    sample.Append(table).Append('.').Append(reader.GetName(i)).Append('=').Append(value).Append('\n');
                }
            }
        }

        [GeneratedRegex(@"^([a-z]+)\.([a-z_0-9]+)=(NULL|-?\d{1,19}|-?\d{1,19}\.\d{1,19}|\d{1,3}e\d{1,3}|X'(?:[0-9a-f]{2}){0,80}'|'[^'\\\0]{0,80}')$", RegexOptions.CultureInvariant)]
        private static partial Regex Line();

        [GeneratedRegex(@" STRICT| NOT NULL| CHECK \(status IN \('ready', 'quarantined'\)\)| REFERENCES \w+ \(\w+\)| INTEGER(?! PRIMARY)| REAL", RegexOptions.CultureInvariant)]
        private static partial Regex Strict();
    }
}
