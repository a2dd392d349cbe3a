using Duet.Data.Randomness;
using Duet.Learning.Training;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Training;

/// <summary>The optimisers against their formulas written out in plain C#, number by number.</summary>
public sealed class OptimiserTests
{
    private const int Steps = 6;

    public static TheoryData<double, bool, double, bool> SgdGrid() => new()
    {
        { 0.0, false, 0.0, true }, { 0.9, false, 0.0, true }, { 0.9, true, 0.0, true }, { 0.9, false, 0.01, true }, { 0.9, true, 0.01, false }, { 0.0, false, 0.05, false },
    };

    [Theory]
    [MemberData(nameof(SgdGrid))]
    public void Sgd_equals_its_formula(double momentum, bool nesterov, double decay, bool decayAll)
    {
        var options = new OptimiserOptions { Name = OptimiserName.Sgd, Momentum = momentum, Nesterov = nesterov, WeightDecay = decay };
        Compare(options, decayAll, Naive);

        void Naive(double[] w, double[] g, double[][] state, int step, double rate, double weightDecay)
        {
            for (var i = 0; i < w.Length; i++)
            {
                var gradient = g[i] + (weightDecay * w[i]);
                state[0][i] = (momentum * state[0][i]) + gradient;
                w[i] -= rate * (nesterov ? gradient + (momentum * state[0][i]) : state[0][i]);
            }
        }
    }

    [Theory]
    [InlineData(0.9, 0.999, 0.0, true)]
    [InlineData(0.8, 0.95, 0.1, true)]
    [InlineData(0.9, 0.999, 0.1, false)]
    public void AdamW_equals_its_formula(double beta1, double beta2, double decay, bool decayAll)
    {
        var options = new OptimiserOptions { Name = OptimiserName.AdamW, Beta1 = beta1, Beta2 = beta2, WeightDecay = decay };
        Compare(options, decayAll, Naive);

        void Naive(double[] w, double[] g, double[][] state, int step, double rate, double weightDecay)
        {
            for (var i = 0; i < w.Length; i++)
            {
                w[i] -= rate * weightDecay * w[i];
                state[0][i] = (beta1 * state[0][i]) + ((1 - beta1) * g[i]);
                state[1][i] = (beta2 * state[1][i]) + ((1 - beta2) * g[i] * g[i]);
                var first = state[0][i] / (1 - Math.Pow(beta1, step));
                var second = state[1][i] / (1 - Math.Pow(beta2, step));
                w[i] -= rate * first / (Math.Sqrt(second) + 1e-8);
            }
        }
    }

    [Theory]
    [InlineData(OptimiserName.Sgd)]
    [InlineData(OptimiserName.AdamW)]
    public void A_parameter_with_three_times_the_rate_goes_where_three_times_the_rate_leads(OptimiserName name)
    {
        var options = new OptimiserOptions { Name = name, WeightDecay = 0.1 };
        float[] Walk(double rate, double factor)
        {
            using var scope = torch.NewDisposeScope();
            using var other = new TorchSharp.Modules.Parameter(torch.ones(4));
            using var one = new TorchSharp.Modules.Parameter(torch.ones(4));
            using var optimiser = Optimisers.Create(options, [new("other", other, Decays: true), new("one", one, Decays: true, factor)]);
            for (var step = 1; step <= 3; step++)
            {
                other.grad = torch.ones(4);
                one.grad = torch.tensor(new[] { 1f, -2f, 0.5f, step });
                optimiser.Step(rate);
            }

            return one.data<float>().ToArray();
        }

        Walk(0.01, 3).ShouldBe(Walk(0.03, 1), tolerance: 1e-6);
        Walk(0.01, 1).ShouldNotBe(Walk(0.03, 1));
    }

    [Fact]
    public void Clipping_scales_all_gradients_by_one_factor_and_only_when_they_are_too_long()
    {
        using var scope = torch.NewDisposeScope();
        torch.Tensor[] gradients = [torch.tensor(new[] { 3f, 0f }), torch.tensor(new[] { 0f, 4f, 0f })];
        GradientClipping.ByGlobalNorm(gradients, 10).item<float>().ShouldBe(5, 1e-6);
        gradients[1][1].ToDouble().ShouldBe(4);
        GradientClipping.ByGlobalNorm(gradients, 1).item<float>().ShouldBe(5, 1e-6);
        gradients[0][0].ToDouble().ShouldBe(0.6, 1e-5);
        gradients[1][1].ToDouble().ShouldBe(0.8, 1e-5);
    }

    [Fact]
    public void Biases_and_normalisation_keep_their_size_where_the_option_says_so()
    {
        using var network = torch.nn.Sequential(("conv", torch.nn.Conv2d(1, 2, 3)), ("bn", torch.nn.BatchNorm2d(2)));
        Optimisers.ParametersOf(network, decayNormAndBias: false).Where(p => p.Decays).Select(p => p.Name).ShouldBe(["conv.weight"]);
        Optimisers.ParametersOf(network, decayNormAndBias: true).ShouldAllBe(p => p.Decays);
    }

    [Fact]
    public void A_parameter_without_a_gradient_is_a_fault_of_the_method()
    {
        using var linear = torch.nn.Linear(2, 2);
        using var optimiser = Optimisers.Create(new OptimiserOptions(), Optimisers.ParametersOf(linear, decayNormAndBias: true));
        Should.Throw<InvalidOperationException>(() => optimiser.Step(0.1)).Message.ShouldContain("weight");
    }

    private delegate void Update(double[] w, double[] g, double[][] state, int step, double rate, double weightDecay);

    /// <summary>A matrix and a vector, some steps with a changing rate, a reset and steps again.</summary>
    private static void Compare(OptimiserOptions options, bool decayAll, Update naive)
    {
        using var scope = torch.NewDisposeScope();
        long[][] shapes = [[3, 4], [5]];
        var random = new KeyedRandom(11, 0, "optimiser", "values");
        double[] Values(long count) => [.. Enumerable.Range(0, (int)count).Select(_ => random.NextNormal())];
        var expected = shapes.Select(s => Values(s.Aggregate(1L, (a, b) => a * b))).ToArray();
        var parameters = shapes.Select((s, i) => new NamedParameter($"p{i}", new TorchSharp.Modules.Parameter(torch.tensor(expected[i], s).to(torch.ScalarType.Float32)), decayAll || s.Length > 1)).ToArray();
        using var optimiser = Optimisers.Create(options, parameters);
        for (var round = 0; round < 2; round++)
        {
            var state = expected.Select(e => new[] { new double[e.Length], new double[e.Length] }).ToArray();
            for (var step = 1; step <= Steps; step++)
            {
                var rate = 0.1 / step;
                for (var p = 0; p < shapes.Length; p++)
                {
                    var gradient = Values(expected[p].Length);
                    parameters[p].Value.grad = torch.tensor(gradient, shapes[p]).to(torch.ScalarType.Float32);
                    naive(expected[p], gradient, state[p], step, rate, parameters[p].Decays ? options.WeightDecay : 0);
                }

                optimiser.Step(rate);
            }

            optimiser.Updates.ShouldBe(Steps);
            optimiser.Reset();
            for (var p = 0; p < shapes.Length; p++)
            {
                var actual = parameters[p].Value.data<float>().ToArray();
                for (var i = 0; i < actual.Length; i++)
                {
                    ((double)actual[i]).ShouldBe(expected[p][i], 2e-5 * Math.Max(1, Math.Abs(expected[p][i])));
                }
            }
        }
    }
}
