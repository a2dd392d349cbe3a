using System.Globalization;
using System.Runtime.InteropServices;
using Duet.Data;
using Duet.Learning.Models;
using Duet.Learning.Native;
using TorchSharp;

namespace Duet.Cli.Doctor;

/// <summary>The machine: system, runtime, processor, memory, disk.</summary>
internal static class MachineChecks
{
    private const double Gib = 1L << 30;
    private const double LeastMemory = 4 * Gib;
    private const double LeastDisk = 5 * Gib;

    private static readonly string[] ShownFeatures = ["avx2", "avx512f", "avx512_bf16", "amx_bf16"];

    /// <summary>All of them.</summary>
    public static IEnumerable<Finding> Run()
    {
        yield return new("system", $"{SystemName()}, kernel {Environment.OSVersion.Version}");
        yield return new(".NET", $"{Environment.Version} ({RuntimeInformation.RuntimeIdentifier})");
        yield return Processor(ReadText("/proc/cpuinfo"));
        yield return Bf16();
        yield return Threads();
        yield return Memory(ReadText("/proc/meminfo"), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        yield return Disk("disk, here", Environment.CurrentDirectory);
        yield return Disk("disk, temporary files", Path.TrimEndingDirectorySeparator(Path.GetTempPath()));
    }

    /// <summary>The model and those of its features that matter here.</summary>
    internal static Finding Processor(string cpuinfo)
    {
        var model = Line(cpuinfo, "model name") ?? RuntimeInformation.ProcessArchitecture.ToString();
        var flags = (Line(cpuinfo, "flags") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        var features = ShownFeatures.Select(f => flags.Contains(f) ? f : $"no {f}");
        return new Finding(
            "processor",
            $"{model}: {string.Join(", ", features)}",
            flags.Contains("avx2") ? FindingStatus.Good : FindingStatus.Warning,
            flags.Contains("avx2") ? null : "Without AVX2 libtorch's convolutions are several times slower; take a newer machine for training.");
    }

    /// <summary>What the process may use: the machine's memory or its container's limit, whichever is less.</summary>
    internal static Finding Memory(string meminfo, long limit)
    {
        var total = Math.Min(Kilobytes(meminfo, "MemTotal") ?? limit, limit);
        var available = Math.Min(Kilobytes(meminfo, "MemAvailable") ?? total, total);
        return new Finding(
            "memory",
            string.Create(CultureInfo.InvariantCulture, $"{total / Gib:0.0} GiB, {available / Gib:0.0} GiB of it free"),
            available < LeastMemory ? FindingStatus.Warning : FindingStatus.Good,
            available < LeastMemory ? "Full-size networks may not fit: take a narrow recipe (avts_small_cpu), a smaller training.batch, a smaller training.queue_mb." : null);
    }

    private static Finding Bf16()
    {
        try
        {
            var (precision, reason) = PrecisionPolicy.Resolve(Precision.Auto, DeviceType.CPU);
            var convolutions = precision == Precision.Bf16 ? $"; convolutions: {ConvolutionPolicy.Name}" : null;
            return new Finding("precision: auto", $"{precision.ToString().ToLowerInvariant()}: {reason}{convolutions}");
        }
        catch (UsageException exception)
        {
            return new Finding("precision: auto", exception.Message, FindingStatus.Problem, $"Unset {ConvolutionPolicy.Variable}, or set it to auto.");
        }
        catch (TorchUnavailableException)
        {
            // Why it can't be loaded, and what to do, is a finding of its own.
            return new Finding("precision: auto", "not known: libtorch can't be loaded", FindingStatus.Warning, "See libtorch below.");
        }
    }

    private static Finding Threads() => new("threads", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture));

    private static Finding Disk(string name, string path)
    {
        try
        {
            var free = new DriveInfo(path).AvailableFreeSpace;
            return new Finding(
                name,
                string.Create(CultureInfo.InvariantCulture, $"{free / Gib:0.0} GiB free at {path}"),
                free < LeastDisk ? FindingStatus.Warning : FindingStatus.Good,
                free < LeastDisk ? "Stores and checkpoints take room: free some, or keep them on another disk." : null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new Finding(name, $"unknown at {path}", FindingStatus.Warning, exception.Message);
        }
    }

    private static string SystemName() => Line(ReadText("/etc/os-release"), "PRETTY_NAME", '=')?.Trim('"') ?? "unknown distribution";

    private static long? Kilobytes(string meminfo, string key) =>
        long.TryParse(Line(meminfo, key)?.Split(' ')[0], CultureInfo.InvariantCulture, out var value) ? value * 1024 : null;

    private static string? Line(string text, string key, char separator = ':') => text.Split('\n')
        .Select(line => line.Split(separator, 2))
        .Where(parts => parts.Length == 2 && string.Equals(parts[0].Trim(), key, StringComparison.Ordinal))
        .Select(parts => parts[1].Trim())
        .FirstOrDefault();

    private static string ReadText(string path) => File.Exists(path) ? File.ReadAllText(path) : "";
}
