using Duet.Data.Files;

namespace Duet.Data.Media;

/// <summary>
/// A name for a file that is safe to print. ffmpeg prints its input's name as it is, and what follows a line break in it would look like a message of ffmpeg's own;
/// such a file is opened through a link with a plain name.
/// </summary>
internal sealed class PlainName : IDisposable
{
    private const int LongestExtension = 8;

    private readonly bool isLink;

    private PlainName(string path, bool isLink)
    {
        Path = path;
        this.isLink = isLink;
    }

    /// <summary>What to open.</summary>
    public string Path { get; }

    /// <summary>Finds a file's plain name.</summary>
    /// <param name="path">Its full path.</param>
    /// <param name="folder">Where a link may be made.</param>
    /// <param name="name">What to call it, without the extension, from which ffmpeg takes hints.</param>
    /// <returns>Null where it needs a link and the disk keeps none: FAT, some network mounts.</returns>
    public static PlainName? TryFor(string path, string folder, string name)
    {
        if (!path.Any(char.IsControl))
        {
            return new PlainName(path, isLink: false);
        }

        var extension = System.IO.Path.GetExtension(path);
        var plain = extension.Length <= LongestExtension && extension.Skip(1).All(char.IsAsciiLetterOrDigit) ? extension : "";
        var link = System.IO.Path.Combine(folder, $"{name}.in{plain}");
        try
        {
            File.CreateSymbolicLink(link, path);
            return new PlainName(link, isLink: true);
        }
        catch (Exception e) when (FileWriteException.Explains(e) && !FileWriteException.IsDiskFull(e))
        {
            return null;
        }
    }

    /// <summary>Removes the link, if there is one.</summary>
    public void Dispose()
    {
        if (isLink)
        {
            File.Delete(Path);
        }
    }
}
