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
    /// <param name="files">The file operations; the operating system's where null.</param>
    /// <exception cref="FileWriteException">The file can't be written; an old file of that name is untouched.</exception>
    public static void Write(string path, Action<Stream> write, IDurableFiles? files = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(write);
        files ??= DurableFiles.Instance;
        path = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(path)
            ?? throw new FileWriteException($"Can't write '{path}': it names a folder, not a file.");
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}{Suffix}");
        try
        {
            Directory.CreateDirectory(folder);
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
    /// <param name="files">The file operations; the operating system's where null.</param>
    public static void WriteAllBytes(string path, ReadOnlyMemory<byte> bytes, IDurableFiles? files = null) =>
        Write(path, stream => stream.Write(bytes.Span), files);

    /// <summary>Writes text as UTF-8 without a byte order mark.</summary>
    /// <inheritdoc cref="Write"/>
    /// <param name="path">Where; the folder is made where it is missing.</param>
    /// <param name="text">The content.</param>
    /// <param name="files">The file operations; the operating system's where null.</param>
    public static void WriteAllText(string path, string text, IDurableFiles? files = null) =>
        WriteAllBytes(path, Encoding.UTF8.GetBytes(text), files);

    /// <summary>Whether a name is one that <see cref="Write"/> leaves behind where the process is killed in the middle.</summary>
    /// <param name="fileName">A file's name without its folder.</param>
    public static bool IsLeftover(string fileName)
    {
        ArgumentNullException.ThrowIfNull(fileName);
        var parts = fileName.Split('.');
        return fileName.StartsWith('.') && fileName.EndsWith(Suffix, StringComparison.Ordinal)
            && parts.Length >= 4 && Guid.TryParseExact(parts[^2], "N", out _);
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
