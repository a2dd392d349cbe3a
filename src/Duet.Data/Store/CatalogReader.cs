using System.Globalization;
using Duet.Data.Media;
using Microsoft.Data.Sqlite;

namespace Duet.Data.Store;

/// <summary>Reads a catalog's rows and refuses values that can't be true.</summary>
internal static class CatalogReader
{
    public static StoreSettings Settings(SqliteConnection catalog)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var command = catalog.Command("SELECT name, value FROM settings LIMIT 100");
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                values[reader.GetString(0)] = reader.GetString(1);
            }
        }
        catch (Exception e) when (CatalogConnection.IsDamage(e))
        {
            throw CatalogConnection.Damaged(catalog.DataSource, e); // somebody else's tables under our application's number, or a NULL
        }

        var settings = new StoreSettings
        {
            FrameRate = Rational.TryParse(values.GetValueOrDefault("frame_rate"), out var rate) ? rate : 0,
            ShortSide = Integer("short_side"),
            SampleRate = Integer("sample_rate"),
            JpegQuality = Integer("jpeg_quality"),
            SilenceDb = double.TryParse(values.GetValueOrDefault("silence_db"), CultureInfo.InvariantCulture, out var level) ? level : double.NaN,
            Streams = Streams(values.GetValueOrDefault("streams")),
        };
        if (!StoreLayout.IsFrameRate(settings.FrameRate) || !Enum.IsDefined(settings.Streams) || settings.ShortSide is < 1 or > StoreLayout.MaxSide
            || settings.SampleRate is < 1000 or > 384000 || settings.JpegQuality is < 2 or > 31 || settings.SilenceDb is not (>= -120 and <= 0))
        {
            throw CatalogConnection.Damaged(catalog.DataSource, "its settings are missing or impossible");
        }

        return settings;

        static StoreStreams Streams(string? name) => name switch
        {
            null or "both" => StoreStreams.Both, // stores that were made before there was a choice have no such row
            "audio" => StoreStreams.Audio,
            "video" => StoreStreams.Video,
            "any" => StoreStreams.Any,
            _ => (StoreStreams)(-1),
        };

        int Integer(string name) => int.TryParse(values.GetValueOrDefault(name), CultureInfo.InvariantCulture, out var value) ? value : 0;
    }

    /// <summary>Every shard's length, bytes, by number.</summary>
    /// <exception cref="StoreException">A number or a length is impossible.</exception>
    public static SortedDictionary<int, long> Shards(SqliteConnection catalog)
    {
        var shards = new SortedDictionary<int, long>();
        using var command = catalog.Command("SELECT number, length FROM shards");
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var (number, length) = (reader.GetInt64(0), reader.GetInt64(1));
            if (number is < 0 or > StoreLayout.MaxShard || length is < 0 or > StoreLayout.MaxShardBytes)
            {
                throw CatalogConnection.Damaged(catalog.DataSource, $"its shard {number} would have {length} bytes");
            }

            shards[(int)number] = length;
        }

        return shards;
    }

    /// <summary>The ready videos, ordered by id.</summary>
    /// <param name="catalog">An open catalog.</param>
    /// <param name="shardLength">The length of a shard's file, bytes; -1 where it is missing.</param>
    /// <exception cref="StoreException">A row says something impossible.</exception>
    public static List<StoredVideo> ReadyVideos(SqliteConnection catalog, Func<int, long> shardLength)
    {
        var videos = new List<StoredVideo>();
        using var command = catalog.Command("SELECT * FROM videos WHERE status = 'ready' ORDER BY id");
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            videos.Add(Video(reader, shardLength));
        }

        return videos;
    }

    public static StoredVideo Video(SqliteDataReader reader, Func<int, long> shardLength)
    {
        var id = reader.Text("id");
        var path = reader.Text("path") ?? "?";
        try
        {
            Require(StoreLayout.IsId(id), "id");
            var shard = (int)InRange(reader, "shard", 0, StoreLayout.MaxShard);
            var end = shardLength(shard);
            var frameCount = (int)InRange(reader, "frame_count", 0, StoreLayout.MaxFrames);
            var sampleCount = InRange(reader, "sample_count", 0, StoreLayout.MaxWav / 2);
            Require(frameCount > 0 || sampleCount > 0, "frame_count");
            var (hasFrames, hasSound) = (frameCount > 0, sampleCount > 0);
            var video = new StoredVideo
            {
                Id = id!,
                SourcePath = path,
                FrameCount = frameCount,
                FrameRate = Rational.TryParse(reader.Text("frame_rate"), out var rate) && StoreLayout.IsFrameRate(rate) ? rate : throw new FormatException("frame_rate"),
                Width = hasFrames ? (int)InRange(reader, "width", 1, StoreLayout.MaxSide) : 0,
                Height = hasFrames ? (int)InRange(reader, "height", 1, StoreLayout.MaxSide) : 0,
                SampleRate = (int)InRange(reader, "sample_rate", 1000, 384000),
                SampleCount = sampleCount,
                Label = reader.Text("label"),
                Split = reader.Text("split"),
                Shard = shard,
                JsonOffset = InRange(reader, "json_offset", 512, long.MaxValue >> 1),
                JsonLength = (int)InRange(reader, "json_length", 2, StoreLayout.MaxJson),
                FramesOffset = hasFrames ? InRange(reader, "frames_offset", 512, long.MaxValue >> 1) : 0,
                FramesLength = hasFrames ? InRange(reader, "frames_length", 4L * frameCount, StoreLayout.MaxEntry) : 0,
                SamplesOffset = hasSound ? InRange(reader, "wav_offset", 512, long.MaxValue >> 1) + WavHeader.Length : 0,
            };
            Require(!hasSound || reader.Integer("wav_length") == WavHeader.Length + (2 * sampleCount), "wav_length");
            if (end < 0)
            {
                throw new StoreException(
                    $"Video {id} ({path}) is in {StoreLayout.ShardName(shard)}, which is missing. Restore the shard, or see what is lost with: duet store verify");
            }

            Require(video.JsonOffset + video.JsonLength <= end, "json_offset");
            Require(video.FramesOffset + video.FramesLength <= end, "frames_offset");
            Require(video.SamplesOffset + (2 * sampleCount) <= end, "wav_offset");
            return video;
        }
        catch (Exception e) when (e is FormatException or InvalidCastException or OverflowException)
        {
            throw new StoreException(
                $"The catalog's row of video {id ?? "?"} ({path}) has an impossible value: {e.Message}. See the damage with: duet store verify", e);
        }
    }

    private static long InRange(SqliteDataReader reader, string column, long least, long most) =>
        reader.Integer(column) is { } value && value >= least && value <= most ? value : throw new FormatException(column);

    private static void Require(bool holds, string column)
    {
        if (!holds)
        {
            throw new FormatException(column);
        }
    }
}
