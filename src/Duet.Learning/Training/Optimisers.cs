using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Training;

/// <summary>Makes the optimiser of a recipe.</summary>
public static class Optimisers
{
    /// <summary>Makes the optimiser.</summary>
    /// <param name="options">The recipe's section.</param>
    /// <param name="parameters">What it updates.</param>
    public static IOptimiser Create(OptimiserOptions options, IReadOnlyList<NamedParameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Name switch
        {
            OptimiserName.Sgd => new Sgd(parameters, options),
            OptimiserName.AdamW => new AdamW(parameters, options),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Name, "Unknown optimiser."),
        };
    }

    /// <summary>
    /// The trainable parameters of a network. Where biases and batch normalisation don't decay, these are the parameters with one
    /// dimension: convolutions and fully connected layers keep their weights in two or more.
    /// </summary>
    /// <param name="network">The network.</param>
    /// <param name="decayNormAndBias">Whether biases and batch normalisation decay too.</param>
    /// <param name="rate">What multiplies the learning rate of a parameter, by its name; null for 1.</param>
    public static IReadOnlyList<NamedParameter> ParametersOf(nn.Module network, bool decayNormAndBias, Func<string, double>? rate = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        return [.. network.named_parameters().Where(p => p.parameter.requires_grad)
            .Select(p => new NamedParameter(p.name, p.parameter, decayNormAndBias || p.parameter.dim() > 1, rate?.Invoke(p.name) ?? 1))];
    }
}
