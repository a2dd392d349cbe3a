using Duet.Learning.Native;
using static TorchSharp.torch;

namespace Duet.Learning.Training;

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter, 1711.05101), as PyTorch defines it: <c>w *= 1 - rate * decay</c>;
/// <c>m = beta1 * m + (1 - beta1) * g</c>; <c>s = beta2 * s + (1 - beta2) * g^2</c>; <c>w -= rate * m' / (sqrt(s') + eps)</c> with both
/// moments corrected for their start at zero.
/// </summary>
public sealed class AdamW : IOptimiser
{
    private readonly OptimiserOptions options;
    private readonly ParameterGroup[] groups;

    /// <summary>Makes the optimiser with empty moments.</summary>
    /// <param name="parameters">What it updates.</param>
    /// <param name="options">Betas, epsilon, weight decay.</param>
    public AdamW(IReadOnlyList<NamedParameter> parameters, OptimiserOptions options)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        groups = ParameterGroup.Of(parameters, options.WeightDecay, stateTensors: 2);
    }

    /// <inheritdoc/>
    public long Updates { get; set; }

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, Tensor Value)> State =>
        [.. groups.SelectMany(g => g.Named(0, "first_moment").Concat(g.Named(1, "second_moment")))];

    /// <inheritdoc/>
    public void Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        Updates++;
        foreach (var group in groups)
        {
            FusedOptimizers.AdamW(
                group.Parameters, group.Gradients(), group.State(0), group.State(1), Updates, learningRate * group.Rate, options.Beta1, options.Beta2, options.Epsilon, group.WeightDecay);
        }
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
