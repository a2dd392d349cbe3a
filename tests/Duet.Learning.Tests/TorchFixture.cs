using System.Runtime.CompilerServices;
using Duet.Learning.Native;

namespace Duet.Learning.Tests;

/// <summary>libtorch is loaded before any test touches a tensor, with the threads that CI has.</summary>
internal static class TorchFixture
{
    [ModuleInitializer]
    public static void Load() => TorchRuntime.EnsureLoaded();
}
