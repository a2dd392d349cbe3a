namespace Duet.Data.Media;

/// <summary>Where ffmpeg and ffprobe are.</summary>
/// <param name="Ffmpeg">Path of the converter.</param>
/// <param name="Ffprobe">Path of the prober.</param>
public sealed record MediaTools(string Ffmpeg, string Ffprobe)
{
    /// <summary>Looks on the PATH.</summary>
    /// <exception cref="MediaToolsMissingException">One of them is not there.</exception>
    public static MediaTools Find() => new(
        Locate("ffmpeg") ?? throw new MediaToolsMissingException("ffmpeg"),
        Locate("ffprobe") ?? throw new MediaToolsMissingException("ffprobe"));

    /// <summary>
    /// Looks for a program on the PATH and nowhere else. A process that is started by a bare name is first looked for beside this program and in
    /// the working folder, where an archive may hold an <c>ffmpeg</c> of its own.
    /// </summary>
    /// <param name="name">The program, without an extension.</param>
    /// <returns>Its full path; null where it is not there.</returns>
    public static string? Locate(string name)
    {
        var file = OperatingSystem.IsWindows() ? name + ".exe" : name;
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.GetFullPath(Path.Combine(folder, file)))
            .FirstOrDefault(IsProgram);
    }

    private static bool IsProgram(string path) =>
        File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & Executable) != UnixFileMode.None);

    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
}

/// <summary>ffmpeg or ffprobe is not on the PATH.</summary>
/// <param name="tool">Which.</param>
public sealed class MediaToolsMissingException(string tool) : DuetException(
    $"{tool} is not on the PATH; videos are read with it. Install it with: sudo apt install ffmpeg");
