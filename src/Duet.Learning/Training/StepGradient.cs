using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Training;

/// <summary>
/// The gradient of one step from the batches that it is made of: each batch's loss is a mean over clips, and counts by its share of the step's clips, so
/// that the sum is the gradient of one batch of all of them.
/// </summary>
/// <param name="parameters">What learns.</param>
/// <param name="batches">Batches of a step.</param>
/// <param name="clips">Clips of a step, unreadable ones included.</param>
internal sealed class StepGradient(Tensor[] parameters, int batches, int clips)
{
    private readonly Dictionary<string, double> sums = new(StringComparer.Ordinal);
    private double loss;
    private long counted;

    /// <summary>The step's loss: the mean over the clips that count.</summary>
    public double Loss => batches == 1 ? loss : loss / Math.Max(1, counted);

    /// <summary>What was measured beside it, in the order in which the first batch gave it.</summary>
    public IEnumerable<KeyValuePair<string, double>> Numbers => batches == 1 ? sums : sums.Select(s => KeyValuePair.Create(s.Key, s.Value / Math.Max(1, counted)));

    /// <summary>Adds a batch's gradient to the parameters'.</summary>
    /// <param name="result">What the method gave.</param>
    /// <param name="value">Its loss as a number.</param>
    public void Add(StepResult result, double value)
    {
        // A step of one batch is its mean already: nothing is multiplied, so nothing is rounded.
        var weight = batches == 1 ? 1 : result.Clips;
        loss += value * weight;
        counted += result.Clips;
        foreach (var (name, number) in result.Metrics)
        {
            sums[name] = sums.GetValueOrDefault(name) + (number * weight);
        }

        (batches == 1 ? result.Loss : result.Loss.Times((double)result.Clips / clips)).backward();
    }

    /// <summary>Called after the last batch: makes up for clips that did not count.</summary>
    public void Complete()
    {
        if (batches == 1 || counted == clips || counted == 0)
        {
            return;
        }

        using var noGradient = no_grad();
        foreach (var parameter in parameters)
        {
            parameter.grad?.MultiplyInPlace((double)clips / counted);
        }
    }
}
