using Duet.Data.Store;
using Microsoft.Win32.SafeHandles;

namespace Duet.Data.Files;

/// <summary>
/// Opens files that may be a stranger's. Under the name of a file there may be a named pipe, on which to wait for ever, a link to a device that never ends, gigabytes where kilobytes belong, or,
/// where Duet writes, a link to a file of the user's that is nobody's business.
/// </summary>
public static class RegularFile
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

    /// <summary>Opens a file for reading; it can seek.</summary>
    /// <param name="path">The file, or a link to it.</param>
    /// <param name="share">What others may do with it.</param>
    /// <param name="bufferSize">Bytes.</param>
    /// <exception cref="IOException">It is not there, no file, or can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Permissions.</exception>
    public static FileStream OpenRead(string path, FileShare share = FileShare.Read, int bufferSize = 4096)
    {
        RefuseSpecial(path);
        return new FileStream(path, FileMode.Open, FileAccess.Read, share, bufferSize);
    }

    /// <summary>Opens a file for reading at any place.</summary>
    /// <param name="path">The file, or a link to it.</param>
    /// <param name="share">What others may do with it.</param>
    /// <param name="options">How it will be read.</param>
    /// <exception cref="IOException">It is not there, no file, or can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Permissions.</exception>
    public static SafeFileHandle OpenHandle(string path, FileShare share = FileShare.Read, FileOptions options = FileOptions.None)
    {
        RefuseSpecial(path);
        return File.OpenHandle(path, FileMode.Open, FileAccess.Read, share, options);
    }

    /// <summary>Opens a file of Duet's own to write into it as it stands.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mode">Whether it may, or must, be there.</param>
    /// <param name="share">What others may do with it.</param>
    /// <param name="bufferSize">Bytes.</param>
    /// <exception cref="IOException">It is a link, no file, or can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">Permissions.</exception>
    public static FileStream OpenOwn(string path, FileMode mode, FileShare share, int bufferSize = 4096)
    {
        RefuseLink(path);
        RefuseSpecial(path);
        return new FileStream(path, mode, mode == FileMode.Append ? FileAccess.Write : FileAccess.ReadWrite, share, bufferSize);
    }

    /// <summary>Puts a short text into the place of a file, or of a link: what that leads to is not touched.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">Its text.</param>
    /// <exception cref="IOException">It can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Permissions.</exception>
    public static void Replace(string path, string text)
    {
        File.Delete(path);
        using var writer = new StreamWriter(new FileStream(path, FileMode.CreateNew, FileAccess.Write)); // which follows no link
        writer.Write(text);
    }

    /// <summary>Refuses a link where Duet writes or deletes: what it leads to is somebody's.</summary>
    /// <param name="path">A file or a folder.</param>
    /// <exception cref="IOException">It is one.</exception>
    public static void RefuseLink(string path)
    {
        if (new FileInfo(path).LinkTarget is { } target)
        {
            throw new IOException($"it is a link to '{target}', and Duet writes through no link");
        }
    }

    /// <summary>Refuses what is there and is no file: to open a named pipe is to wait.</summary>
    /// <param name="path">The file, or a link to it; it may be missing.</param>
    /// <exception cref="IOException">It is none.</exception>
    /// <exception cref="UnauthorizedAccessException">Permissions.</exception>
    public static void RefuseSpecial(string path)
    {
        try
        {
            _ = FileStamp.Of(path);
        }
        catch (FileNotFoundException)
        {
            // Whoever opens it says so, or makes it.
        }
    }
}
