using Duet.Data.Files;

namespace Duet.Data.Store;

/// <summary>The folder in which a store lies or will lie.</summary>
internal static class StoreFolder
{
    private static readonly HashSet<string> OwnNames = new(StringComparer.Ordinal)
    {
        StoreLayout.CatalogName, StoreLayout.CatalogName + "-wal", StoreLayout.CatalogName + "-shm", StoreLayout.CatalogName + "-journal",
        StoreLayout.LockName, StoreLayout.HolderName, StoreLayout.ShardFolder, StoreLayout.SpoolFolder,
    };

    /// <summary>Makes the folder, or checks that it may be one.</summary>
    /// <exception cref="UsageException">It is somebody else's.</exception>
    public static void Prepare(string store)
    {
        if (File.Exists(store))
        {
            throw new UsageException($"'{store}' is a file. Name a folder for the store; it is made where it is missing.");
        }

        if (Directory.Exists(store) && !File.Exists(StoreLayout.Catalog(store))
            && Directory.EnumerateFileSystemEntries(store).FirstOrDefault(entry => !OwnNames.Contains(Path.GetFileName(entry))) is { } other)
        {
            throw new UsageException($"'{store}' is not a store and not empty (it has '{Path.GetFileName(other)}'). Name a new folder for the store.");
        }

        Directory.CreateDirectory(store);
    }

    /// <summary>Removes what a killed ingest left in the spool folder: files that begin with the id of a content.</summary>
    /// <exception cref="IOException">The folder is a link: what lies there is somebody's.</exception>
    public static void ClearSpool(string store)
    {
        RegularFile.RefuseLink(StoreLayout.Spool(store));
        var spool = Directory.CreateDirectory(StoreLayout.Spool(store));
        foreach (var file in spool.EnumerateFiles().Where(f => f.Name.Length > StoreLayout.IdLength && f.Name[StoreLayout.IdLength] == '.' && f.Name[..StoreLayout.IdLength].All(char.IsAsciiHexDigitLower)))
        {
            file.Delete();
        }
    }

    /// <summary>What the videos of a store have; null where there is no store yet, or none that can be read: the ingest that opens it next says why.</summary>
    public static StoreStreams? StreamsOf(string store)
    {
        if (!File.Exists(StoreLayout.Catalog(store)))
        {
            return null;
        }

        try
        {
            using var catalog = CatalogConnection.OpenForReading(store);
            return CatalogReader.Settings(catalog).Streams;
        }
        catch (StoreException)
        {
            return null; // also a catalog that a killed ingest had only begun to make
        }
    }

    /// <summary>What a new store's settings are.</summary>
    /// <param name="options">What the user chose.</param>
    /// <param name="streams">What the source has, where the user chose nothing.</param>
    public static StoreSettings NewSettings(IngestOptions options, StoreStreams streams)
    {
        var standard = new StoreSettings();
        return new StoreSettings
        {
            FrameRate = options.FrameRate ?? standard.FrameRate,
            ShortSide = options.ShortSide ?? standard.ShortSide,
            SampleRate = options.SampleRate ?? standard.SampleRate,
            JpegQuality = options.JpegQuality ?? standard.JpegQuality,
            SilenceDb = options.SilenceDb ?? standard.SilenceDb,
            Streams = options.Streams ?? streams,
        };
    }

    /// <summary>All videos of a store are alike.</summary>
    /// <exception cref="UsageException">An option differs from the store's setting.</exception>
    public static void RefuseOtherSettings(IngestOptions options, StoreSettings settings)
    {
        Refuse("--fps", options.FrameRate?.ToString(), settings.FrameRate.ToString());
        Refuse("--short-side", options.ShortSide?.ToString(), settings.ShortSide.ToString());
        Refuse("--sample-rate", options.SampleRate?.ToString(), settings.SampleRate.ToString());
        Refuse("--jpeg-quality", options.JpegQuality?.ToString(), settings.JpegQuality.ToString());
        Refuse("--silence-db", options.SilenceDb?.ToString(), settings.SilenceDb.ToString());

        Refuse("--streams", options.Streams?.ToString().ToLowerInvariant(), settings.Streams.ToString().ToLowerInvariant());

        void Refuse(string option, string? asked, string has)
        {
            if (asked is not null && !string.Equals(asked, has, StringComparison.Ordinal))
            {
                throw new UsageException($"The store '{options.Store}' was made with {option} {has}, and all its videos are alike. Leave {option} {asked} away, or name a new store.");
            }
        }
    }
}
