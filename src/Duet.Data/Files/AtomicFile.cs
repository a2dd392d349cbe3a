using System.Text;

namespace Duet.Data.Files;

/// <summary>
/// Writes a file that is there either whole or not at all, whatever happens in between: to a temporary name in the
/// same folder, flushed to the disk, renamed over the old one, and the folder's names flushed too.
/// </summary>
public static class AtomicFile
{
    private const string Suffix = ".tmp";

    /// <summary>Writes a file.</summary>
    /// <param name="path">Where; the folder is made where it is missing.</param>
    /// <param name="write">Writes the content; the stream can seek.</param>
    /// <exception cref="FileWriteException">The file can't be written; an old file of that name is untouched.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(write);
        var files = DurableFiles.Current;
        path = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(path)
            ?? throw new FileWriteException($"Can't write '{path}': it names a folder, not a file.");
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}{Suffix}");
        try
        {
            DurableFiles.MakeFolder(folder);
            using (var stream = files.Open(temporary, FileMode.CreateNew))
            {
                write(stream);
                files.FlushToDisk(stream);
            }

            files.Rename(temporary, path);
            files.FlushFolder(folder);
        }
        catch (Exception e)
        {
            TryDelete(files, temporary);
            if (FileWriteException.Explains(e))
            {
                throw FileWriteException.For(path, e);
            }

            throw;
        }
    }

    /// <summary>Writes bytes.</summary>
    /// <inheritdoc cref="Write"/>
    /// <param name="path">Where; the folder is made where it is missing.</param>
    /// <param name="bytes">The content.</param>
    public static void WriteAllBytes(string path, ReadOnlyMemory<byte> bytes) => Write(path, stream => stream.Write(bytes.Span));

    /// <summary>Writes text as UTF-8 without a byte order mark.</summary>
    /// <inheritdoc cref="Write"/>
    /// <param name="path">Where; the folder is made where it is missing.</param>
    /// <param name="text">The content.</param>
    public static void WriteAllText(string path, string text) => WriteAllBytes(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Whether a name is one that <see cref="Write"/> leaves behind where the process is killed in the middle.</summary>
    /// <param name="fileName">A file's name without its folder.</param>
    public static bool IsLeftover(string fileName)
    {
        ArgumentNullException.ThrowIfNull(fileName);
        var parts = fileName.Split('.');
        return fileName.StartsWith('.') && fileName.EndsWith(Suffix, StringComparison.Ordinal)
            && parts.Length >= 4 && Guid.TryParseExact(parts[^2], "N", out _);
    }

    /// <summary>Removes what killed processes left behind in a folder; what a living process still writes is locked and stays.</summary>
    /// <param name="folder">The folder; one that does not exist holds nothing.</param>
    /// <param name="of">The name of the file that they were to become; null for any.</param>
    public static void RemoveLeftovers(string folder, string? of = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var file in Directory.EnumerateFiles(folder, $".{of ?? "*"}.*{Suffix}").Where(f => IsLeftover(Path.GetFileName(f))))
        {
            try
            {
                // The writer holds its file open; without it, the exclusive lock is free.
                using var held = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                File.Delete(file);
            }
            catch (Exception e) when (FileWriteException.Explains(e))
            {
                // In use, or gone already: another process's matter.
            }
        }
    }

    private static void TryDelete(IDurableFiles files, string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            // The first error is the one to report; a leftover has a name that says what it is.
        }
    }
}
