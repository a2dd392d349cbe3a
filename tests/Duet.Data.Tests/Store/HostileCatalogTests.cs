using System.Text;
using Duet.Data.Store;
using Microsoft.Data.Sqlite;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Store;

/// <summary>Catalogs that somebody made to do something.</summary>
public sealed class HostileCatalogTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Catalog => StoreLayout.Catalog(folder.Path);

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("CREATE TRIGGER t AFTER INSERT ON sources BEGIN DELETE FROM contents; END")]
    [InlineData("CREATE VIEW also AS SELECT load_extension('libx.so')")]
    [InlineData("CREATE TABLE also (x TEXT DEFAULT (readfile('/etc/passwd')))")]
    [InlineData("CREATE INDEX also ON sources (abs(size))")]
    [InlineData("CREATE VIRTUAL TABLE also USING fts5 (x)")]
    [InlineData("DROP VIEW videos; CREATE VIEW videos AS WITH RECURSIVE r (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT * FROM r")]
    [InlineData("DROP TABLE settings; CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)")] // our text but for its last word: not strict
    public void A_schema_with_anything_but_our_tables_is_not_opened(string sql)
    {
        Make();
        Plainly(connection => connection.Run(sql));
        Should.Throw<StoreException>(() => VideoStore.Open(folder.Path)).Message.ShouldContain("its tables are not those of format version");
        Should.Throw<StoreException>(() => CatalogWriter.Open(folder.Path, new StoreSettings()).Dispose()).Message.ShouldContain("its tables are not those of format version");
    }

    /// <summary>SQLite (tried: 3.40) deletes the file that a journal names as its super-journal, whatever it is, once it has rolled back.</summary>
    [Fact]
    public void A_journal_that_names_another_file_deletes_nothing()
    {
        Make();
        var victim = folder["precious.txt"];
        File.WriteAllText(victim, "precious");
        Plainly(connection => connection.Run("PRAGMA journal_mode = DELETE"));
        File.WriteAllBytes(Catalog + "-journal", Journal(victim, File.ReadAllBytes(Catalog)));
        Should.Throw<StoreException>(() => CatalogWriter.Open(folder.Path, new StoreSettings()).Dispose()).Message.ShouldContain("names another file");
        File.ReadAllText(victim).ShouldBe("precious");
    }

    [Fact]
    public void Somebody_elses_database_is_not_changed()
    {
        Plainly(connection => connection.Run("CREATE TABLE photographs (name TEXT); INSERT INTO photographs VALUES ('one')"));
        var before = File.ReadAllBytes(Catalog);
        Should.Throw<StoreException>(() => CatalogWriter.Open(folder.Path, new StoreSettings()).Dispose()).Message.ShouldContain("not a Duet catalog");
        File.ReadAllBytes(Catalog).ShouldBe(before);
        Directory.GetFiles(folder.Path).ShouldBe([Catalog]);
    }

    [Fact]
    public void A_value_of_absurd_length_is_refused_before_it_is_read()
    {
        Make();
        Plainly(connection => connection.Run("UPDATE settings SET value = CAST(zeroblob(40000000) AS TEXT) WHERE name = 'streams'"));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Should.Throw<StoreException>(() => VideoStore.Open(folder.Path)).Message.ShouldContain("too big");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1 << 20);
    }

    [Theory]
    [InlineData("INSERT INTO shards VALUES (0, 512)")] // an ingest would cut off all that lies behind
    [InlineData("SELECT 1")] // an ingest would take the shard for one that was begun and never became part of the store
    public void An_ingest_cuts_nothing_off_that_a_content_has(string shards)
    {
        Make();
        Plainly(connection => connection.Run(
            $"PRAGMA foreign_keys = OFF; {shards}; INSERT INTO contents (id, status, frame_count, shard, json_offset, json_length) VALUES ('{new string('a', 32)}', 'ready', 1, 0, 512, 900)"));
        using var writer = CatalogWriter.Open(folder.Path, new StoreSettings());
        Should.Throw<StoreException>(writer.Shards).Message.ShouldContain("behind the end of its shard");
    }

    private void Make() => CatalogWriter.Open(folder.Path, new StoreSettings()).Dispose();

    /// <summary>As any program opens it.</summary>
    private void Plainly(Action<SqliteConnection> work)
    {
        using var connection = new SqliteConnection($"Data Source={Catalog};Pooling=False");
        connection.Open();
        work(connection);
    }

    /// <summary>A hot journal: one page as it was, and the name of a super-journal.</summary>
    private static byte[] Journal(string super, byte[] database)
    {
        const int sector = 512;
        var page = (database[16] << 8) | database[17];
        var pages = database.Length / page;
        byte[] magic = [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7];
        const uint nonce = 7;
        var checksum = nonce;
        for (var i = page - 200; i > 0; i -= 200)
        {
            checksum += database[i];
        }

        var name = Encoding.UTF8.GetBytes(super);
        byte[] header = [.. magic, .. Big(1), .. Big(nonce), .. Big((uint)pages), .. Big(sector), .. Big((uint)page)];
        return
        [
            .. header, .. new byte[sector - header.Length],
            .. Big(1), .. database[..page], .. Big(checksum),
            .. Big((0x40000000u / (uint)page) + 1), .. name, .. Big((uint)name.Length), .. Big((uint)name.Sum(b => (long)(sbyte)b)), .. magic,
        ];

        static byte[] Big(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
    }
}
