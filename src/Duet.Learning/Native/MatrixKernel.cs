using System.Runtime.InteropServices;

namespace Duet.Learning.Native;

/// <summary>
/// oneDNN's small bf16 matrix product, on the calling thread, over memory of the caller's: what its own convolutions are made of. libtorch exports it as a C++ function, whose name is the
/// Itanium ABI's; where that is not found, nothing that needs it is offered. Kernels are made for a shape's first product and kept by the thread: callers keep shapes few.
/// </summary>
internal static unsafe partial class MatrixKernel
{
    private const string Library = "torch_cpu";
    private const string Name = "_ZN2at6native7cpublas6brgemmEllllllbPKN3c108BFloat16ES5_Pfb";
    private const string ReleaseName = "_ZN2at6native7cpublas14brgemm_releaseEb";
    private static readonly Lazy<bool> Found = new(Find);

    /// <summary>Whether this libtorch has the product and this processor computes it natively.</summary>
    /// <exception cref="TorchUnavailableException">libtorch can't be loaded.</exception>
    public static bool IsAvailable => Found.Value;

    /// <summary>C = A B, or C += A B. All three lie row by row; B's rows lie in pairs, the two numbers of a column beside each other.</summary>
    /// <param name="rows">Of A and C.</param>
    /// <param name="columns">Of B and C.</param>
    /// <param name="depth">Columns of A, rows of B: even.</param>
    /// <param name="a">bf16, <c>[rows, depth]</c>.</param>
    /// <param name="strideA">From row to row.</param>
    /// <param name="b">bf16, <c>[depth / 2, columns, 2]</c>.</param>
    /// <param name="strideB">Columns from pair to pair.</param>
    /// <param name="c">fp32, <c>[rows, columns]</c>.</param>
    /// <param name="strideC">From row to row.</param>
    /// <param name="add">Whether to add to what C holds.</param>
    public static void Multiply(long rows, long columns, long depth, ushort* a, long strideA, ushort* b, long strideB, float* c, long strideC, bool add) =>
        Brgemm(rows, columns, depth, strideA, strideB, strideC, add ? (byte)1 : (byte)0, a, b, c, 1);

    /// <summary>Gives back the matrix tiles' configuration, where the processor has such: to be called by the thread that multiplied, after the last of several products.</summary>
    public static void Release() => BrgemmRelease(1);

    private static bool Find()
    {
        TorchRuntime.EnsureLoaded();

        // oneDNN told to keep to older instructions would refuse the product with an exception that no managed frame can catch.
        var limited = new[] { "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA" }.Any(v => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(v)));
        return !limited
            && CpuFeatures.Current.HasAvx512Bf16
            && NativeLibrary.TryLoad(Library, typeof(MatrixKernel).Assembly, null, out var library)
            && NativeLibrary.TryGetExport(library, Name, out _)
            && NativeLibrary.TryGetExport(library, ReleaseName, out _);
    }

    [LibraryImport(Library, EntryPoint = Name)]
    private static partial void Brgemm(long m, long n, long k, long strideA, long strideB, long strideC, byte add, ushort* a, ushort* b, float* c, byte paired);

    [LibraryImport(Library, EntryPoint = ReleaseName)]
    private static partial void BrgemmRelease(byte paired);
}
