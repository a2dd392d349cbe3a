using Duet.Data.Media;
using Microsoft.Data.Sqlite;

namespace Duet.Data.Store;

/// <summary>A stored content as the catalog has it, ready or not: what verification compares the shards with.</summary>
internal sealed record VerifiedVideo(
    string Id,
    string Path,
    int Shard,
    int FrameCount,
    int SampleRate,
    long SampleCount,
    long JsonOffset,
    int JsonLength,
    string JsonSha256,
    long FramesOffset,
    long FramesLength,
    string FramesSha256,
    long WavOffset,
    long WavLength,
    string WavSha256)
{
    /// <summary>Where its first entry's content starts in the shard.</summary>
    public (string Extension, long Offset) First => FrameCount > 0 ? (".mjpg", FramesOffset) : (".wav", WavOffset);

    /// <summary>All stored contents; a row with an impossible value becomes a problem.</summary>
    public static List<VerifiedVideo> All(SqliteConnection catalog, List<StoreProblem> problems)
    {
        var videos = new List<VerifiedVideo>();
        using var command = catalog.Command(
            """
            SELECT c.*, COALESCE((SELECT path FROM sources s WHERE s.id = c.id ORDER BY number LIMIT 1), '(a file that was replaced)') AS path
            FROM contents c WHERE c.shard IS NOT NULL
            """);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var id = reader.Text("id") ?? "?";
            var path = reader.Text("path")!;
            try
            {
                videos.Add(Read(reader, id, path));
            }
            catch (Exception e) when (e is FormatException or InvalidCastException)
            {
                problems.Add(new StoreProblem(id, path, StoreLayout.CatalogName, $"its row has an impossible value: {e.Message}"));
            }
        }

        return videos;
    }

    private static VerifiedVideo Read(SqliteDataReader reader, string id, string path)
    {
        var samples = Integer("sample_count", 0, StoreLayout.MaxWav / 2);
        var frames = (int)Integer("frame_count", 0, StoreLayout.MaxFrames);
        if (frames == 0 && samples == 0)
        {
            throw new FormatException("frame_count");
        }

        if (!StoreLayout.IsId(id))
        {
            throw new FormatException("id");
        }

        if (!Rational.TryParse(reader.Text("frame_rate"), out var rate) || !StoreLayout.IsFrameRate(rate))
        {
            throw new FormatException("frame_rate");
        }

        return new VerifiedVideo(
            id,
            path,
            (int)Integer("shard", 0, StoreLayout.MaxShard),
            frames,
            (int)Integer("sample_rate", 1000, 384000),
            samples,
            Integer("json_offset", Tar.Block, long.MaxValue >> 1),
            (int)Integer("json_length", 2, StoreLayout.MaxJson),
            reader.Text("json_sha256") ?? "",
            frames == 0 ? 0 : Integer("frames_offset", Tar.Block, long.MaxValue >> 1),
            frames == 0 ? 0 : Integer("frames_length", 4, StoreLayout.MaxEntry),
            reader.Text("frames_sha256") ?? "",
            samples == 0 ? 0 : Integer("wav_offset", Tar.Block, long.MaxValue >> 1),
            samples == 0 ? 0 : Integer("wav_length", WavHeader.Length + (2 * samples), WavHeader.Length + (2 * samples)),
            reader.Text("wav_sha256") ?? "");

        long Integer(string column, long least, long most) =>
            reader.Integer(column) is { } value && value >= least && value <= most ? value : throw new FormatException(column);
    }
}

/// <summary>Looks into a content whose bytes are those that were written: were they right then?</summary>
internal interface IContentCheck
{
    /// <summary>What is wrong; null where nothing is.</summary>
    string? Problem { get; }

    /// <summary>Takes the next piece.</summary>
    void Append(ReadOnlySpan<byte> bytes);
}

/// <summary>The JPEG frames are where the frame table says.</summary>
/// <param name="table">The table; null where it can't be read, which is reported elsewhere.</param>
internal sealed class FramesCheck(long[]? table) : IContentCheck
{
    private readonly JpegSplitter splitter = new();
    private string? format;

    /// <inheritdoc/>
    public string? Problem => format ?? (table is null || splitter.Offsets.Append(splitter.End).SequenceEqual(table)
        ? null
        : "its frames are not where the frame table says");

    /// <inheritdoc/>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (format is not null)
        {
            return;
        }

        try
        {
            splitter.Append(bytes);
        }
        catch (FormatException e)
        {
            format = e.Message.TrimEnd('.');
        }
    }
}

/// <summary>The WAV header says what the catalog says.</summary>
internal sealed class WavCheck(VerifiedVideo video) : IContentCheck
{
    private readonly byte[] header = new byte[WavHeader.Length];
    private int filled;

    /// <inheritdoc/>
    public string? Problem => header.AsSpan().SequenceEqual(WavHeader.Build(video.SampleRate, video.SampleCount)) ? null : "its header is not what the catalog says";

    /// <inheritdoc/>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        var take = Math.Min(bytes.Length, header.Length - filled);
        bytes[..take].CopyTo(header.AsSpan(filled));
        filled += take;
    }
}
