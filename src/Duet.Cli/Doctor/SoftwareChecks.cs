using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Duet.Data.Media;
using Duet.Learning.Native;

namespace Duet.Cli.Doctor;

/// <summary>The software that Duet stands on: ffmpeg, libstdc++, libtorch.</summary>
internal static class SoftwareChecks
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>What <c>ingest</c> reads most often, and what it and <c>demo</c> write.</summary>
    private static readonly string[] WantedCodecs = ["h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "aac", "mp3", "opus", "vorbis"];

    /// <summary>All of them.</summary>
    public static async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        var findings = new List<Finding>
        {
            await ToolAsync("ffmpeg", cancellationToken).ConfigureAwait(false),
            await ToolAsync("ffprobe", cancellationToken).ConfigureAwait(false),
        };
        if (findings[0].Status == FindingStatus.Good && MediaTools.Locate("ffmpeg") is { } ffmpeg)
        {
            findings.Add(await CodecsAsync(ffmpeg, cancellationToken).ConfigureAwait(false));
        }

        findings.Add(StandardLibrary());
        findings.AddRange(Torch(TorchReport.Create()));
        return findings;
    }

    /// <summary>The codecs of <c>ffmpeg -codecs</c> that can't be decoded.</summary>
    internal static IReadOnlyList<string> MissingDecoders(string codecs)
    {
        // " DEV.L. h264   H.264 / AVC ...": the first letter says that it decodes.
        var decoded = codecs.Split('\n')
            .Select(line => line.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length >= 2 && words[0].Length == 6 && words[0][0] == 'D')
            .Select(words => words[1])
            .ToHashSet(StringComparer.Ordinal);
        return [.. WantedCodecs.Where(c => !decoded.Contains(c))];
    }

    /// <summary>The newest <c>GLIBCXX_3.4.N</c> among a library's symbol versions, or null.</summary>
    internal static int? NewestVersion(ReadOnlySpan<byte> library)
    {
        int? newest = null;
        var prefix = "GLIBCXX_3.4."u8;
        for (var at = library.IndexOf(prefix); at >= 0; at = library.IndexOf(prefix))
        {
            library = library[(at + prefix.Length)..];
            var digits = library.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            if (digits is > 0 and < 6 && int.TryParse(library[..digits], CultureInfo.InvariantCulture, out var minor))
            {
                newest = Math.Max(newest ?? 0, minor);
            }
        }

        return newest;
    }

    private static IEnumerable<Finding> Torch(TorchReport report)
    {
        if (report.Error is { } error)
        {
            yield return new("libtorch", "can't be loaded", FindingStatus.Problem, $"{error} If libstdc++ is missing: sudo apt install libstdc++6 libgomp1.");
            yield break;
        }

        yield return new("libtorch", string.Create(CultureInfo.InvariantCulture, $"{report.Version}, {report.Threads} threads; {report.Cure}"));
        yield return report.CudaDevices > 0
            ? new("GPU", string.Create(CultureInfo.InvariantCulture, $"{report.CudaDevices} with CUDA"))
            : Gpu();
    }

    private static Finding Gpu() => File.Exists("/proc/driver/nvidia/version")
        ? new("GPU", "there is one, but this build of Duet carries libtorch for processors", FindingStatus.Warning, "Build with the GPU's libtorch: see docs/dependencies.md.")
        : new("GPU", "none; everything runs on the processor");

    private static Finding StandardLibrary()
    {
        if (!NativeLibrary.TryLoad("libstdc++.so.6", out _))
        {
            return new Finding("libstdc++", "not found", FindingStatus.Problem, "libtorch needs it: sudo apt install libstdc++6");
        }

        // The loader knows which file it took.
        var path = File.ReadLines("/proc/self/maps")
            .Select(line => line.IndexOf('/', StringComparison.Ordinal) is var slash and >= 0 ? line[slash..] : "")
            .FirstOrDefault(file => file.Contains("libstdc++.so.6", StringComparison.Ordinal));
        var newest = path is null ? null : NewestVersion(File.ReadAllBytes(path));
        return newest is null
            ? new Finding("libstdc++", $"of unknown version, {path}", FindingStatus.Warning, "Its symbol versions can't be read.")
            : new Finding("libstdc++", string.Create(CultureInfo.InvariantCulture, $"symbols up to GLIBCXX_3.4.{newest}, {path}"));
    }

    private static async Task<Finding> ToolAsync(string name, CancellationToken cancellationToken)
    {
        const string remedy = "Videos are read with it; stores that exist can be used without. To get it: sudo apt-get update && sudo apt-get install -y ffmpeg";
        var path = MediaTools.Locate(name);
        if (path is null)
        {
            return new Finding(name, "not on the PATH", FindingStatus.Problem, remedy);
        }

        var output = await OutputAsync(path, ["-version"], cancellationToken).ConfigureAwait(false);
        var words = output?.Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words is [_, "version", var version, ..]
            ? new Finding(name, $"{version}, {path}")
            : new Finding(name, $"{path} does not run", FindingStatus.Problem, remedy);
    }

    private static async Task<Finding> CodecsAsync(string ffmpeg, CancellationToken cancellationToken)
    {
        var output = await OutputAsync(ffmpeg, ["-hide_banner", "-codecs"], cancellationToken).ConfigureAwait(false) ?? "";
        var missing = MissingDecoders(output);
        if (!output.Contains("libx264", StringComparison.Ordinal))
        {
            return new Finding("codecs", "this ffmpeg can't write H.264 (libx264)", FindingStatus.Problem, "'duet demo' writes its videos with it. The distribution's own ffmpeg package has it.");
        }

        return missing.Count == 0
            ? new Finding("codecs", $"reads {string.Join(", ", WantedCodecs)}; writes h264")
            : new Finding("codecs", $"this ffmpeg can't decode {string.Join(", ", missing)}", FindingStatus.Warning, "Files of these codecs will be quarantined. The distribution's own ffmpeg package has them.");
    }

    /// <summary>What a tool prints, or null where it does not run to a good end.</summary>
    private static async Task<string?> OutputAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
                StandardOutputEncoding = Encoding.UTF8,
            },
        };
        try
        {
            process.Start();
            process.StandardInput.Close();
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token).ConfigureAwait(false);
            await error.ConfigureAwait(false);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return process.ExitCode == 0 ? output : null;
        }
        catch (Win32Exception)
        {
            return null; // not executable
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            return null; // hangs
        }
    }
}
