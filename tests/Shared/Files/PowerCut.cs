using Duet.Data.Files;

namespace Duet.Tests.Shared.Files;

/// <summary>What of the unflushed is on the disk after a power cut.</summary>
public enum Lost
{
    /// <summary>Nothing is lost: the process was killed, and the system lives.</summary>
    Nothing,

    /// <summary>Everything that was not flushed, names and contents.</summary>
    Everything,

    /// <summary>New names are there, and what they name is empty where it was not flushed: what some file systems do.</summary>
    Contents,
}

/// <summary>
/// Real files, with a book of what is on the disk for certain: the content at the last flush of a file, the names at the last flush of their
/// folder. At the n-th call the power goes; <see cref="Restart"/> then leaves in the folder what a disk would hold.
/// </summary>
public sealed class PowerCut : IDurableFiles
{
    private readonly string root;
    private readonly int cutAt;
    private readonly Dictionary<string, Node> live = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Node> disk;

    /// <summary>Starts the book with what a folder holds.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="cutAt">The call, from 1, at which the power goes.</param>
    public PowerCut(string root, int cutAt)
    {
        this.root = root;
        this.cutAt = cutAt;
        if (Directory.Exists(root))
        {
            foreach (var file in Directory.GetFiles(root, "*", SearchOption.AllDirectories))
            {
                live[file] = new Node { Flushed = File.ReadAllBytes(file) };
            }
        }

        disk = new(live, StringComparer.Ordinal);
    }

    public int Calls { get; private set; }

    public bool IsCut => Calls >= cutAt;

    public Stream Open(string path, FileMode mode)
    {
        Count();
        var stream = DurableFiles.Instance.Open(path, mode);
        live.TryAdd(path, new Node());
        return new CountedStream(this, stream, live[path]);
    }

    public void FlushToDisk(Stream stream)
    {
        Count();
        var counted = (CountedStream)stream;
        DurableFiles.Instance.FlushToDisk(counted.Inner);
        counted.Node.Flushed = counted.Content();
    }

    public void Rename(string from, string to)
    {
        Count();
        DurableFiles.Instance.Rename(from, to);
        live.Remove(from, out var node);
        live[to] = node!;
    }

    public void FlushFolder(string folder)
    {
        Count();
        foreach (var path in live.Keys.Concat(disk.Keys).Where(p => Path.GetDirectoryName(p) == folder).ToArray())
        {
            Keep(path);
        }
    }

    public void Delete(string path)
    {
        if (!IsCut) // what runs after the cut, as the code is unwound, does nothing
        {
            Calls++;
            if (!IsCut)
            {
                DurableFiles.Instance.Delete(path);
                live.Remove(path);
            }
        }
    }

    /// <summary>Leaves in the folder what the disk holds.</summary>
    public void Restart(Lost lost)
    {
        if (lost == Lost.Nothing)
        {
            return;
        }

        if (lost == Lost.Contents)
        {
            foreach (var path in live.Keys.Concat(disk.Keys).ToArray())
            {
                Keep(path);
            }
        }

        foreach (var path in live.Keys.Except(disk.Keys, StringComparer.Ordinal))
        {
            File.Delete(path);
        }

        foreach (var (path, node) in disk.Where(d => d.Key.StartsWith(root, StringComparison.Ordinal)))
        {
            File.WriteAllBytes(path, node.Flushed);
        }
    }

    private void Keep(string path)
    {
        if (live.TryGetValue(path, out var node))
        {
            disk[path] = node;
        }
        else
        {
            disk.Remove(path);
        }
    }

    private void Count()
    {
        if (IsCut || ++Calls >= cutAt)
        {
            throw new PowerCutException();
        }
    }

    private sealed class Node
    {
        public byte[] Flushed { get; set; } = [];
    }

    private sealed class CountedStream(PowerCut files, Stream inner, Node node) : Stream
    {
        public Stream Inner => inner;

        public Node Node => node;

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => true;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => inner.Position = value;
        }

        public byte[] Content()
        {
            var at = inner.Position;
            var bytes = new byte[inner.Length];
            inner.Position = 0;
            inner.ReadExactly(bytes);
            inner.Position = at;
            return bytes;
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

        public override void SetLength(long value)
        {
            files.Count();
            inner.SetLength(value);
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            files.Count();
            inner.Write(buffer, offset, count);
        }

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}

/// <summary>The process is gone: nothing under test may take this for an error that it can answer.</summary>
public sealed class PowerCutException() : Exception("the power went");
