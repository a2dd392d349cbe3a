using Duet.Data.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>
/// First weights as a pure function of (seed, network, parameter name): no global generator, no order of construction, no
/// libtorch version, no number of threads can change them.
/// </summary>
internal static class WeightInitialisation
{
    /// <summary>
    /// torchvision's rule for its residual networks: convolutions are normal with variance 2 / fan-out (He et al., for ReLU).
    /// Normalisations keep scale 1 and shift 0.
    /// </summary>
    /// <param name="encoder">The network.</param>
    /// <param name="seed">The run's seed.</param>
    public static void Convolutions(Encoder encoder, long seed)
    {
        foreach (var (name, parameter) in encoder.named_parameters())
        {
            var shape = parameter.shape;
            if (shape.Length > 1)
            {
                var fanOut = shape[0] * shape[2..].Aggregate(1L, (product, size) => product * size);
                Normal(parameter, Math.Sqrt(2.0 / fanOut), seed, $"{encoder.Architecture}.{name}");
            }
        }
    }

    /// <summary>Fills a parameter from a normal distribution of mean 0.</summary>
    /// <param name="parameter">An fp32 parameter on the CPU.</param>
    /// <param name="deviation">The standard deviation.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="key">The parameter's name, unique in the run.</param>
    public static void Normal(Tensor parameter, double deviation, long seed, string key)
    {
        var random = new KeyedRandom(seed, 0, key, "weights");
        var values = new float[parameter.numel()];
        foreach (ref var value in values.AsSpan())
        {
            value = (float)(deviation * random.NextNormal());
        }

        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        parameter.copy_(tensor(values, parameter.shape));
    }
}
