using System.Runtime.CompilerServices;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests;

public sealed class FinalizersBetweenTestsTests
{
    /// <summary>Far more than a finaliser takes when nothing holds it.</summary>
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(1);

    [Fact]
    public void Finalisers_run_when_a_test_ends_and_not_before()
    {
        using var finalised = new ManualResetEventSlim();
        LeaveOne(finalised);
        GC.Collect(0, GCCollectionMode.Forced, blocking: true);
        finalised.Wait(Enough, TestContext.Current.CancellationToken).ShouldBeFalse("this test is running");

        new FinalizersBetweenTestsAttribute().After(null!, null!); // as xUnit does between this test and the next
        finalised.IsSet.ShouldBeTrue("no test was running");
    }

    /// <summary>In a method of its own, so that no register holds it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void LeaveOne(ManualResetEventSlim finalised) => _ = new Left(finalised);

    private sealed class Left(ManualResetEventSlim finalised)
    {
#pragma warning disable MA0055 // it is what the test is about
        ~Left() => finalised.Set();
#pragma warning restore MA0055
    }
}
