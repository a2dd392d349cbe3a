using System.Buffers;
using System.Security.Cryptography;

namespace Duet.Data.Store;

/// <summary>A video's id: the first 32 hexadecimal digits of its file's SHA-256.</summary>
internal static class ContentId
{
    private const int Piece = 1 << 17;

    /// <summary>Reads a file and gives its id.</summary>
    public static string Of(string path, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            var position = 0L;
            for (var read = RandomAccess.Read(file, buffer, position); read > 0; read = RandomAccess.Read(file, buffer, position))
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
