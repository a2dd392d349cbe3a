using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>A fully connected layer with PyTorch's names; its first weights are a pure function of the seed and its name.</summary>
internal sealed class Linear : nn.Module<Tensor, Tensor>
{
    private Parameter weight;
    private Parameter bias;

    /// <summary>Makes it with normal weights and a bias of 0.</summary>
    /// <param name="inputs">Numbers in.</param>
    /// <param name="outputs">Numbers out.</param>
    /// <param name="deviation">The weights' standard deviation.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="key">The layer's name, unique in the run.</param>
    public Linear(long inputs, long outputs, double deviation, long seed, string key)
        : base(nameof(Linear))
    {
        weight = new Parameter(zeros(outputs, inputs).DetachFromDisposeScope());
        bias = new Parameter(zeros(outputs).DetachFromDisposeScope());
        register_parameter(nameof(weight), weight);
        register_parameter(nameof(bias), bias);
        WeightInitialisation.Normal(weight, deviation, seed, $"{key}.weight");
    }

    /// <summary>Gives it new first weights, in place: the optimiser keeps its hold of them.</summary>
    /// <param name="deviation">The weights' standard deviation.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="key">A name that no other layer had, nor this one before.</param>
    public void Reset(double deviation, long seed, string key)
    {
        using var scope = NewDisposeScope(); // zero_ gives a tensor of its own
        using var gradients = no_grad();
        WeightInitialisation.Normal(weight, deviation, seed, $"{key}.weight");
        bias.zero_();
    }

    public override Tensor forward(Tensor input) => nn.functional.linear(input, weight, bias);
}
