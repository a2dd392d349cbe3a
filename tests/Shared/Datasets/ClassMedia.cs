using System.Diagnostics;
using System.Globalization;

namespace Duet.Tests.Shared.Datasets;

/// <summary>Makes media whose class can be seen (the hue of moving pictures) and heard (a tone's pitch), each with content of its own.</summary>
internal static class ClassMedia
{
    /// <summary>Makes one.</summary>
    /// <param name="path">Where; the extension says of what kind.</param>
    /// <param name="number">The class's number, from 0.</param>
    /// <param name="take">Which one of the class.</param>
    /// <param name="seconds">Its length.</param>
    /// <param name="pictures">Whether it has pictures.</param>
    /// <param name="sound">Whether it has sound.</param>
    public static void Make(string path, int number, int take, double seconds, bool pictures, bool sound)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        List<string> arguments = ["-nostdin", "-v", "error", "-y"];
        if (pictures)
        {
            arguments.AddRange(["-f", "lavfi", "-i", string.Create(CultureInfo.InvariantCulture, $"testsrc2=s=80x64:r=25:d={seconds},hue=h={97 * number}:s=2,noise=alls=12:allf=t:all_seed={1000 + (37 * number) + take}")]);
        }

        if (sound)
        {
            arguments.AddRange(["-f", "lavfi", "-i", string.Create(CultureInfo.InvariantCulture, $"sine=f={300 + (400 * number) + (3 * take)}:r=16000:d={seconds}")]);
        }

        if (pictures)
        {
            arguments.AddRange(["-c:v", "mpeg4", "-q:v", "4"]);
        }

        if (pictures && sound)
        {
            arguments.AddRange(["-c:a", path.EndsWith(".avi", StringComparison.Ordinal) ? "pcm_s16le" : "aac"]);
        }

        using var process = Process.Start(new ProcessStartInfo("ffmpeg", [.. arguments, path]) { RedirectStandardError = true, UseShellExecute = false })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"ffmpeg can't make {path}: {errors}");
        }
    }

    /// <summary>A file of a miniature: playable, or empty.</summary>
    public static void Put(string root, string path, MiniatureOptions options, int number, int take, bool pictures, bool sound)
    {
        var full = Path.Combine(root, path);
        if (options.Playable)
        {
            Make(full, number, take, options.Seconds, pictures, sound);
        }
        else
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, "");
        }
    }

    /// <summary>Writes a list.</summary>
    public static void List(string root, string path, IEnumerable<string> lines, string end = "\n", bool endsOpen = false)
    {
        var full = Path.Combine(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, string.Join(end, lines) + (endsOpen ? "" : end));
    }
}
