using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Training;

/// <summary>A parameter by the name under which it is saved.</summary>
/// <param name="Name">The name, unique in its network.</param>
/// <param name="Value">The parameter.</param>
/// <param name="Decays">Whether weight decay applies to it.</param>
/// <param name="Rate">Multiplies the learning rate.</param>
public sealed record NamedParameter(string Name, Tensor Value, bool Decays, double Rate = 1);

/// <summary>An update rule whose state is plain tensors, named after the parameters that they belong to.</summary>
public interface IOptimiser : IDisposable
{
    /// <summary>Updates taken since the start or the last <see cref="Reset"/>.</summary>
    long Updates { get; set; }

    /// <summary>The state, to save and to copy saved values into.</summary>
    IReadOnlyList<(string Name, Tensor Value)> State { get; }

    /// <summary>One update of the parameters in place, from their gradients.</summary>
    /// <param name="learningRate">The step's learning rate.</param>
    void Step(double learningRate);

    /// <summary>Back to the state before the first update.</summary>
    void Reset();
}
