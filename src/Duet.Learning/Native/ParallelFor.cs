using System.Runtime.InteropServices;

namespace Duet.Learning.Native;

/// <summary>
/// Runs managed loops on libtorch's own threads. A second pool of threads would compete with the first, whose threads go on spinning for a while after every operator.
/// </summary>
internal static unsafe partial class ParallelFor
{
    /// <summary>Calls <paramref name="body"/> for ranges that together are <c>[0, count)</c>, at most one per thread, and waits for all.</summary>
    /// <param name="count">How many indices.</param>
    /// <param name="body">Does the indices from its second argument up to its third. It must not throw: native frames are between.</param>
    /// <param name="arguments">Passed to it; shared by the threads.</param>
    /// <exception cref="InvalidOperationException">libtorch refused.</exception>
    public static void Run(long count, delegate*<void*, long, long, void> body, void* arguments)
    {
        var job = new Job { Body = body, Arguments = arguments };
        if (TorchParallelFor(0, count, 1, &Enter, &job) != 0)
        {
            throw new InvalidOperationException("libtorch refused torch_parallel_for; the reason is on standard error");
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static void Enter(long begin, long end, void* job) => ((Job*)job)->Body(((Job*)job)->Arguments, begin, end);

    private struct Job
    {
        public delegate*<void*, long, long, void> Body;
        public void* Arguments;
    }

    [LibraryImport("torch_cpu", EntryPoint = "torch_parallel_for")]
    private static partial int TorchParallelFor(long begin, long end, long grain, delegate* unmanaged[Cdecl]<long, long, void*, void> body, void* context);
}
