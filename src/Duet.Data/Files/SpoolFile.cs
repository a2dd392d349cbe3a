namespace Duet.Data.Files;

/// <summary>
/// A file that only this run needs. Nothing here waits for the disk, as <see cref="AtomicFile"/> does: after a crash the spool folder is emptied, and what lies there is up to gigabytes.
/// </summary>
internal static class SpoolFile
{
    /// <summary>Puts what is made of a file in its place.</summary>
    /// <param name="path">The file; the new one grows beside it, under a name that begins with its own.</param>
    /// <param name="write">Reads the one and writes the other.</param>
    public static void Rewrite(string path, Action<Stream, Stream> write)
    {
        var whole = path + ".whole";
        try
        {
            using (var from = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0))
            using (var to = new FileStream(whole, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 20))
            {
                write(from, to);
            }

            File.Move(whole, path, overwrite: true);
        }
        finally
        {
            File.Delete(whole);
        }
    }
}
