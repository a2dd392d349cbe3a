using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit.v3;

[assembly: Duet.Learning.Tests.FinalizersBetweenTests]

namespace Duet.Learning.Tests;

/// <summary>
/// Lets finalisers run between tests only. Tests write <c>tensor * 2</c>: TorchSharp makes a <see cref="TorchSharp.Scalar"/> of the number, hands its handle on and lets go of it, and a
/// collection at that moment frees the number while libtorch reads it: once in many runs of the whole suite, a test failed for nothing. Duet's own code has its numbers from
/// <see cref="Duet.Learning.Native.Arithmetic"/> instead, and a test holds it to that. Tests run one after the other.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class FinalizersBetweenTestsAttribute : BeforeAfterTestAttribute
{
    private static readonly ManualResetEventSlim Gate = new(initialState: true);
    private static readonly ManualResetEventSlim Held = new();

    /// <inheritdoc/>
    public override void Before(MethodInfo methodUnderTest, IXunitTest test) => Hold();

    /// <inheritdoc/>
    public override void After(MethodInfo methodUnderTest, IXunitTest test) => Release();

    /// <summary>Lets them run for the rest of a test that is about them.</summary>
    public static void Release()
    {
        Gate.Set();
        GC.WaitForPendingFinalizers();
    }

    private static void Hold()
    {
        Gate.Reset();
        Held.Reset();
        LeaveOne();
        GC.Collect(0, GCCollectionMode.Forced, blocking: true);
        if (!Held.Wait(TimeSpan.FromSeconds(30)))
        {
            throw new InvalidOperationException("the finaliser's thread did not come by");
        }
    }

    /// <summary>In a method of its own, so that no register holds it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void LeaveOne() => _ = new Stop();

    private sealed class Stop
    {
#pragma warning disable MA0055 // it is the finalisers' thread that is to wait
        ~Stop()
#pragma warning restore MA0055
        {
            Held.Set();
            Gate.Wait();
        }
    }
}
