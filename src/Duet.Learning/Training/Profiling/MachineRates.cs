using System.Diagnostics;
using Duet.Learning.Models;
using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Training.Profiling;

/// <summary>What nothing on a machine can be faster than: plain products of large matrices and plain copies of memory.</summary>
/// <param name="Bf16Flops">Floating-point operations a second of a product of bf16 matrices, two for each multiply-add.</param>
/// <param name="Fp32Flops">Of fp32 matrices.</param>
/// <param name="CopyBytes">Bytes a second that arrive when memory far beyond the caches is copied; as many are read.</param>
public sealed record MachineRates(double Bf16Flops, double Fp32Flops, double CopyBytes)
{
    private const long Size = 2048;
    private const long CopiedFloats = 32 << 20; // 128 MiB: far beyond the caches
    private const int Repeats = 5;

    /// <summary>The matrix products' rate in a precision.</summary>
    /// <param name="precision">Resolved.</param>
    public double Flops(Precision precision) => precision == Precision.Bf16 ? Bf16Flops : Fp32Flops;

    /// <summary>Measures, in about a second: the best of some repeats, on libtorch's present number of threads.</summary>
    /// <param name="device">Where.</param>
    public static MachineRates Measure(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        TorchRuntime.EnsureLoaded();
        return new(Product(device, ScalarType.BFloat16), Product(device, ScalarType.Float32), Copy(device));
    }

    private static double Product(Device device, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var (a, b) = (ones([Size, Size], type, device), ones([Size, Size], type, device));
        return 2.0 * Size * Size * Size / Best(device, () => mm(a, b));
    }

    private static double Copy(Device device)
    {
        using var scope = NewDisposeScope();
        var (from, to) = (ones(CopiedFloats, device: device), zeros(CopiedFloats, device: device));
        return CopiedFloats * sizeof(float) / Best(device, () => to.copy_(from));
    }

    private static double Best(Device device, Func<Tensor> work)
    {
        using var gradientless = no_grad();
        var best = double.MaxValue;
        for (var i = 0; i <= Repeats; i++)
        {
            using var scope = NewDisposeScope();
            var start = Stopwatch.GetTimestamp();
            work();
            if (device.type == DeviceType.CUDA)
            {
                cuda.synchronize();
            }

            best = i == 0 ? best : Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds); // the first one warms up
        }

        return best;
    }
}
