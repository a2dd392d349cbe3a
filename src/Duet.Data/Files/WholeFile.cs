using Duet.Data.Store;

namespace Duet.Data.Files;

/// <summary>
/// Reads small files whole. What a folder holds may be a stranger's: a link to a device that never ends, a named pipe that nobody writes into, a file of gigabytes
/// under the name of one of kilobytes.
/// </summary>
public static class WholeFile
{
    /// <summary>A file's text, UTF-8.</summary>
    /// <param name="path">The file, or a link to it.</param>
    /// <param name="most">Bytes that such a file has at most.</param>
    /// <exception cref="IOException">It is not there, no file, longer, or can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Permissions.</exception>
    public static string ReadAllText(string path, long most)
    {
        Check(path, most);
        return File.ReadAllText(path);
    }

    /// <summary>A file's bytes.</summary>
    /// <inheritdoc cref="ReadAllText"/>
    public static byte[] ReadAllBytes(string path, long most)
    {
        Check(path, most);
        return File.ReadAllBytes(path);
    }

    /// <summary>Refuses what is no file, or a longer one, without opening it.</summary>
    /// <inheritdoc cref="ReadAllText"/>
    public static void Check(string path, long most)
    {
        var length = Length(path);
        if (length > most)
        {
            throw new IOException($"it has {length:#,0} bytes, and such a file has at most {most:#,0}");
        }
    }

    /// <summary>A file's bytes; of a link, those of the file that it leads to.</summary>
    /// <exception cref="IOException">It is not there, or no file.</exception>
    /// <exception cref="UnauthorizedAccessException">Permissions.</exception>
    public static long Length(string path) => FileStamp.Of(path).Size;
}
