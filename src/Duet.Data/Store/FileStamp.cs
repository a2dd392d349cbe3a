using Duet.Data.Native;

namespace Duet.Data.Store;

/// <summary>By what a file is known to be unchanged without reading it; of a link, those of the file that it leads to.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">Time of the last change, in units of 100 ns since the year 1, UTC.</param>
internal readonly record struct FileStamp(long Size, long Modified)
{
    /// <summary>A file's stamp. Nothing is opened: to open a named pipe is to wait.</summary>
    /// <exception cref="IOException">It is gone, or no file: a named pipe, a socket, a device.</exception>
    /// <exception cref="UnauthorizedAccessException">Its folder may not be entered.</exception>
    public static FileStamp Of(string path)
    {
        if (UnixFiles.IsSupported)
        {
            var (special, size, modified) = UnixFiles.Status(path);
            return special is null ? new FileStamp(size, modified) : throw new IOException($"it is {special}, not a file");
        }

        var file = new FileInfo(path);
        file = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
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

    /// <summary>Why a file can't be read, in a few words.</summary>
    /// <param name="path">The file.</param>
    /// <param name="error">What was thrown.</param>
    public static string Explain(string path, Exception error) => error switch
    {
        FileNotFoundException or DirectoryNotFoundException => TargetOf(path) is { } target
            ? $"it is a link to '{target}', which is not there"
            : path.Contains(FileNames.Replacement, StringComparison.Ordinal) ? $"there is no such file; {FileNames.NotUtf8}" : "it is not there any more",
        UnauthorizedAccessException => "there is no permission to read it",
        _ => error.Message.TrimEnd('.'),
    };

    private static string? TargetOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
