using System.Globalization;
using Duet.Learning.Native;
using TorchSharp;

namespace Duet.Learning.Models;

/// <summary>Turns a recipe's precision into the one that a run uses.</summary>
public static class PrecisionPolicy
{
    /// <summary>Below 1, so that a busy moment does not make one run unlike the next: where the instructions are real, bf16 is two to five times as fast.</summary>
    private const double LeastSpeedup = 0.7;

    /// <summary>What a recipe's precision means on a device.</summary>
    /// <param name="precision">The recipe's value.</param>
    /// <param name="device">Where the run computes.</param>
    /// <returns><see cref="Precision.Fp32"/> or <see cref="Precision.Bf16"/>, and a clause that says why, for the log.</returns>
    public static (Precision Precision, string Reason) Resolve(Precision precision, DeviceType device) => Resolve(precision, device, CpuFeatures.Current, () => Bf16Trial.Speedup);

    /// <summary>What a recipe's precision means to a process that goes on with what another began: the precision that was begun in, whatever a trial would say today.</summary>
    /// <param name="precision">The recipe's value; only one that asks for a precision changes it.</param>
    /// <param name="device">Where the run computes.</param>
    /// <param name="begun"><c>fp32</c> or <c>bf16</c>, as it was recorded; null where nothing was, or on another kind of device.</param>
    internal static (Precision Precision, string Reason) Resume(Precision precision, DeviceType device, string? begun) => Resume(precision, device, begun, CpuFeatures.Current, () => Bf16Trial.Speedup);

    internal static (Precision Precision, string Reason) Resume(Precision precision, DeviceType device, string? begun, CpuFeatures cpu, Func<double> speedup) =>
        precision == Precision.Auto && device == DeviceType.CPU && cpu.HasBf16 && Enum.TryParse<Precision>(begun, ignoreCase: true, out var recorded) && recorded != Precision.Auto
            ? (recorded, "the run began in it")
            : Resolve(precision, device, cpu, speedup);

    /// <summary>What result files and tables call a resolved precision.</summary>
    internal static string NameOf(Precision precision) => precision == Precision.Bf16 ? "bf16" : "fp32";

    internal static (Precision Precision, string Reason) Resolve(Precision precision, DeviceType device, CpuFeatures cpu, Func<double> speedup) => (precision, device) switch
    {
        (Precision.Fp32, _) => (Precision.Fp32, "the recipe asks for fp32"),
        (Precision.Bf16, DeviceType.CPU) when !cpu.HasBf16 => (Precision.Bf16, "the recipe asks for bf16, though this CPU emulates it slowly (no AVX512-BF16, no AMX)"),
        (Precision.Bf16, _) => (Precision.Bf16, "the recipe asks for bf16"),
        (_, DeviceType.CPU) when cpu.HasBf16 => Tried(speedup(), cpu.HasAmxBf16 ? "AMX" : "AVX512-BF16"),
        (_, DeviceType.CPU) => (Precision.Fp32, "this CPU has neither AVX512-BF16 nor AMX"),
        _ => (Precision.Fp32, "bf16 on a GPU is used only where the recipe asks for it"),
    };

    private static (Precision Precision, string Reason) Tried(double speedup, string instructions) => speedup > LeastSpeedup
        ? (Precision.Bf16, string.Create(CultureInfo.InvariantCulture, $"this CPU has {instructions}, and a trial convolution took {speedup:0.0} times as long in fp32"))
        : (Precision.Fp32, string.Create(CultureInfo.InvariantCulture, $"this CPU has {instructions}, but a trial convolution was slower in bf16 (x{speedup:0.00}); training.precision: bf16 overrides this"));
}
