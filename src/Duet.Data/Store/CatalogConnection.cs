using Duet.Data.Files;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Duet.Data.Store;

/// <summary>Opens a store's catalog and checks that it is one.</summary>
internal static class CatalogConnection
{
    /// <summary>Opens for reading; works on read-only media too.</summary>
    /// <exception cref="StoreException">There is no catalog, or it is damaged or of another version.</exception>
    public static SqliteConnection OpenForReading(string store)
    {
        var path = StoreLayout.Catalog(store);
        if (!File.Exists(path))
        {
            throw new StoreException(Directory.Exists(store)
                ? $"'{store}' is not a Duet store: it has no {StoreLayout.CatalogName}. Make one with: duet ingest SOURCE --store {store}"
                : $"There is no store at '{store}'. Make one with: duet ingest SOURCE --store {store}");
        }

        CheckPlaces(path, writes: false);
        try
        {
            return Checked(Connect(path, SqliteOpenMode.ReadOnly), path);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SqliteReadOnly or SqliteCantOpen && NothingPending(path))
        {
            // SQLite wants to make a -shm file beside a WAL database even to read it. On a read-only disk it can't; nothing
            // else can write there either, so the file may be read as it stands.
            try
            {
                return Checked(Connect($"file:{Uri.EscapeDataString(path)}?immutable=1", SqliteOpenMode.ReadOnly), path);
            }
            catch (SqliteException inner)
            {
                throw Damaged(path, inner);
            }
        }
        catch (SqliteException e)
        {
            throw Damaged(path, e);
        }
    }

