using System.Security.Cryptography;
using Duet.Data.Files;
using Duet.Data.Media;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;

namespace Duet.Data.Store;

/// <summary>Something in a store that is not as it was written.</summary>
/// <param name="VideoId">The damaged video; null where it is not one video's.</param>
/// <param name="SourcePath">The path of the file that it was made from: ingest that into a new store to mend it.</param>
/// <param name="Place">The file, and the byte where the damaged part starts.</param>
/// <param name="What">What is wrong.</param>
public sealed record StoreProblem(string? VideoId, string? SourcePath, string Place, string What);

/// <summary>What a verification found.</summary>
public sealed record VerifyReport
{
    /// <summary>The store's folder.</summary>
    public required string Store { get; init; }

    /// <summary>Videos that were checked, replaced ones included.</summary>
    public required int Videos { get; init; }

    /// <summary>Bytes that were checked.</summary>
    public required long Bytes { get; init; }

    /// <summary>What is wrong; empty where nothing is.</summary>
    public required IReadOnlyList<StoreProblem> Problems { get; init; }
}

/// <summary>Checks every byte of a store's shards, and its catalog.</summary>
public static class StoreVerifier
{
    /// <summary>Checks a store.</summary>
    /// <param name="directory">The store's folder.</param>
    /// <param name="progress">Told how many bytes of how many are checked.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="StoreException">It is not a store, its catalog can't be read at all, or an ingest is writing to it.</exception>
    public static VerifyReport Run(string directory, IProgress<(long Done, long Total)>? progress, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        var store = Path.GetFullPath(directory);
        using var catalog = CatalogConnection.OpenForReading(store);
        using var quiet = StoreLock.RequireNobody(store);
        var problems = new List<StoreProblem>();
        var (shards, videos) = ReadCatalog(catalog, store, problems);
        var total = shards.Values.Sum();
        var done = 0L;
        foreach (var (number, length) in shards)
        {
            var check = new ShardCheck(store, number, length, problems, Checked, cancellationToken);
            check.Run([.. videos[number].OrderBy(v => v.First.Offset)]);
        }

        foreach (var video in videos.Where(group => !shards.ContainsKey(group.Key)).SelectMany(group => group))
        {
            problems.Add(new StoreProblem(video.Id, video.Path, StoreLayout.CatalogName, $"the catalog has no shard {video.Shard}"));
        }

        foreach (var file in StrayShards(store, shards.Keys))
        {
            problems.Add(new StoreProblem(null, null, file, "the catalog knows no such shard; an ingest that was killed may have left it, and the next one removes it"));
        }

        void Checked(long bytes)
        {
            done += bytes;
            progress?.Report((done, total));
        }

        return new VerifyReport { Store = store, Videos = videos.Sum(group => group.Count()), Bytes = done, Problems = problems };
    }

    private static (SortedDictionary<int, long> Shards, ILookup<int, VerifiedVideo> Videos) ReadCatalog(SqliteConnection catalog, string store, List<StoreProblem> problems)
    {
        try
        {
            CheckCatalog(catalog, problems);
            return (CatalogReader.Shards(catalog), VerifiedVideo.All(catalog, problems).ToLookup(v => v.Shard));
        }
        catch (Exception e) when (CatalogConnection.IsDamage(e))
        {
            throw CatalogConnection.Damaged(StoreLayout.Catalog(store), e);
        }
    }

