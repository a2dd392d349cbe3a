using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Training;

/// <summary>Parameters that share a weight decay and a learning rate, with state tensors of the same shapes beside them.</summary>
internal sealed class ParameterGroup : IDisposable
{
    private readonly NamedParameter[] members;
    private readonly Tensor[][] state;

    private ParameterGroup(NamedParameter[] members, double weightDecay, int stateTensors)
    {
        this.members = members;
        WeightDecay = weightDecay;
        Rate = members[0].Rate;
        Parameters = Array.ConvertAll(members, m => m.Value);
        state = new Tensor[stateTensors][];
        for (var s = 0; s < stateTensors; s++)
        {
            state[s] = Array.ConvertAll(members, m => zeros_like(m.Value, requires_grad: false).DetachFromDisposeScope());
        }
    }

    public double WeightDecay { get; }

    /// <summary>Multiplies the learning rate.</summary>
    public double Rate { get; }

    public Tensor[] Parameters { get; }

    public static ParameterGroup[] Of(IReadOnlyList<NamedParameter> parameters, double weightDecay, int stateTensors)
    {
        using var noGradient = no_grad();
        return [.. parameters.GroupBy(p => (p.Decays, p.Rate)).Select(g => new ParameterGroup([.. g], g.Key.Decays ? weightDecay : 0, stateTensors))];
    }

    /// <summary>One kind of state, in the order of <see cref="Parameters"/>.</summary>
    public Tensor[] State(int kind) => state[kind];

    /// <summary>One kind of state with the names to save it under.</summary>
    public IEnumerable<(string Name, Tensor Value)> Named(int kind, string prefix) => state[kind].Select((s, i) => ($"{prefix}.{members[i].Name}", s));

    /// <summary>The gradients, in the order of <see cref="Parameters"/>.</summary>
    /// <exception cref="InvalidOperationException">A parameter took no part in the loss: a fault of the method.</exception>
    public Tensor[] Gradients() =>
        Array.ConvertAll(members, m => m.Value.grad ?? throw new InvalidOperationException($"The parameter '{m.Name}' has no gradient: the loss does not depend on it."));

    public void Reset()
    {
        using var scope = NewDisposeScope(); // zero_ gives a tensor of its own
        using var noGradient = no_grad();
        foreach (var tensor in state.SelectMany(s => s))
        {
            tensor.zero_();
        }
    }

    public void Dispose()
    {
        foreach (var tensor in state.SelectMany(s => s))
        {
            tensor.Dispose();
        }
    }
}
