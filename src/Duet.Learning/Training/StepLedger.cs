using static TorchSharp.torch;

namespace Duet.Learning.Training;

/// <summary>What a step measured, as numbers.</summary>
/// <param name="Step">The step, from 1.</param>
/// <param name="Loss">The mean over the clips that count.</param>
/// <param name="Numbers">The loss and what was measured beside it, in the order in which the first batch gave it.</param>
internal sealed record StepReading(long Step, double Loss, IReadOnlyList<KeyValuePair<string, double>> Numbers);

/// <summary>
/// What steps measured, where it was computed, until somebody reads it: to read is to wait for the device. On a CPU the loop reads after every step; on a GPU only where numbers are written
/// down, so that the host gives its orders ahead and the GPU never waits for them.
/// </summary>
internal sealed class StepLedger : IDisposable
{
    private readonly List<Entry> waiting = [];

    /// <summary>Whether a step waits to be read.</summary>
    public bool HasUnread => waiting.Count > 0;

    /// <summary>Takes a step.</summary>
    /// <param name="step">The step, from 1.</param>
    /// <param name="gradient">What it gathered. Its tensors go over to the ledger.</param>
    /// <param name="norm">The gradient's length before it was clipped, a tensor of one; null where it is not.</param>
    public void Add(long step, StepGradient gradient, Tensor? norm)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var none = no_grad();
        var values = norm is null ? gradient.Values : [.. gradient.Values, norm.to(ScalarType.Float64).reshape(1)];
        waiting.Add(new Entry(step, gradient.Names, gradient.Clips, norm is not null, cat([.. values]).DetachFromDisposeScope()));
    }

    /// <summary>Reads all that is waiting, in the order of the steps.</summary>
    public IReadOnlyList<StepReading> Read()
    {
        if (waiting.Count == 0)
        {
            return [];
        }

        using var scope = TorchSharp.torch.NewDisposeScope();
        var values = cat([.. waiting.Select(e => e.Values)]).cpu().data<double>().ToArray().AsSpan();
        var readings = new List<StepReading>(waiting.Count);
        foreach (var entry in waiting)
        {
            readings.Add(entry.Read(values[..(int)entry.Values.shape[0]]));
            values = values[(int)entry.Values.shape[0]..];
        }

        Dispose();
        return readings;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        waiting.ForEach(e => e.Values.Dispose());
        waiting.Clear();
    }

    /// <summary>One step.</summary>
    /// <param name="Step">The step.</param>
    /// <param name="Names">The names of a batch's numbers, <c>loss</c> first.</param>
    /// <param name="Clips">How many clips each batch's numbers are means over.</param>
    /// <param name="IsClipped">Whether the gradient's length stands at the end.</param>
    /// <param name="Values">Batch by batch, <c>[batches * names]</c> or one more, fp64.</param>
    private sealed record Entry(long Step, string[] Names, int[] Clips, bool IsClipped, Tensor Values)
    {
        public StepReading Read(ReadOnlySpan<double> values)
        {
            var numbers = new List<KeyValuePair<string, double>>(Names.Length + 1);
            for (var n = 0; n < Names.Length; n++)
            {
                numbers.Add(new(Names[n], Clips.Length == 1 ? values[n] : Mean(values, n)));
            }

            var loss = numbers[0].Value;
            if (IsClipped)
            {
                numbers.Add(new("gradient_norm", values[^1]));
            }

            return new StepReading(Step, loss, numbers);
        }

        /// <summary>A batch counts by its clips.</summary>
        private double Mean(ReadOnlySpan<double> values, int name)
        {
            var sum = 0.0;
            for (var b = 0; b < Clips.Length; b++)
            {
                sum += values[(b * Names.Length) + name] * Clips[b];
            }

            return sum / Math.Max(1, Clips.Sum(c => (long)c));
        }
    }
}
