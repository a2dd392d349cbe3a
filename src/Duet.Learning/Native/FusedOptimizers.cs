using static Duet.Learning.Native.Dispatcher.Argument;
using static TorchSharp.torch;

namespace Duet.Learning.Native;

/// <summary>
/// libtorch's fused optimiser kernels: one pass over each parameter instead of one per arithmetic operation. The state is the
/// caller's, as plain tensors, so that a checkpoint can hold it. All tensors of a call are on one device; buffers have the
/// parameters' shapes and are changed in place, and so are the parameters.
/// </summary>
public static class FusedOptimizers
{
    /// <summary>
    /// One step of SGD as PyTorch defines it: <c>g += weightDecay * p</c>, <c>b = momentum * b + g</c> (<c>b = g</c> at the first step),
    /// <c>p -= learningRate * (nesterov ? g + momentum * b : b)</c>.
    /// </summary>
    /// <param name="parameters">What is trained.</param>
    /// <param name="gradients">A gradient per parameter; left as they are.</param>
    /// <param name="momentumBuffers">A buffer per parameter; none where the momentum is 0.</param>
    /// <param name="learningRate">The step's size.</param>
    /// <param name="momentum">0 for plain descent.</param>
    /// <param name="weightDecay">The l2 penalty.</param>
    /// <param name="nesterov">Whether to look ahead.</param>
    /// <param name="firstStep">Whether the buffers are to be started from the gradients.</param>
    /// <exception cref="ArgumentException">The lists have different lengths or their tensors different shapes.</exception>
    public static void Sgd(
        IReadOnlyList<Tensor> parameters,
        IReadOnlyList<Tensor> gradients,
        IReadOnlyList<Tensor> momentumBuffers,
        double learningRate,
        double momentum,
        double weightDecay,
        bool nesterov,
        bool firstStep)
    {
        CheckState(parameters, momentum == 0 ? [] : [(momentumBuffers, nameof(momentumBuffers))]);
        if (parameters.Count == 0)
        {
            return;
        }

        using var scope = NewDisposeScope();
        using var gradientless = no_grad();

        // In the schema's order: ..., weight_decay, momentum, lr, dampening, nesterov, maximize, is_first_step, grad_scale, found_inf.
        Dispatcher.Call(
            "aten::_fused_sgd_",
            Of(parameters), Of(LaidOutAs(parameters, gradients)), Of(momentum == 0 ? [] : momentumBuffers),
            weightDecay, momentum, learningRate, 0.0, nesterov, false, firstStep, None, None);
    }

    /// <summary>
    /// One step of AdamW (Loshchilov and Hutter): decay apart from the gradient, moments corrected for their start at zero.
    /// </summary>
    /// <param name="parameters">What is trained.</param>
    /// <param name="gradients">A gradient per parameter; left as they are.</param>
    /// <param name="expAvg">The running mean of each gradient; zeros before step 1.</param>
    /// <param name="expAvgSq">The running mean of each gradient's square; zeros before step 1.</param>
    /// <param name="step">Which step this is: 1 at first. Exact up to 2^24.</param>
    /// <param name="lr">The step's size.</param>
    /// <param name="beta1">Decay of the mean.</param>
    /// <param name="beta2">Decay of the mean square.</param>
    /// <param name="eps">Added to the root of the mean square.</param>
    /// <param name="weightDecay">Decoupled decay, per unit of <paramref name="lr"/>.</param>
    /// <exception cref="ArgumentException">The lists have different lengths or their tensors different shapes.</exception>
    public static void AdamW(
        IReadOnlyList<Tensor> parameters,
        IReadOnlyList<Tensor> gradients,
        IReadOnlyList<Tensor> expAvg,
        IReadOnlyList<Tensor> expAvgSq,
        long step,
        double lr,
        double beta1,
        double beta2,
        double eps,
        double weightDecay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        CheckState(parameters, [(expAvg, nameof(expAvg)), (expAvgSq, nameof(expAvgSq))]);
        if (parameters.Count == 0)
        {
            return;
        }

        using var scope = NewDisposeScope();
        using var gradientless = no_grad();
        var count = tensor((float)step, device: parameters[0].device);

        // In the schema's order: ..., state_steps, lr, beta1, beta2, weight_decay, eps, amsgrad, maximize, grad_scale, found_inf.
        Dispatcher.Call(
            "aten::_fused_adamw_",
            Of(parameters), Of(LaidOutAs(parameters, gradients)), Of(expAvg), Of(expAvgSq), Of([]), Of([.. Enumerable.Repeat(count, parameters.Count)]),
            lr, beta1, beta2, weightDecay, eps, false, false, None, None);
    }

    /// <summary>The kernels walk the memory of parameter and gradient side by side, so both must be laid out alike.</summary>
    private static List<Tensor> LaidOutAs(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        if (gradients.Count != parameters.Count)
        {
            throw new ArgumentException($"{gradients.Count} gradients for {parameters.Count} parameters", nameof(gradients));
        }

        var alike = new List<Tensor>(gradients.Count);
        for (var i = 0; i < gradients.Count; i++)
        {
            var (parameter, gradient) = (parameters[i], gradients[i]);
            if (!gradient.shape.AsSpan().SequenceEqual(parameter.shape) || gradient.dtype != parameter.dtype)
            {
                throw new ArgumentException($"gradient {i} is {Describe(gradient)}, its parameter {Describe(parameter)}", nameof(gradients));
            }

            alike.Add(gradient.stride().AsSpan().SequenceEqual(parameter.stride()) ? gradient : empty_like(parameter).copy_(gradient));
        }

        return alike;
    }

    private static void CheckState(IReadOnlyList<Tensor> parameters, ReadOnlySpan<(IReadOnlyList<Tensor> Buffers, string Name)> state)
    {
        foreach (var (buffers, name) in state)
        {
            if (buffers.Count != parameters.Count)
            {
                throw new ArgumentException($"{buffers.Count} buffers for {parameters.Count} parameters", name);
            }

            for (var i = 0; i < buffers.Count; i++)
            {
                var (buffer, parameter) = (buffers[i], parameters[i]);
                if (!buffer.shape.AsSpan().SequenceEqual(parameter.shape) || !buffer.stride().AsSpan().SequenceEqual(parameter.stride()) || buffer.dtype != parameter.dtype)
                {
                    throw new ArgumentException($"buffer {i} is {Describe(buffer)}, its parameter {Describe(parameter)}; make buffers with zeros_like", name);
                }
            }
        }
    }

    private static string Describe(Tensor tensor) => $"{tensor.dtype} [{string.Join(", ", tensor.shape)}] with strides [{string.Join(", ", tensor.stride())}]";
}
