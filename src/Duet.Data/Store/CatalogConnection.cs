using Microsoft.Data.Sqlite;

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
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
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

    /// <summary>SQLite keeps the text by which a table was made. Strict tables of our text hold what their columns say, so that readers need only look at ranges.</summary>
    private static bool HasOurTables(SqliteConnection connection)
    {
        var ours = Squeezed(CatalogSchema.Create);
        using var command = connection.Command("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL");
        using var reader = command.ExecuteReader();
        var count = 0;
        while (reader.Read())
        {
            count++;
            if (!ours.Contains(Squeezed(reader.GetString(0)), StringComparison.Ordinal))
            {
                return false;
            }
        }

        return count == CatalogSchema.Statements;

        static string Squeezed(string sql) => string.Concat(sql.Where(c => !char.IsWhiteSpace(c)));
    }

    private const int SqliteReadOnly = 8;
    private const int SqliteCantOpen = 14;

    private static bool NothingPending(string path)
    {
        var wal = new FileInfo(path + "-wal");
        return !wal.Exists || wal.Length == 0;
    }
}
