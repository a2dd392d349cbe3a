using Duet.Data;
using Duet.Learning.Native;
using TorchSharp;

namespace Duet.Learning.Models;

/// <summary>
/// How bf16 convolutions are computed on this CPU: by Winograd's short products or directly by oneDNN. Short products round more than a plain convolution in bf16 does: in gradients and in
/// evaluation that does not show, and in training's own pass, where it would, they are rounded with more care (<see cref="Winograd.CarriedRounding"/>; docs/models.md has the figures). A
/// property of the machine and not of a timing, so that a run gives the same bits again; the environment variable <see cref="Variable"/> overrides it.
/// </summary>
public static class ConvolutionPolicy
{
    /// <summary>The environment variable: <c>auto</c>, <c>direct</c>, <c>mixed</c> or <c>winograd</c>.</summary>
    public const string Variable = "DUET_CONVOLUTIONS";

    private static readonly Lazy<Kind> Chosen = new(() => Resolve(Environment.GetEnvironmentVariable(Variable), CpuFeatures.Current, () => MatrixKernel.IsAvailable));

    /// <summary>What is computed how.</summary>
    internal enum Kind
    {
        /// <summary>Everything by oneDNN.</summary>
        Direct,

        /// <summary>Gradients, and networks whose normalisation is folded, by short products, gradients of weights over time by plain products of Duet's; training's own pass by oneDNN.</summary>
        Mixed,

        /// <summary>Training's own pass by short products too.</summary>
        Winograd,
    }

    /// <summary>What is used: <c>direct</c>, <c>mixed</c> (short products except in training's own pass) or <c>winograd</c> (there too).</summary>
    /// <exception cref="UsageException">The environment variable has another value, or asks for what this machine has not.</exception>
    public static string Name => Current.ToString().ToLowerInvariant();

    /// <summary>The same for a device and a precision: only bf16 on a CPU has a choice.</summary>
    /// <param name="device">Where the networks run.</param>
    /// <param name="precision">What convolutions compute in, resolved.</param>
    /// <exception cref="UsageException">As for <see cref="Name"/>.</exception>
    public static string NameOf(DeviceType device, Precision precision) => device == DeviceType.CPU && precision == Precision.Bf16 ? Name : nameof(Kind.Direct).ToLowerInvariant();

    internal static Kind Current => Chosen.Value;

    /// <summary>What a value of the variable means; on matrix tiles (AMX) plain products are so fast that the transforms, which memory holds back, were not tried against them.</summary>
    internal static Kind Resolve(string? value, CpuFeatures cpu, Func<bool> available) => value switch
    {
        null or "" or "auto" => cpu is { HasAvx512Bf16: true, HasAmxBf16: false } && available() ? Kind.Winograd : Kind.Direct,
        "direct" => Kind.Direct,
        "mixed" => Available(value, available, Kind.Mixed),
        "winograd" => Available(value, available, Kind.Winograd),
        _ => throw new UsageException($"{Variable} is '{value}': it can be auto, direct, mixed or winograd."),
    };

    private static Kind Available(string value, Func<bool> available, Kind kind) => available()
        ? kind
        : throw new UsageException($"{Variable} is {value}, but this processor or this libtorch lacks the bf16 products that it needs (AVX512-BF16), or ONEDNN_MAX_CPU_ISA forbids them: leave {Variable} unset.");
}
