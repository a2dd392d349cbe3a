using Duet.Learning.Native;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>Adds to parameters' gradients as autograd does.</summary>
internal static class Gradients
{
    /// <summary>Makes a gradient the parameter's, or adds it to the one that is there.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="gradient">Of its shape, in any type.</param>
    public static void Add(Parameter parameter, Tensor gradient)
    {
        if (parameter.grad is { } sum)
        {
            using (sum)
            {
                sum.AddInPlace(gradient);
            }

            return;
        }

        using var scope = NewDisposeScope();
        parameter.grad = empty_like(parameter, requires_grad: false).copy_(gradient);
    }
}
