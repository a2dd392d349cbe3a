using Duet.Learning.Native;
using Shouldly;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Native;

public sealed class FusedOptimizersTests
{
    private static readonly long[][] Shapes = [[3], [17, 5], [8, 4, 3, 3], [1]];

    [Theory]
    [InlineData(0.0, 0.0, false)]
    [InlineData(0.0, 1e-2, false)]
    [InlineData(0.9, 0.0, false)]
    [InlineData(0.9, 1e-2, false)]
    [InlineData(0.9, 1e-2, true)]
    public void Sgd_takes_the_steps_that_TorchSharps_takes(double momentum, double weightDecay, bool nesterov)
    {
        using var scope = NewDisposeScope();
        var ours = Parameters(1);
        var theirs = Parameters(1).Select(p => new Parameter(p)).ToList();
        using var reference = optim.SGD(theirs, 0.1, momentum, 0, weightDecay, nesterov);
        var buffers = ours.Select(p => zeros_like(p)).ToList();
        for (var step = 0; step < 5; step++)
        {
            var gradients = Parameters(10 + step);
            FusedOptimizers.Sgd(ours, gradients, buffers, 0.1, momentum, weightDecay, nesterov, step == 0);
            for (var i = 0; i < theirs.Count; i++)
            {
                theirs[i].grad = gradients[i];
            }

            reference.step();
            for (var i = 0; i < ours.Count; i++)
            {
                ours[i].allclose(theirs[i].detach(), 1e-6, 1e-7).ShouldBeTrue($"step {step}, parameter {i}");
            }
        }

        ours[1].allclose(Parameters(1)[1]).ShouldBeFalse();
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.05)]
    public void AdamW_takes_the_steps_of_its_definition(double weightDecay)
    {
        const double Rate = 1e-2;
        const double Beta1 = 0.9;
        const double Beta2 = 0.999;
        const double Epsilon = 1e-8;
        using var scope = NewDisposeScope();
        var parameters = Parameters(1);
        var (means, squares) = (parameters.Select(p => zeros_like(p)).ToList(), parameters.Select(p => zeros_like(p)).ToList());
        var expected = parameters.Select(p => p.to(ScalarType.Float64)).ToList();
        var (m, v) = (expected.Select(p => zeros_like(p)).ToList(), expected.Select(p => zeros_like(p)).ToList());
        for (var step = 1; step <= 5; step++)
        {
            var gradients = Parameters(10 + step);
            FusedOptimizers.AdamW(parameters, gradients, means, squares, step, Rate, Beta1, Beta2, Epsilon, weightDecay);
            for (var i = 0; i < parameters.Count; i++)
            {
                var g = gradients[i].to(ScalarType.Float64);
                expected[i] = expected[i] * (1 - (Rate * weightDecay));
                m[i] = (m[i] * Beta1) + (g * (1 - Beta1));
                v[i] = (v[i] * Beta2) + (g * g * (1 - Beta2));
                var mean = m[i] / (1 - Math.Pow(Beta1, step));
                var square = v[i] / (1 - Math.Pow(Beta2, step));
                expected[i] = expected[i] - (mean / (square.sqrt() + Epsilon) * Rate);
                parameters[i].to(ScalarType.Float64).allclose(expected[i], 1e-5, 1e-6).ShouldBeTrue($"step {step}, parameter {i}");
            }
        }
    }

    [Fact]
    public void A_gradient_with_other_strides_is_not_read_in_the_wrong_order()
    {
        using var scope = NewDisposeScope();
        var parameter = zeros([3, 4], dtype: ScalarType.Float32);
        var gradient = arange(12, dtype: ScalarType.Float32).reshape(4, 3).t();
        FusedOptimizers.Sgd([parameter], [gradient], [], 1, 0, 0, nesterov: false, firstStep: true);
        parameter.allclose(-gradient).ShouldBeTrue();
    }

    [Fact]
    public void Leaves_that_require_a_gradient_can_be_trained()
    {
        using var scope = NewDisposeScope();
        var parameter = ones([3], dtype: ScalarType.Float32, requires_grad: true);
        FusedOptimizers.Sgd([parameter], [ones_like(parameter).detach()], [], 0.25, 0, 0, nesterov: false, firstStep: true);
        parameter.data<float>().ToArray().ShouldBe([0.75f, 0.75f, 0.75f]);
        parameter.requires_grad.ShouldBeTrue();
    }

    [Fact]
    public void Lists_that_do_not_match_are_refused()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (zeros([3], dtype: ScalarType.Float32), zeros([4], dtype: ScalarType.Float32));
        Should.Throw<ArgumentException>(() => FusedOptimizers.Sgd([a], [b], [a], 0.1, 0.9, 0, false, true)).ParamName.ShouldBe("gradients");
        Should.Throw<ArgumentException>(() => FusedOptimizers.Sgd([a], [], [a], 0.1, 0.9, 0, false, true)).ParamName.ShouldBe("gradients");
        Should.Throw<ArgumentException>(() => FusedOptimizers.Sgd([a], [a], [b], 0.1, 0.9, 0, false, true)).ParamName.ShouldBe("momentumBuffers");
        Should.Throw<ArgumentException>(() => FusedOptimizers.AdamW([a], [a], [a], [], 1, 0.1, 0.9, 0.99, 1e-8, 0)).ParamName.ShouldBe("expAvgSq");
    }

    [Fact]
    public void An_operator_that_does_not_exist_is_an_error_and_not_a_crash() =>
        Should.Throw<InvalidOperationException>(() => Dispatcher.Call("aten::no_such_operator"));

    [Fact]
    public void Memory_stays_flat()
    {
        using var scope = NewDisposeScope();
        var parameters = new[] { zeros([1_000_000]) };
        var gradients = new[] { ones([1_000_000]) };
        var buffers = new[] { zeros([1_000_000]) };
        Step(3);
        var before = Environment.WorkingSet;
        Step(50);
        (Environment.WorkingSet - before).ShouldBeLessThan(50_000_000, "a leaked handle keeps 4 MB per step");

        void Step(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var fresh = gradients.Select(g => g.clone()).ToList();
                FusedOptimizers.Sgd(parameters, fresh, buffers, 0.1, 0.9, 0, nesterov: true, firstStep: i == 0);
                fresh.ForEach(g => g.Dispose());
            }
        }
    }

    private static List<Tensor> Parameters(long seed)
    {
        using var generator = new Generator((ulong)seed);
        return [.. Shapes.Select(s => randn(s, generator: generator))];
    }
}
