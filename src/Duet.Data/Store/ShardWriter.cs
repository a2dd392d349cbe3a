using System.Security.Cryptography;
using Duet.Data.Files;

namespace Duet.Data.Store;

/// <summary>Where an entry's content lies, and what it is.</summary>
/// <param name="Offset">Byte offset in the shard.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Sha256">Hexadecimal.</param>
internal sealed record StoredEntry(long Offset, long Length, string Sha256);

/// <summary>
/// Appends entries to tar shards. What lies behind a shard's committed length is not yet part of the store: it is cut
/// off by <see cref="Recover"/> after a crash, and by <see cref="Rollback"/> after an error.
/// </summary>
/// <param name="files">The file operations.</param>
/// <param name="store">The store's folder.</param>
/// <param name="fullAt">From which length on a shard takes no more, bytes.</param>
internal sealed class ShardWriter(IDurableFiles files, string store, long fullAt) : IDisposable
{
    private readonly SortedDictionary<int, long> committed = [];
    private readonly byte[] buffer = new byte[1 << 18];
    private Stream? stream;
    private int number;
    private long end;
    private bool created;

    /// <summary>Every shard's length up to which it holds entries, as of the last <see cref="Flush"/>.</summary>
    public SortedDictionary<int, long> Lengths { get; } = [];

    /// <summary>The number of the shard that the last entry went into.</summary>
    public int Number => number;

    /// <summary>Brings the shards to the state that the catalog knows.</summary>
    /// <param name="lengths">The catalog's lengths.</param>
    /// <exception cref="StoreException">A shard lost bytes that the catalog knows.</exception>
    public void Recover(IReadOnlyDictionary<int, long> lengths)
    {
        RegularFile.RefuseLink(StoreLayout.Shards(store));
        Directory.CreateDirectory(StoreLayout.Shards(store));
        foreach (var (shard, length) in lengths)
        {
            var path = StoreLayout.Shard(store, shard);
            var there = File.Exists(path);
            if (!there || RegularFile.Length(path) < length)
            {
                throw new StoreException(
                    $"The shard '{path}' is {(there ? "shorter than the catalog says" : "missing")}. See what is lost with: duet store verify {store}");
            }

            if (!EndsWell(path, length))
            {
                using var torn = files.Open(path, FileMode.Open);
                End(torn, length);
            }

            committed[shard] = length;
            Lengths[shard] = length;
        }

        number = committed.Count == 0 ? 0 : committed.Keys.Last();
        end = committed.GetValueOrDefault(number);
        DropUncommitted();
    }

    /// <summary>Makes sure that the next entries of one video lie in one shard.</summary>
    /// <param name="space">Bytes that they take, about.</param>
    public void Begin(long space)
    {
        if (end > 0 && end + space > fullAt)
        {
            Flush();
            Close();
            number++;
            end = 0;
        }
    }

    /// <summary>Appends one entry.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="length">Length of its content.</param>
    /// <param name="content">The content, piece by piece: fills the buffer, returns how much.</param>
    public StoredEntry Append(string name, long length, Func<byte[], int> content)
    {
        var target = OpenShard();
        target.Position = end;
        target.Write(Tar.Header(name, length));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var written = 0L;
        for (var read = content(buffer); read > 0; read = content(buffer))
        {
            written += read;
            if (written > length)
            {
                break;
            }

            hash.AppendData(buffer, 0, read);
            target.Write(buffer, 0, read);
        }

        if (written != length)
        {
            throw new InvalidOperationException($"Entry {name} has {written} bytes, not the {length} that were announced.");
        }

        target.Write(new byte[Tar.Padding(length)]);
        var entry = new StoredEntry(end + Tar.Block, length, Convert.ToHexStringLower(hash.GetHashAndReset()));
        end += Tar.Space(length);
        return entry;
    }

    /// <summary>Ends the archive and returns when all of it is on the disk.</summary>
    public void Flush()
    {
        if (stream is null)
        {
            return;
        }

        End(stream, end);
        if (created)
        {
            files.FlushFolder(StoreLayout.Shards(store));
            created = false;
        }

        Lengths[number] = end;
    }

    /// <summary>Says that the catalog knows the lengths of the last <see cref="Flush"/>.</summary>
    public void Committed()
    {
        foreach (var (shard, length) in Lengths)
        {
            committed[shard] = length;
        }
    }

    /// <summary>Takes back what the catalog does not know, as far as the disk still lets it; <see cref="Recover"/> does the rest next time.</summary>
    public void Rollback()
    {
        try
        {
            Close();
            foreach (var (shard, length) in committed.Where(shard => !EndsWell(StoreLayout.Shard(store, shard.Key), shard.Value)))
            {
                using var torn = files.Open(StoreLayout.Shard(store, shard), FileMode.Open);
                End(torn, length);
            }

            DropUncommitted();
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            // The error that led here is the one to report. The tail is cut off when the next ingest starts.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private static bool EndsWell(string path, long length)
    {
        using var file = RegularFile.OpenRead(path, FileShare.ReadWrite);
        if (file.Length != length + Tar.EndLength)
        {
            return false;
        }

        var tail = new byte[Tar.EndLength];
        file.Position = length;
        file.ReadExactly(tail);
        return !tail.AsSpan().ContainsAnyExcept((byte)0);
    }

    private void End(Stream shard, long length)
    {
        shard.Position = length;
        shard.Write(new byte[Tar.EndLength]);
        shard.SetLength(length + Tar.EndLength);
        files.FlushToDisk(shard);
    }

    private Stream OpenShard()
    {
        if (stream is null)
        {
            created = !committed.ContainsKey(number);
            stream = files.Open(StoreLayout.Shard(store, number), created ? FileMode.Create : FileMode.Open);
        }

        return stream;
    }

    /// <summary>A shard with a number behind the last that the catalog knows was begun and never became part of the store.</summary>
    private void DropUncommitted()
    {
        var next = committed.Count == 0 ? 0 : committed.Keys.Last() + 1;
        while (File.Exists(StoreLayout.Shard(store, next)))
        {
            files.Delete(StoreLayout.Shard(store, next++));
        }
    }

    private void Close()
    {
        stream?.Dispose();
        stream = null;
    }
}
