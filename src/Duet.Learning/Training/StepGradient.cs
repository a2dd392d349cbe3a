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
    private readonly List<Tensor> values = [];
    private readonly List<int> counted = [];

    /// <summary>What a batch measured, by name: <c>loss</c> first.</summary>
    public string[] Names { get; private set; } = [];

    /// <summary>Batch by batch the numbers of <see cref="Names"/>, <c>[names]</c>, fp64, where they were computed.</summary>
    public IReadOnlyList<Tensor> Values => values;

    /// <summary>How many clips each batch's numbers are means over.</summary>
    public int[] Clips => [.. counted];

    /// <summary>Adds a batch's gradient to the parameters'.</summary>
    /// <param name="result">What the method gave. Its numbers are copied into the dispose scope around the present one.</param>
    public void Add(StepResult result)
    {
        Names = ["loss", .. result.Metrics.Select(m => m.Key)];
        using (no_grad())
        {
            values.Add(stack([result.Loss.detach().to(ScalarType.Float64), .. result.Metrics.Select(m => m.Value.to(ScalarType.Float64))]).MoveToOuterDisposeScope());
        }

        counted.Add(result.Clips);

        // A step of one batch is its mean already: nothing is multiplied, so nothing is rounded.
        (batches == 1 ? result.Loss : result.Loss.Times((double)result.Clips / clips)).backward();
    }

    /// <summary>Called after the last batch: makes up for clips that did not count.</summary>
    public void Complete()
    {
        var known = counted.Sum(c => (long)c);
        if (batches == 1 || known == clips || known == 0)
        {
            return;
        }

        using var noGradient = no_grad();
        foreach (var parameter in parameters)
        {
            parameter.grad?.MultiplyInPlace((double)clips / known);
        }
    }
}
