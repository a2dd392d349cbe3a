namespace Duet.Data.Store;

/// <summary>Names and bounds of a store's files.</summary>
internal static class StoreLayout
{
    public const string CatalogName = "catalog.db";
    public const string ShardFolder = "shards";
    public const string SpoolFolder = "spool";
    public const string LockName = "ingest.lock";
    public const string HolderName = "ingest.holder";

    /// <summary>PRAGMA user_version of a catalog that this program writes and reads.</summary>
    public const int SchemaVersion = 1;

    /// <summary>PRAGMA application_id: "Duet" in ASCII.</summary>
    public const int ApplicationId = 0x44756574;

    /// <summary>Digits of a video's id.</summary>
    public const int IdLength = 32;

    /// <summary>Most frames one video may have: 46 hours at 25 frames per second.</summary>
    public const int MaxFrames = 1 << 22;

    /// <summary>Longest JSON entry: its frame table takes at most 12 bytes per frame.</summary>
    public const int MaxJson = (12 * MaxFrames) + (1 << 20);

    /// <summary>Longest JPEG frame, bytes.</summary>
    public const int MaxFrameBytes = 1 << 24;

    /// <summary>Longest pictures entry: what a tar header's eleven octal digits can say.</summary>
    public const long MaxEntry = (1L << 33) - 1;

    /// <summary>Longest WAV entry: what a RIFF header's 32 bits can say.</summary>
    public const long MaxWav = uint.MaxValue - 1;

    /// <summary>Largest width or height of a stored frame, pixels.</summary>
    public const int MaxSide = 8192;

    /// <summary>Highest number of a shard.</summary>
    public const int MaxShard = 999_999;

    /// <summary>Longest shard: the largest that an ingest may be told to fill, and one video more.</summary>
    public const long MaxShardBytes = 1L << 41;

    /// <summary>Whether a number of frames per second can be one, and leaves room in 64 bits for the exact time of every frame.</summary>
    public static bool IsFrameRate(Rational rate) => rate > 0 && rate <= 1000 && rate.Numerator <= 1_000_000_000 && rate.Denominator <= 1_000_000_000;

    public static string Catalog(string store) => Path.Combine(store, CatalogName);

    public static string Shards(string store) => Path.Combine(store, ShardFolder);

    public static string Shard(string store, int number) => Path.Combine(store, ShardFolder, ShardName(number));

    public static string ShardName(int number) => $"shard-{number:D6}.tar";

    public static string Spool(string store) => Path.Combine(store, SpoolFolder);

    public static bool IsId(string? id) => id is { Length: IdLength } && id.All(char.IsAsciiHexDigitLower);
}