    private static void CheckCatalog(SqliteConnection catalog, List<StoreProblem> problems)
    {
        using (var command = catalog.Command("PRAGMA integrity_check(100)"))
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                if (reader.GetString(0) is var message && !string.Equals(message, "ok", StringComparison.Ordinal))
                {
                    problems.Add(new StoreProblem(null, null, StoreLayout.CatalogName, message));
                }
            }
        }

        if (catalog.Scalar<string>("PRAGMA foreign_key_check") is { } table)
        {
            problems.Add(new StoreProblem(null, null, StoreLayout.CatalogName, $"a row of the table {table} refers to a row that is not there"));
        }

        try
        {
            _ = CatalogReader.Settings(catalog);
        }
        catch (StoreException e)
        {
            problems.Add(new StoreProblem(null, null, StoreLayout.CatalogName, e.Message));
        }
    }

    private static IEnumerable<string> StrayShards(string store, ICollection<int> known)
    {
        var names = known.Select(StoreLayout.ShardName).ToHashSet(StringComparer.Ordinal);
        var folder = StoreLayout.Shards(store);
        return Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder).Select(Path.GetFileName).OfType<string>().Where(name => !names.Contains(name)).Order(StringComparer.Ordinal)
            : [];
    }

    /// <summary>Walks one shard from its first byte to its last: entries must follow each other without a gap.</summary>
    private sealed class ShardCheck(string store, int number, long length, List<StoreProblem> problems, Action<long> checkedBytes, CancellationToken cancellationToken)
    {
        private readonly byte[] buffer = new byte[1 << 18];
        private readonly string name = StoreLayout.ShardName(number);
        private SafeFileHandle? handle;
        private long position;

        public void Run(IReadOnlyList<VerifiedVideo> videos)
        {
            try
            {
                using (handle = RegularFile.OpenHandle(StoreLayout.Shard(store, number), options: FileOptions.SequentialScan))
                {
                    foreach (var video in videos)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        Check(video);
                    }

                    CheckEnd();
                }
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                foreach (var video in videos)
                {
                    problems.Add(new StoreProblem(video.Id, video.Path, name, "the shard is missing"));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problems.Add(new StoreProblem(null, null, $"{name}, byte {position}", $"the shard can't be read: {e.Message}"));
            }
        }

        private void Check(VerifiedVideo video)
        {
            var (extension, first) = video.First;
            if (first - Tar.Block != position)
            {
                Add(video, position, $"the catalog says that {video.Id}{extension} starts at byte {first - Tar.Block}");
                if (first - Tar.Block < position)
                {
                    return; // in the midst of another: a catalog could name the same gigabytes a million times
                }

                position = Math.Max(0, first - Tar.Block);
            }

            if (video.FrameCount > 0)
            {
                Entry(video, ".mjpg", video.FramesOffset, video.FramesLength, video.FramesSha256, new FramesCheck(Table(video)));
            }

            if (video.SampleCount > 0)
            {
                Entry(video, ".wav", video.WavOffset, video.WavLength, video.WavSha256, new WavCheck(video));
            }

            Entry(video, ".json", video.JsonOffset, video.JsonLength, video.JsonSha256, null);
        }

        /// <summary>The frame table, where the JSON is sound enough to have one.</summary>
        private long[]? Table(VerifiedVideo video)
        {
            // A number and its comma take two bytes: a catalog that claims more than the shard holds gets no memory for it.
            if (video.JsonLength > RandomAccess.GetLength(handle!) - video.JsonOffset || video.FrameCount > video.JsonLength / 2)
            {
                Add(video, video.JsonOffset, $"{video.JsonLength} bytes of JSON with {video.FrameCount} frames can't be here");
                return null;
            }

            try
            {
                var json = new byte[video.JsonLength];
                return RandomAccess.Read(handle!, json, video.JsonOffset) == json.Length
                    ? FrameTable.Parse(json, video.FrameCount, video.FramesLength)
                    : null; // the entry's own check says that the shard ends too early
            }
            catch (FormatException e)
            {
                Add(video, video.JsonOffset, e.Message.TrimEnd('.'));
                return null;
            }
        }

        private void Entry(VerifiedVideo video, string extension, long offset, long entryLength, string sha256, IContentCheck? content)
        {
            var entry = video.Id + extension;
            if (offset != position + Tar.Block)
            {
                Add(video, position, $"the catalog says that the content of {entry} starts at byte {offset}");
                if (offset < position + Tar.Block)
                {
                    return;
                }

                position = offset - Tar.Block;
            }

            var header = buffer.AsSpan(0, Tar.Block);
            if (!Read(header) || !header.SequenceEqual(Tar.Header(entry, entryLength)))
            {
                Add(video, position, $"the tar header of {entry} is not as it was written");
            }

            position += Tar.Block;
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            for (var left = entryLength; left > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var piece = buffer.AsSpan(0, (int)Math.Min(left, buffer.Length));
                if (!Read(piece))
                {
                    Add(video, position, $"the shard ends inside {entry}");
                    position = offset + entryLength + Tar.Padding(entryLength);
                    return;
                }

                hash.AppendData(piece);
                content?.Append(piece);
                position += piece.Length;
                left -= piece.Length;
                checkedBytes(piece.Length);
            }

            var problem = string.Equals(Convert.ToHexStringLower(hash.GetHashAndReset()), sha256, StringComparison.Ordinal)
                ? content?.Problem
                : "its SHA-256 is not the catalog's";
            if (problem is not null)
            {
                Add(video, offset, $"{entry} is damaged: {problem}");
            }

            var padding = buffer.AsSpan(0, Tar.Padding(entryLength));
            if (!Read(padding) || padding.ContainsAnyExcept((byte)0))
            {
                Add(video, position, $"the padding behind {entry} is not zero; the video itself is whole");
            }

            position += padding.Length;
            checkedBytes(Tar.Block + padding.Length);
        }

        private void CheckEnd()
        {
            if (position != length)
            {
                problems.Add(new StoreProblem(null, null, $"{name}, byte {position}", $"the catalog's entries end here, but its length of the shard is {length}"));
                return;
            }

            var end = buffer.AsSpan(0, Tar.EndLength);
            var fileLength = RandomAccess.GetLength(handle!);
            if (fileLength != length + Tar.EndLength || !Read(end) || end.ContainsAnyExcept((byte)0))
            {
                problems.Add(new StoreProblem(null, null, $"{name}, byte {position}",
                    "the archive does not end with 1024 zero bytes as it should; no video is damaged, and the next ingest mends it"));
            }
        }

        private bool Read(Span<byte> destination)
        {
            var offset = position;
            while (destination.Length > 0)
            {
                var read = RandomAccess.Read(handle!, destination, offset);
                if (read == 0)
                {
                    return false;
                }

                destination = destination[read..];
                offset += read;
            }

            return true;
        }

        private void Add(VerifiedVideo video, long offset, string what) => problems.Add(new StoreProblem(video.Id, video.Path, $"{name}, byte {offset}", what));
    }
}
