using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Duet.Data.Clips;
using Duet.Data.Files;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;

namespace Duet.Data.Store;

/// <summary>
/// A store opened for reading. All methods may be called from many threads at once: reads are positioned and share
/// nothing but a bounded cache of frame tables. It shows the videos that were ready when it was opened.
/// </summary>
public sealed class VideoStore : IClipStore, IDisposable
{
    private const long FrameTableBytes = 64L << 20;

    private readonly Dictionary<int, SafeFileHandle> shards;
    private readonly FrameTableCache tables = new(FrameTableBytes);

    private VideoStore(string directory, StoreSettings settings, IReadOnlyList<StoredVideo> videos, Dictionary<int, SafeFileHandle> shards)
    {
        Directory = directory;
        Settings = settings;
        Videos = videos;
        this.shards = shards;
        Fingerprint = Hash(settings, videos);
    }

    /// <summary>The store's folder, as an absolute path.</summary>
    public string Directory { get; }

    /// <summary>What all its videos have in common.</summary>
    public StoreSettings Settings { get; }

    /// <summary>The ready videos, ordered by id.</summary>
    public IReadOnlyList<StoredVideo> Videos { get; }

    /// <summary>Hexadecimal SHA-256 over the settings and the ready videos' ids: which videos a run learned from.</summary>
    public string Fingerprint { get; }

    /// <summary>Opens a store.</summary>
    /// <param name="directory">The store's folder.</param>
    /// <exception cref="StoreException">It is not a store, or is damaged, or of another version.</exception>
    public static VideoStore Open(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        directory = Path.GetFullPath(directory);
        var handles = new Dictionary<int, SafeFileHandle>();
        try
        {
            using var catalog = CatalogConnection.OpenForReading(directory);
            var settings = CatalogReader.Settings(catalog);
            var videos = CatalogReader.ReadyVideos(catalog, number => ShardLength(directory, number, handles));
            return new VideoStore(directory, settings, videos, handles);
        }
        catch (Exception e)
        {
            foreach (var handle in handles.Values)
            {
                handle.Dispose();
            }

            if (CatalogConnection.IsDamage(e))
            {
                throw CatalogConnection.Damaged(StoreLayout.Catalog(directory), e);
            }

            throw;
        }
    }

    /// <summary>Reads JPEG frames.</summary>
    /// <param name="video">One of <see cref="Videos"/>.</param>
    /// <param name="firstFrame">The first frame's index, not negative.</param>
    /// <param name="count">How many frames, at least 1.</param>
    /// <param name="step">Distance from one frame to the next, at least 1.</param>
    /// <param name="destination">Receives the frames.</param>
    /// <returns>How many frames were read: fewer than <paramref name="count"/> where the video ends before.</returns>
    /// <exception cref="StoreException">The shard is damaged or can't be read.</exception>
    /// <exception cref="StoreLostException">It can't be read, and the whole store is not there any more.</exception>
    public int ReadFrames(StoredVideo video, int firstFrame, int count, int step, FrameBuffer destination)
    {
        ArgumentNullException.ThrowIfNull(video);
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentOutOfRangeException.ThrowIfNegative(firstFrame);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step);
        destination.Reset(0, 0);
        if (firstFrame >= video.FrameCount)
        {
            return 0;
        }

        count = (int)Math.Min(count, ((video.FrameCount - 1L - firstFrame) / step) + 1);
        var table = tables.Get(video.Id, () => LoadTable(video));
        var total = 0L;
        for (var i = 0; i < count; i++)
        {
            var frame = firstFrame + (i * step);
            total += table[frame + 1] - table[frame];
        }

        if (total > Array.MaxLength)
        {
            throw Damaged(video, $"frames {firstFrame} to {firstFrame + ((count - 1) * step)} would take {total} bytes together");
        }

        destination.Reset(count, (int)total);
        var end = 0;
        for (var i = 0; i < count; i++)
        {
            var frame = firstFrame + (i * step);
            var length = (int)(table[frame + 1] - table[frame]);
            destination.Frames[i] = (end, length);
            end += length;
        }

        var bytes = destination.Bytes;
        if (step == 1)
        {
            ReadExactly(video, bytes.AsSpan(0, end), video.FramesOffset + table[firstFrame]);
        }
        else
        {
            for (var i = 0; i < count; i++)
            {
                var (offset, length) = destination.Frames[i];
                ReadExactly(video, bytes.AsSpan(offset, length), video.FramesOffset + table[firstFrame + (i * step)]);
            }
        }

