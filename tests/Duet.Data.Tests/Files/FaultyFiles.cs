using Duet.Data.Files;

namespace Duet.Data.Tests.Files;

/// <summary>Real files of which the n-th call, writes included, fails as a full disk does; so do all after it.</summary>
public sealed class FaultyFiles(int failAt) : IDurableFiles
{
    public int Calls { get; private set; }

    public bool Failed => Calls >= failAt;

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

    public void Delete(string path) => DurableFiles.Instance.Delete(path);

    private void Count()
    {
        if (++Calls >= failAt)
        {
            throw new IOException("No space left on device", 28);
        }
    }

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
            try
            {
                files.Count();
            }
            catch (IOException)
            {
                inner.Write(buffer, offset, count / 2); // a full disk takes a part
                throw;
            }

            inner.Write(buffer, offset, count);
        }

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
