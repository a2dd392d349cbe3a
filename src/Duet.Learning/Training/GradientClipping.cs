using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Training;

/// <summary>Bounds the length of a step's gradient over all parameters together.</summary>
public static class GradientClipping
{
    private const double Epsilon = 1e-6;

    /// <summary>Scales the gradients in place so that their global l2 norm is at most <paramref name="maximum"/>.</summary>
    /// <param name="gradients">The gradients of all parameters.</param>
    /// <param name="maximum">The largest norm, above 0.</param>
    /// <returns>The norm before, a tensor of one. On a CPU it was looked at; elsewhere the host does not wait for it.</returns>
    public static Tensor ByGlobalNorm(IReadOnlyList<Tensor> gradients, double maximum)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        if (gradients.Count == 0)
        {
            return zeros([]).MoveToOuterDisposeScope();
        }

        var norm = stack(gradients.Select(g => g.to_type(ScalarType.Float32).norm()).ToArray()).norm();
        if (norm.device_type != DeviceType.CPU)
        {
            ScaleUnseen(gradients, norm, maximum);
        }
        else if (norm.Number() is var length && length > maximum)
        {
            var scale = maximum / (length + Epsilon);
            foreach (var gradient in gradients)
            {
                gradient.MultiplyInPlace(scale);
            }
        }

        return norm.MoveToOuterDisposeScope();
    }

    /// <summary>As above without a look at the norm: short gradients are multiplied by 1.</summary>
    internal static void ScaleUnseen(IReadOnlyList<Tensor> gradients, Tensor norm, double maximum)
    {
        var scale = norm.to(ScalarType.Float64).AddInPlace(Epsilon).AtLeast(maximum).reciprocal().Times(maximum).to(ScalarType.Float32);
        foreach (var gradient in gradients)
        {
            gradient.mul_(scale);
        }
    }
}
