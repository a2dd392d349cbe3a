using System.Runtime.CompilerServices;
using Duet.Learning.Native;

// libtorch's threads and its count of live tensors belong to the process, and one test's operation already uses all cores.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Duet.Learning.Tests;

/// <summary>libtorch is loaded before any test touches a tensor, with the threads that CI has.</summary>
internal static class TorchFixture
{
    [ModuleInitializer]
    public static void Load() => TorchRuntime.EnsureLoaded();
}
