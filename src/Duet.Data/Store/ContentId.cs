using System.Security.Cryptography;

namespace Duet.Data.Store;

/// <summary>A video's id: the first 32 hexadecimal digits of its file's SHA-256.</summary>
internal static class ContentId
{
    /// <summary>Reads a file and gives its id.</summary>
    public static async Task<string> OfAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1 << 20, FileOptions.SequentialScan);
        var hash = await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false);
        return Convert.ToHexStringLower(hash)[..StoreLayout.IdLength];
    }
}
