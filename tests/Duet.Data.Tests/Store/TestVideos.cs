using System.Diagnostics;
using System.Globalization;
using Shouldly;

namespace Duet.Data.Tests.Store;

/// <summary>Makes small videos with ffmpeg's own sources.</summary>
internal static class TestVideos
{
    /// <summary>Moving pictures.</summary>
    public const string Moving = "testsrc=s=96x64:r=25:d={0}";

    /// <summary>A tone.</summary>
    public const string Tone = "sine=f=440:r=16000:d={0}";

    /// <summary>Makes a small video with moving pictures and a tone.</summary>
    public static void Make(string path, double seconds = 1.2, string pictures = Moving, string sound = Tone, params string[] encoding) =>
        Ffmpeg(
        [
            "-f", "lavfi", "-i", string.Format(CultureInfo.InvariantCulture, pictures, seconds),
            "-f", "lavfi", "-i", string.Format(CultureInfo.InvariantCulture, sound, seconds),
            .. encoding.Length > 0 ? encoding : ["-c:v", "mpeg4", "-q:v", "3", "-c:a", "aac"],
            path,
        ]);

    public static void Ffmpeg(params IEnumerable<string> arguments)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(arguments.Last())!);
        using var process = Process.Start(new ProcessStartInfo("ffmpeg", ["-nostdin", "-v", "error", "-y", .. arguments]) { RedirectStandardError = true, UseShellExecute = false })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, errors);
    }
}
