using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Bench;

/// <summary>What nothing on this machine can be faster than: plain products of large matrices and plain copies of memory. The best of the repeats counts.</summary>
internal static class LimitsBenchmark
{
    private const long CopiedFloats = 64 << 20; // 256 MiB: far beyond the caches

    public static Command Create()
    {
        var size = new Option<int>("--size") { Description = "Rows and columns of the matrices.", DefaultValueFactory = _ => 4096 };
        var repeats = new Option<int>("--repeats") { DefaultValueFactory = _ => 5 };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("limits", "GFLOP/s of matrix products, GB/s of copies.") { size, repeats, threads };
        command.SetAction(p => Run(p.GetValue(size), p.GetValue(repeats), p.GetValue(threads)));
        return command;
    }

    private static int Run(int size, int repeats, int threads)
    {
        TorchRuntime.SetThreads(threads);
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            benchmark = "limits",
            size,
            threads,
            configuration = $"libtorch {TorchRuntime.Version}",
            bf16_gigaflops = Math.Round(Product(size, ScalarType.BFloat16, repeats)),
            fp32_gigaflops = Math.Round(Product(size, ScalarType.Float32, repeats)),
            copy_gigabytes_per_second = Math.Round(Copy(repeats), 2),
        }));
        return 0;
    }

    private static double Product(long size, ScalarType type, int repeats)
    {
        using var scope = NewDisposeScope();
        var (a, b) = (randn(size, size).to(type), randn(size, size).to(type));
        return 2.0 * size * size * size / 1e9 / Best(repeats, () => mm(a, b));
    }

    /// <summary>Bytes that arrive; as many are read.</summary>
    private static double Copy(int repeats)
    {
        using var scope = NewDisposeScope();
        var (from, to) = (ones(CopiedFloats), zeros(CopiedFloats));
        return CopiedFloats * sizeof(float) / 1e9 / Best(repeats, () => to.copy_(from));
    }

    private static double Best(int repeats, Func<Tensor> work)
    {
        var best = double.MaxValue;
        for (var i = 0; i <= repeats; i++)
        {
            using var scope = NewDisposeScope();
            var start = Stopwatch.GetTimestamp();
            work();
            best = i == 0 ? best : Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }
}
