using System.Globalization;
using System.Text;

namespace Duet.Data.Store;

/// <summary>One ingest at a time per store. The system frees the lock when its process ends, however it ends.</summary>
internal sealed class StoreLock : IDisposable
{
    private readonly FileStream file;

    private StoreLock(FileStream file) => this.file = file;

    /// <summary>Takes the lock.</summary>
    /// <exception cref="StoreException">Somebody else has it.</exception>
    public static StoreLock Take(string store)
    {
        var path = Path.Combine(store, StoreLayout.LockName);
        FileStream opened;
        try
        {
            opened = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (!Files.FileWriteException.IsDiskFull(e) && File.Exists(path) && Holder(path) is { } holder)
        {
            throw new StoreException($"Another ingest ({holder}) is writing to '{store}'. Wait until it has ended.", e);
        }

        opened.SetLength(0);
        opened.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} on {Environment.MachineName}")));
        opened.Flush();
        return new StoreLock(opened);
    }

    /// <summary>Makes sure that no ingest is writing, and that none starts before the result is disposed of.</summary>
    /// <returns>Something to dispose of; null where there never was an ingest, or the folder can't be written anyway.</returns>
    /// <exception cref="StoreException">An ingest is writing.</exception>
    public static IDisposable? RequireNobody(string store)
    {
        var path = Path.Combine(store, StoreLayout.LockName);
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception e) when (e is FileNotFoundException or UnauthorizedAccessException)
        {
            return null;
        }
        catch (IOException e)
        {
            throw new StoreException($"An ingest ({Holder(path) ?? "unknown process"}) is writing to '{store}'. Wait until it has ended.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private static string? Holder(string path)
    {
        try
        {
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            return reader.ReadLine() ?? "unknown process";
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }
}
