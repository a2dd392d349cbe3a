using Duet.Data.Files;

namespace Duet.Tests.Shared.Files;

/// <summary>How a call fails.</summary>
public enum Fault
{
    /// <summary>The disk is full: the n-th call and all after it fail; a write takes a part of its bytes first.</summary>
    NoSpace,

    /// <summary>An error of the device, once.</summary>
    Error,

    /// <summary>A write takes half of its bytes and says nothing. Other calls do nothing and say so.</summary>
    ShortWrite,
}

/// <summary>Real files of which the n-th call, writes and deletions included, fails.</summary>
public sealed class FaultyFiles(int failAt, Fault fault = Fault.NoSpace) : IDurableFiles
{
    private const int InputOutput = 5;
    private const int NoSpaceLeft = 28;

    public int Calls { get; private set; }

    public bool Failed => Calls >= failAt;

    private bool Fails => fault == Fault.NoSpace ? Failed : Calls == failAt;

    public Stream Open(string path, FileMode mode)
    {
        Count();
        return new FaultyStream(this, DurableFiles.Instance.Open(path, mode));
    }

    public void FlushToDisk(Stream stream)
    {
        Count();
        DurableFiles.Instance.FlushToDisk(((FaultyStream)stream).Inner);
    }

    public void Rename(string from, string to)
    {
        Count();
        DurableFiles.Instance.Rename(from, to);
    }

    public void FlushFolder(string folder)
    {
        Count();
        DurableFiles.Instance.FlushFolder(folder);
    }

    public void Delete(string path)
    {
        if (fault != Fault.NoSpace)
        {
            Count(); // a full disk lets files be deleted
        }

        DurableFiles.Instance.Delete(path);
    }

    private void Count()
    {
        Calls++;
        if (Fails)
        {
            throw Exception();
        }
    }

    private IOException Exception() => fault == Fault.NoSpace ? new IOException("No space left on device", NoSpaceLeft) : new IOException("Input/output error", InputOutput);

    private sealed class FaultyStream(FaultyFiles files, Stream inner) : Stream
    {
        public Stream Inner => inner;

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => true;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => inner.Position = value;
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
            if (count == 0)
            {
                return;
            }

            files.Calls++;
            inner.Write(buffer, offset, files.Fails ? count / 2 : count);
            if (files.Fails && files.Fault != Fault.ShortWrite)
            {
                throw files.Exception();
            }
        }

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }

    private Fault Fault => fault;
}
