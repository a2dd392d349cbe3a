using Duet.Learning.Models;
using Duet.Learning.Native;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation;

/// <summary>
/// Gives an untrained network the running statistics that it would have on real clips: their mean over batches. At
/// initialisation they are 0 and 1, which is no network that anybody would train or use, and a baseline too easy to beat.
/// </summary>
internal sealed class BatchNormCalibration
{
    private readonly Encoder encoder;
    private readonly (Tensor Running, Tensor Sum)[] statistics;
    private int batches;

    /// <summary>Finds the network's running statistics.</summary>
    public BatchNormCalibration(Encoder encoder)
    {
        this.encoder = encoder;
        statistics = [.. encoder.named_buffers()
            .Where(b => b.name.EndsWith("running_mean", StringComparison.Ordinal) || b.name.EndsWith("running_var", StringComparison.Ordinal))
            .Select(b => (b.buffer, zeros_like(b.buffer, ScalarType.Float64).DetachFromDisposeScope()))];
    }

    /// <summary>Takes one batch in.</summary>
    /// <param name="input">Clips or spectrograms.</param>
    public void Add(Tensor input)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        foreach (var (running, _) in statistics)
        {
            running.zero_();
        }

        encoder.train();
        encoder.forward(input);
        encoder.eval();
        foreach (var (running, sum) in statistics)
        {
            // From zero, one batch leaves momentum times its own statistics.
            sum.AddInPlace(running.to_type(ScalarType.Float64).Over(BatchNormalisation.Momentum));
        }

        batches++;
    }

    /// <summary>As <see cref="Apply"/>, but where there was no batch the network keeps the statistics that it starts with.</summary>
    public void ApplyIfAny()
    {
        if (batches > 0)
        {
            Apply();
        }
    }

    /// <summary>Sets the running statistics to the mean over the batches.</summary>
    /// <exception cref="InvalidOperationException">There was no batch.</exception>
    public void Apply()
    {
        if (batches == 0)
        {
            throw new InvalidOperationException("There was no batch to calibrate by.");
        }

        using var scope = NewDisposeScope();
        using var none = no_grad();
        foreach (var (running, sum) in statistics)
        {
            running.copy_(sum.Over(batches).to_type(running.dtype));
            sum.Dispose();
        }

        foreach (var (_, counter) in encoder.named_buffers().Where(b => b.name.EndsWith("num_batches_tracked", StringComparison.Ordinal)))
        {
            counter.zero_(); // these batches taught nothing
        }
    }
}
