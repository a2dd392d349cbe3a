using Duet.Learning.Native;
using static TorchSharp.torch;

namespace Duet.Learning.Training;

/// <summary>
/// Stochastic gradient descent with momentum, as PyTorch and Caffe2 define it: <c>g += decay * w</c>; <c>v = momentum * v + g</c>;
/// <c>w -= rate * v</c>, or with Nesterov's momentum <c>w -= rate * (g + momentum * v)</c>.
/// </summary>
public sealed class Sgd : IOptimiser
{
    private readonly OptimiserOptions options;
    private readonly ParameterGroup[] groups;

    /// <summary>Makes the optimiser with empty momentum.</summary>
    /// <param name="parameters">What it updates.</param>
    /// <param name="options">Momentum, Nesterov, weight decay.</param>
    public Sgd(IReadOnlyList<NamedParameter> parameters, OptimiserOptions options)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        groups = ParameterGroup.Of(parameters, options.WeightDecay, stateTensors: options.Momentum > 0 ? 1 : 0);
    }

    /// <inheritdoc/>
    public long Updates { get; set; }

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, Tensor Value)> State => options.Momentum > 0 ? [.. groups.SelectMany(g => g.Named(0, "momentum"))] : [];

    /// <inheritdoc/>
    public void Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        foreach (var group in groups)
        {
            FusedOptimizers.Sgd(
                group.Parameters, group.Gradients(), options.Momentum > 0 ? group.State(0) : [], learningRate * group.Rate, options.Momentum, group.WeightDecay, options.Nesterov, firstStep: Updates == 0);
        }

        Updates++;
    }

    /// <inheritdoc/>
    public void Reset()
    {
        Updates = 0;
        foreach (var group in groups)
        {
            group.Reset();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var group in groups)
        {
            group.Dispose();
        }
    }
}
