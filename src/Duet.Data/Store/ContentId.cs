using System.Buffers;
using System.Security.Cryptography;

namespace Duet.Data.Store;

/// <summary>A video's id: the first 32 hexadecimal digits of its file's SHA-256.</summary>
internal static class ContentId
{
    private const int Piece = 1 << 17;

    /// <summary>Reads a file and gives its id.</summary>
    /// <param name="path">The file.</param>
    /// <param name="length">Bytes to read at most: what it had when it was looked at. One that grows while it is read has an end all the same.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static string Of(string path, long length, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            var position = 0L;
            while (position < length && RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(Piece, length - position)), position) is > 0 and var read)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, read);
                position += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..StoreLayout.IdLength];
    }
}