        for (var i = 0; i < count; i++)
        {
            if (bytes[destination.Frames[i].Offset] != 0xFF || bytes[destination.Frames[i].Offset + 1] != 0xD8)
            {
                destination.Reset(0, 0);
                throw Damaged(video, $"frame {firstFrame + (i * step)} does not begin as a JPEG does");
            }
        }

        return count;
    }

    /// <summary>Reads sound. What lies before the first sample or behind the last is 0.</summary>
    /// <param name="video">One of <see cref="Videos"/>.</param>
    /// <param name="firstSample">The first sample's index; may be negative or behind the end.</param>
    /// <param name="destination">Receives the samples, 16-bit mono at <see cref="StoredVideo.SampleRate"/>.</param>
    /// <exception cref="StoreException">The shard is damaged or can't be read.</exception>
    /// <exception cref="StoreLostException">It can't be read, and the whole store is not there any more.</exception>
    public void ReadSamples(StoredVideo video, long firstSample, Span<short> destination)
    {
        ArgumentNullException.ThrowIfNull(video);
        var before = (int)Int128.Clamp(-(Int128)firstSample, 0, destination.Length);
        destination[..before].Clear();
        var start = Math.Max(firstSample, 0);
        var inside = (int)Math.Clamp(video.SampleCount - start, 0, destination.Length - before);
        if (inside > 0)
        {
            var samples = destination.Slice(before, inside);
            ReadExactly(video, MemoryMarshal.AsBytes(samples), video.SamplesOffset + (2 * start));
            if (!BitConverter.IsLittleEndian)
            {
                System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(samples, samples);
            }
        }

        destination[(before + inside)..].Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var handle in shards.Values)
        {
            handle.Dispose();
        }
    }

    private static long ShardLength(string directory, int number, Dictionary<int, SafeFileHandle> handles)
    {
        if (!handles.TryGetValue(number, out var handle))
        {
            var path = StoreLayout.Shard(directory, number);
            try
            {
                handle = RegularFile.OpenHandle(path, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                return -1;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new StoreException($"The shard '{path}' can't be opened: {e.Message}", e);
            }

            handles.Add(number, handle);
        }

        return RandomAccess.GetLength(handle);
    }

    private long[] LoadTable(StoredVideo video)
    {
        var json = new byte[video.JsonLength];
        ReadExactly(video, json, video.JsonOffset);
        try
        {
            return FrameTable.Parse(json, video.FrameCount, video.FramesLength);
        }
        catch (FormatException e)
        {
            throw Damaged(video, e.Message.TrimEnd('.'), e);
        }
    }

    private void ReadExactly(StoredVideo video, Span<byte> destination, long offset)
    {
        if (!shards.TryGetValue(video.Shard, out var handle))
        {
            throw new ArgumentException($"Video {video.Id} is not one of this store's.", nameof(video));
        }

        try
        {
            while (destination.Length > 0)
            {
                var read = RandomAccess.Read(handle, destination, offset);
                if (read == 0)
                {
                    throw Damaged(video, "the shard ends too early");
                }

                destination = destination[read..];
                offset += read;
            }
        }
        catch (IOException e)
        {
            throw Damaged(video, e.Message.TrimEnd('.'), e);
        }
    }

    private DuetException Damaged(StoredVideo video, string what, Exception? inner = null) => !File.Exists(StoreLayout.Catalog(Directory))
        ? new StoreLostException($"The store '{Directory}' can't be seen any more ({what}): its disk or mount has gone. Mount it again, and go on with what was begun.", inner)
        : new StoreException($"Video {video.Id} ({video.SourcePath}) in {StoreLayout.ShardName(video.Shard)}: {what}. See the damage with: duet store verify {Directory}", inner);

    private static string Hash(StoreSettings settings, IReadOnlyList<StoredVideo> videos)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var streams = settings.Streams == StoreStreams.Both ? "" : " " + settings.Streams.ToString().ToLowerInvariant();
        Append($"duet.store/{StoreLayout.SchemaVersion} {settings.FrameRate} {settings.ShortSide} {settings.SampleRate} {settings.JpegQuality}{streams}\n");
        foreach (var video in videos)
        {
            Append($"{video.Id}\n");
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Append(string text) => hash.AppendData(Encoding.ASCII.GetBytes(text));
    }
}