    /// <summary>Opens for writing, or makes an empty database. Nothing in it is changed before it is known to be ours, or empty.</summary>
    /// <param name="path">The catalog.</param>
    /// <param name="create">Fills an empty one.</param>
    /// <exception cref="StoreException">It is not ours, or damaged.</exception>
    public static SqliteConnection OpenForWriting(string path, Action<SqliteConnection> create)
    {
        CheckPlaces(path, writes: true);
        CheckJournal(path);
        var connection = Connect(path, SqliteOpenMode.ReadWriteCreate);
        try
        {
            var empty = connection.Scalar<long>("PRAGMA application_id") == 0 && connection.Scalar<long>("SELECT COUNT(*) FROM sqlite_schema") == 0;
            if (!empty)
            {
                Checked(connection, path);
            }

            connection.Scalar<string>("PRAGMA journal_mode = WAL");
            connection.Run("PRAGMA synchronous = FULL");
            if (empty)
            {
                create(connection);
            }

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    internal static SqliteConnection Connect(string source, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = source,
            Mode = mode,
            Pooling = false,
            ForeignKeys = true,
            DefaultTimeout = 30,
        }.ToString());
        try
        {
            connection.Open();
            Fence(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A catalog may be a stranger's: nothing in its schema is run, nothing in it writes what it should not, no value is larger than one of ours can be, and a
    /// journal beside it names no other file. (SQLite deletes the file that a journal calls its super-journal.)
    /// </summary>
    private static void Fence(SqliteConnection connection)
    {
        var handle = connection.Handle!;
        raw.sqlite3_limit(handle, raw.SQLITE_LIMIT_LENGTH, LongestValue);
        raw.sqlite3_limit(handle, raw.SQLITE_LIMIT_ATTACHED, 0);
        raw.sqlite3_limit(handle, raw.SQLITE_LIMIT_TRIGGER_DEPTH, 0);
        raw.sqlite3_db_config(handle, raw.SQLITE_DBCONFIG_DEFENSIVE, 1, out _);
        raw.sqlite3_db_config(handle, raw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, out _);
        raw.sqlite3_db_config(handle, raw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, out _);
        raw.sqlite3_enable_load_extension(handle, 0);
        connection.Run("PRAGMA cell_size_check = ON");
    }

    /// <summary>Refuses what SQLite would wait for, and links through which it would write: those beside the catalog it writes even to read it.</summary>
    private static void CheckPlaces(string path, bool writes)
    {
        foreach (var file in new[] { path, path + "-journal", path + "-wal", path + "-shm" })
        {
            try
            {
                RegularFile.RefuseSpecial(file);
                if (writes || file != path)
                {
                    RegularFile.RefuseLink(file);
                }
            }
            catch (Exception e) when (FileWriteException.Explains(e))
            {
                throw Damaged(path, $"'{Path.GetFileName(file)}': {e.Message}", e);
            }
        }
    }

    /// <summary>Refuses a journal that names another file.</summary>
    private static void CheckJournal(string path)
    {
        var journal = new FileInfo(path + "-journal");
        if (!journal.Exists || journal.Length < JournalMagic.Length)
        {
            return;
        }

        using var file = journal.OpenRead();
        file.Seek(-JournalMagic.Length, SeekOrigin.End);
        Span<byte> end = stackalloc byte[8];
        file.ReadExactly(end);
        if (end.SequenceEqual(JournalMagic))
        {
            throw new StoreException($"'{journal.FullName}' is a journal that no Duet wrote: it names another file, which SQLite would delete. Remove it, and restore the catalog from a copy.");
        }
    }

    internal static SqliteConnection Checked(SqliteConnection connection, string path)
    {
        try
        {
            var application = connection.Scalar<long>("PRAGMA application_id");
            var version = connection.Scalar<long>("PRAGMA user_version");
            if (application != StoreLayout.ApplicationId)
            {
                throw new StoreException($"'{path}' is an SQLite database, but not a Duet catalog.");
            }

            if (version != StoreLayout.SchemaVersion)
            {
                throw new StoreException(
                    $"'{path}' has format version {version}; this program reads version {StoreLayout.SchemaVersion}. Use the Duet that made it, or ingest again into a new store.");
            }

            if (!HasOurTables(connection))
            {
                throw Damaged(path, $"its tables are not those of format version {version}");
            }

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    internal static StoreException Damaged(string path, Exception e) => Damaged(path, e.Message.TrimEnd('.'), e);

    internal static StoreException Damaged(string path, string what, Exception? e = null) =>
        new($"The catalog '{path}' can't be read: {what}. Restore it from a copy, or ingest again into a new store.", e);

    /// <summary>
    /// SQLite keeps the text by which a table was made: nothing but ours is opened, so no view, trigger or index of a stranger's is ever run. Rows are another matter:
    /// strict tables are strict where SQLite writes them, and a stranger's file may hold anything.
    /// </summary>
    private static bool HasOurTables(SqliteConnection connection)
    {
        var ours = CatalogSchema.Create.Split(';').Select(Squeezed).Where(sql => sql.Length > 0).ToHashSet(StringComparer.Ordinal);
        using var command = connection.Command("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL");
        using var reader = command.ExecuteReader();
        var count = 0;
        while (reader.Read())
        {
            count++;
            if (!ours.Remove(Squeezed(reader.GetString(0))))
            {
                return false;
            }
        }

        return count == CatalogSchema.Statements;

        static string Squeezed(string sql) => string.Concat(sql.Split('\n').Where(line => !line.StartsWith("--", StringComparison.Ordinal)).SelectMany(line => line).Where(c => !char.IsWhiteSpace(c)));
    }

    /// <summary>Whether an error while a catalog is read says that it is damaged: SQLite's own, or a NULL or a number where our tables have none.</summary>
    internal static bool IsDamage(Exception e) => e is SqliteException or InvalidOperationException or InvalidCastException or OverflowException;

    /// <summary>The longest text or row, bytes: a probe of absurdly many streams.</summary>
    private const int LongestValue = 16 << 20;

    /// <summary>What ends the name of a super-journal, and begins a journal.</summary>
    private static ReadOnlySpan<byte> JournalMagic => [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7];

    private const int SqliteReadOnly = 8;
    private const int SqliteCantOpen = 14;

    private static bool NothingPending(string path)
    {
        var wal = new FileInfo(path + "-wal");
        return !wal.Exists || wal.Length == 0;
    }
}
