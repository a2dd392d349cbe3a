namespace Duet.Data.Media;

/// <summary>Where ffmpeg and ffprobe are.</summary>
/// <param name="Ffmpeg">Path of the converter.</param>
/// <param name="Ffprobe">Path of the prober.</param>
public sealed record MediaTools(string Ffmpeg, string Ffprobe)
{
    /// <summary>Looks on the PATH.</summary>
    /// <exception cref="MediaToolsMissingException">One of them is not there.</exception>
    public static MediaTools Find() => new(Find("ffmpeg"), Find("ffprobe"));

    private static string Find(string name)
    {
        var file = OperatingSystem.IsWindows() ? name + ".exe" : name;
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists) ?? throw new MediaToolsMissingException(name);
    }
}

/// <summary>ffmpeg or ffprobe is not on the PATH.</summary>
/// <param name="tool">Which.</param>
public sealed class MediaToolsMissingException(string tool) : DuetException(
    $"{tool} is not on the PATH; videos are read with it. Install it with: sudo apt install ffmpeg");
