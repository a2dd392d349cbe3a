using Duet.Learning.Native;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Native;

public sealed class ArithmeticTests
{
    [Fact]
    public void Each_does_what_TorchSharps_operator_does()
    {
        using var scope = NewDisposeScope();
        var x = tensor([-1.5f, 0f, 0.3f, 7f, float.NaN]);
        var y = tensor([2f, -0.7f, 1e-3f, 1e30f, 1f]);
        ShouldBe(x.Plus(y), x + y);
        ShouldBe(x.clone().AddInPlace(y), x.clone().add_(y));
        ShouldBe(x.SubtractedFrom(0.1), 0.1 - x);
        ShouldBe(x.Times(0.1), x * 0.1);
        ShouldBe(x.clone().MultiplyInPlace(0.1), x.clone().mul_(0.1));
        ShouldBe(x.Over(3), x / 3);
        ShouldBe(x.clone().DivideInPlace(3), x.clone().div_(3));
        ShouldBe(x.Squared(), x.square());
        ShouldBe(y.clone().RaiseInPlace(0.35), y.clone().pow_(0.35));
        ShouldBe(x.AtLeast(0.2), x.clamp_min(0.2));
        ShouldBe(x.clone().RaiseToAtLeast(0.2), x.clone().clamp_(0.2));
        ShouldBe(x.IsAbove(0), x > 0);
        ShouldBe(tensor(long.MaxValue - 2).AddInPlace(1), tensor(long.MaxValue - 1));
        tensor(0.1f).Number().ShouldBe(0.1f);
        tensor(1e300).Number().ShouldBe(1e300);
        tensor(true).IsTrue().ShouldBeTrue();
        tensor(false).IsTrue().ShouldBeFalse();
    }

    /// <summary>TorchSharp's <c>norm()</c> passes its number on by value, and is the same as <c>linalg.vector_norm</c>.</summary>
    [Fact]
    public void Norms_are_those_of_the_linear_algebra()
    {
        using var scope = NewDisposeScope();
        foreach (var columns in new[] { 1, 7, 512, 40_000 })
        {
            var x = randn(3, columns) * 1e3;
            ShouldBe(x.norm(), linalg.vector_norm(x));
            ShouldBe(x.norm(1, keepdim: true), linalg.vector_norm(x, dims: [1], keepdim: true));
        }
    }

    /// <summary>TorchSharp's own operators, in the place of these, gave about three wrong numbers or exceptions per second.</summary>
    [Fact]
    [Trait("Category", "Slow")]
    public void Numbers_arrive_whenever_the_garbage_collector_comes_by()
    {
        const int Calls = 300_000;
        FinalizersBetweenTestsAttribute.Release();
        var done = false;
        var collector = new Thread(() =>
        {
            while (!Volatile.Read(ref done))
            {
                GC.Collect(0, GCCollectionMode.Forced, blocking: true);
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        var wrong = 0;
        try
        {
            using var one = ones(1);
            for (var call = 0; call < Calls; call++)
            {
                using var scope = NewDisposeScope();
                wrong += one.Times(3).Plus(one).Number() == 4 ? 0 : 1;
            }
        }
        finally
        {
            Volatile.Write(ref done, true);
            collector.Join();
        }

        wrong.ShouldBe(0);
    }

    private static void ShouldBe(Tensor actual, Tensor expected)
    {
        actual.dtype.ShouldBe(expected.dtype);
        actual.shape.ShouldBe(expected.shape);
        actual.bytes.ToArray().ShouldBe(expected.bytes.ToArray());
    }
}
