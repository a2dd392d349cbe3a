namespace Duet.Data.Store;

/// <summary>By what a file is known to be unchanged without reading it.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">Time of the last change, in units of 100 ns since the year 1, UTC.</param>
internal readonly record struct FileStamp(long Size, long Modified)
{
    /// <summary>A file's stamp.</summary>
    /// <exception cref="FileNotFoundException">It is gone.</exception>
    public static FileStamp Of(string path)
    {
        var file = new FileInfo(path);
        return new FileStamp(file.Length, file.LastWriteTimeUtc.Ticks);
    }

    /// <summary>A file's stamp; null where it can't be asked for.</summary>
    public static FileStamp? TryOf(string path)
    {
        try
        {
            return Of(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // reading it will say why
        }
    }
}
