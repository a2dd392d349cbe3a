using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Training;

/// <summary>Bounds the length of a step's gradient over all parameters together.</summary>
public static class GradientClipping
{
    /// <summary>Scales the gradients in place so that their global l2 norm is at most <paramref name="maximum"/>.</summary>
    /// <param name="gradients">The gradients of all parameters.</param>
    /// <param name="maximum">The largest norm, above 0.</param>
    /// <returns>The norm before.</returns>
    public static double ByGlobalNorm(IReadOnlyList<Tensor> gradients, double maximum)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        if (gradients.Count == 0)
        {
            return 0;
        }

        var norms = gradients.Select(g => g.to_type(ScalarType.Float32).norm()).ToArray();
        var norm = stack(norms).norm().Number();
        if (norm > maximum)
        {
            var scale = maximum / (norm + 1e-6);
            foreach (var gradient in gradients)
            {
                gradient.MultiplyInPlace(scale);
            }
        }

        return norm;
    }
}
