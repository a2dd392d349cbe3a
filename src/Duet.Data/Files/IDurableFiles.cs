namespace Duet.Data.Files;

/// <summary>
/// The few operations on which durable files rest. Everything that must survive a crash is written through them, so
/// that a test can let the n-th call fail, for every n.
/// </summary>
public interface IDurableFiles
{
    /// <summary>Opens a file for reading and writing.</summary>
    /// <param name="path">Where.</param>
    /// <param name="mode">Whether it must exist, must not exist, or is made where it is missing.</param>
    /// <returns>A seekable stream; the caller disposes of it.</returns>
    Stream Open(string path, FileMode mode);

    /// <summary>Returns when every byte written to the stream is on the disk (<c>fsync</c>).</summary>
    /// <param name="stream">A stream from <see cref="Open"/>.</param>
    void FlushToDisk(Stream stream);

    /// <summary>Gives a file another name in one step; a file that had the name is replaced.</summary>
    /// <param name="from">The present name.</param>
    /// <param name="to">The new name, on the same file system.</param>
    void Rename(string from, string to);

    /// <summary>Returns when the names in a folder are on the disk: a new or renamed file survives a power cut only then.</summary>
    /// <param name="folder">The folder.</param>
    void FlushFolder(string folder);

    /// <summary>Removes a file; one that does not exist is no error.</summary>
    /// <param name="path">Which.</param>
    void Delete(string path);
}
