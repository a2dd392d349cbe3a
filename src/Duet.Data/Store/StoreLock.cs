using System.Globalization;
using Duet.Data.Files;

namespace Duet.Data.Store;

/// <summary>
/// One ingest at a time per store. The system frees the lock when its process ends, however it ends. Who has it stands in a
/// second file, since a locked one can't be read.
/// </summary>
internal sealed class StoreLock : IDisposable
{
    private readonly FileStream file;

    private StoreLock(FileStream file) => this.file = file;

    /// <summary>Takes the lock.</summary>
    /// <exception cref="StoreException">Somebody else has it.</exception>
    public static StoreLock Take(string store)
    {
        FileStream opened;
        try
        {
            opened = RegularFile.OpenOwn(Path.Combine(store, StoreLayout.LockName), FileMode.OpenOrCreate, FileShare.None);
        }
        catch (IOException e) when (e.HResult == WouldBlock || IsSharingViolation(e))
        {
            throw new StoreException($"Another ingest ({Holder(store)}) is writing to '{store}'. Wait until it has ended.", e);
        }

        try
        {
            RegularFile.Replace(
                Path.Combine(store, StoreLayout.HolderName),
                string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} on {Environment.MachineName}"));
            return new StoreLock(opened);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Makes sure that no ingest is writing, and that none starts before the result is disposed of.</summary>
    /// <returns>Something to dispose of; null where there never was an ingest, or the folder can't be written anyway.</returns>
    /// <exception cref="StoreException">An ingest is writing.</exception>
    public static IDisposable? RequireNobody(string store)
    {
        try
        {
            return RegularFile.OpenRead(Path.Combine(store, StoreLayout.LockName));
        }
        catch (Exception e) when (e is FileNotFoundException or UnauthorizedAccessException)
        {
            return null;
        }
        catch (IOException e) when (e.HResult == WouldBlock || IsSharingViolation(e))
        {
            throw new StoreException($"An ingest ({Holder(store)}) is writing to '{store}'. Wait until it has ended.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private const int WouldBlock = 11;
    private const int LongestHolder = 4096; // bytes

    private static bool IsSharingViolation(IOException e) => !FileWriteException.IsDiskFull(e) && e.HResult == unchecked((int)0x80070020);

    private static string Holder(string store)
    {
        try
        {
            return RegularFile.ReadAllText(Path.Combine(store, StoreLayout.HolderName), LongestHolder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "of an unknown process"; // it has only just begun, or belongs to somebody else
        }
    }
}
