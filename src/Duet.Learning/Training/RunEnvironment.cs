using System.Reflection;
using System.Runtime.InteropServices;
using Duet.Learning.Models;
using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Training;

/// <summary>
/// What a run was made with: <c>environment.json</c>. The same recipe, store and environment give the same bits; another number of threads,
/// processor, precision or version of Duet, .NET or libtorch need not.
/// </summary>
public sealed record RunEnvironment
{
    /// <summary>The format's name and version.</summary>
    public string Format { get; init; } = "duet.environment/1";

    /// <summary>Duet's version.</summary>
    public required string Duet { get; init; }

    /// <summary>.NET's version.</summary>
    public required string Dotnet { get; init; }

    /// <summary>TorchSharp's version.</summary>
    public required string Torchsharp { get; init; }

    /// <summary>libtorch's version.</summary>
    public required string Libtorch { get; init; }

    /// <summary>The operating system.</summary>
    public required string System { get; init; }

    /// <summary>The processor's name.</summary>
    public required string Processor { get; init; }

    /// <summary>Its cores, as the system counts them.</summary>
    public required int Cores { get; init; }

    /// <summary>Its instructions for bf16.</summary>
    public required string CpuFeatures { get; init; }

    /// <summary>Threads of one operation.</summary>
    public required int Threads { get; init; }

    /// <summary><c>cpu</c> or <c>cuda:0</c>.</summary>
    public required string Device { get; init; }

    /// <summary><c>fp32</c> or <c>bf16</c>.</summary>
    public required string Precision { get; init; }

    /// <summary>Why this precision.</summary>
    public required string PrecisionReason { get; init; }

    /// <summary>How bf16 convolutions are computed: <see cref="ConvolutionPolicy.Name"/>. Versions of Duet that did not say so computed them directly.</summary>
    public string Convolutions { get; init; } = "direct";

    /// <summary>This process's environment.</summary>
    /// <param name="device">Where the networks run.</param>
    /// <param name="precision">What convolutions compute in.</param>
    /// <param name="reason">Why.</param>
    public static RunEnvironment Of(Device device, Precision precision, string reason)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new()
        {
            Duet = VersionOf(typeof(RunEnvironment)),
            Dotnet = Environment.Version.ToString(),
            Torchsharp = VersionOf(typeof(torch)),
            Libtorch = torch.__version__,
            System = RuntimeInformation.OSDescription,
            Processor = ProcessorName(),
            Cores = Environment.ProcessorCount,
            CpuFeatures = Native.CpuFeatures.Current.ToString(),
            Threads = get_num_threads(),
            Device = device.ToString().ToLowerInvariant(),
            Precision = precision.ToString().ToLowerInvariant(),
            PrecisionReason = reason,
            Convolutions = ConvolutionPolicy.NameOf(device.type, precision),
        };
    }

    /// <summary>What differs from another environment in a way that can change the last bits of a result.</summary>
    /// <param name="other">The other environment.</param>
    /// <returns>Clauses such as <c>threads: 2 -> 4</c>.</returns>
    public IReadOnlyList<string> DifferencesThatMatter(RunEnvironment other)
    {
        ArgumentNullException.ThrowIfNull(other);
        (string Name, string Here, string There)[] values =
        [
            ("duet", Duet, other.Duet), ("dotnet", Dotnet, other.Dotnet), ("torchsharp", Torchsharp, other.Torchsharp), ("libtorch", Libtorch, other.Libtorch),
            ("processor", Processor, other.Processor), ("cpu_features", CpuFeatures, other.CpuFeatures),
            ("threads", $"{Threads}", $"{other.Threads}"), ("device", Device, other.Device), ("precision", Precision, other.Precision), ("convolutions", Convolutions, other.Convolutions),
        ];
        return [.. values.Where(v => v.Here != v.There).Select(v => $"{v.Name}: {v.Here} -> {v.There}")];
    }

    /// <summary>What to tell before a run goes on in another environment.</summary>
    /// <param name="differences">What <see cref="DifferencesThatMatter"/> gave.</param>
    internal static string Warning(IReadOnlyList<string> differences) =>
        $"warning: resumed in another environment, so the result may differ in its last bits from that of an uninterrupted run: {string.Join("; ", differences)}";

    private static string VersionOf(Type type) =>
        (type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? type.Assembly.GetName().Version?.ToString() ?? "unknown").Split('+')[0];

    private static string ProcessorName()
    {
        const string Information = "/proc/cpuinfo";
        if (!File.Exists(Information))
        {
            return RuntimeInformation.ProcessArchitecture.ToString();
        }

        var line = File.ReadLines(Information).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal));
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
