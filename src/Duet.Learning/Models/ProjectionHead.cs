using Duet.Data;
using Duet.Learning.Native;
using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>
/// AVTS's fc6 and fc7 (figure 1) over an encoder's map <c>[batch, channels, time, ...]</c>: averaged over everything but time, time
/// averaged into <see cref="HeadOptions.TimeBins"/> bins, flattened (or each bin by itself: <see cref="HeadOptions.SharedOverTime"/>), fc6, (batch normalisation,) ReLU, fc7, (batch normalisation): <c>[batch, embedding]</c>.
/// Bin <c>b</c> of <c>n</c> averages the steps from <c>floor(b T / n)</c> to <c>ceil((b + 1) T / n)</c>, exclusive, as PyTorch's adaptive
/// pooling does; where there are fewer steps than bins, bins share steps.
/// </summary>
public sealed class ProjectionHead : nn.Module<Tensor, Tensor>
{
    private readonly HeadOptions options;
    private readonly int channels;
    private readonly Linear fc6;
    private readonly BatchNormalisation? bn6;
    private readonly Linear fc7;
    private readonly BatchNormalisation? bn7;

    /// <summary>Makes it with its first weights.</summary>
    /// <param name="channels">Channels of the encoder's map.</param>
    /// <param name="options">Its sizes.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="key">Its name, unique in the run (<c>video.head</c>): two heads of a run must not start alike.</param>
    /// <exception cref="UsageException">An option does not hold.</exception>
    public ProjectionHead(int channels, HeadOptions options, long seed, string key)
        : base(nameof(ProjectionHead))
    {
        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new UsageException($"The head's {error.Property} is wrong: {error.Message}.");
        }

        TorchRuntime.EnsureLoaded();
        this.options = options;
        this.channels = channels;
        var inputs = options.SharedOverTime ? channels : (long)channels * options.TimeBins;
        fc6 = new Linear(inputs, options.Hidden, Math.Sqrt(2.0 / inputs), seed, $"{key}.fc6");
        fc7 = new Linear(options.Hidden, options.Embedding, Math.Sqrt(1.0 / options.Hidden), seed, $"{key}.fc7");
        register_module(nameof(fc6), fc6);
        if (options.BatchNorm)
        {
            bn6 = new BatchNormalisation(options.Hidden);
            register_module(nameof(bn6), bn6);
        }

        register_module(nameof(fc7), fc7);
        if (options.BatchNorm)
        {
            bn7 = new BatchNormalisation(options.Embedding);
            register_module(nameof(bn7), bn7);
        }
    }

    /// <summary>Its sizes.</summary>
    public HeadOptions Options => options;

    /// <summary>The embedding of each map.</summary>
    /// <param name="input"><c>[batch, channels, time, height, width]</c> or <c>[batch, channels, time, mels]</c>.</param>
    /// <returns><c>[batch, embedding]</c>, fp32; with <see cref="HeadOptions.SharedOverTime"/> <c>[batch, time_bins * embedding]</c>.</returns>
    /// <exception cref="ArgumentException">The map has another number of channels or axes.</exception>
    public override Tensor forward(Tensor input)
    {
        if (input.Dimensions is not (4 or 5) || input.shape[1] != channels)
        {
            throw new ArgumentException($"the head takes [batch, {channels}, time, ...] but was given [{string.Join(", ", input.shape)}]", nameof(input));
        }

        using var scope = NewDisposeScope();
        var overTime = input.Dimensions == 5 ? input.mean([3, 4]) : input.mean([3]);
        var bins = nn.functional.adaptive_avg_pool1d(overTime, options.TimeBins);
        var hidden = fc6.forward(options.SharedOverTime ? bins.transpose(1, 2).reshape(-1, channels) : bins.flatten(1));
        if (bn6 is not null)
        {
            hidden = bn6.forward(hidden);
        }

        var embedding = fc7.forward(hidden.relu());
        if (bn7 is not null)
        {
            embedding = bn7.forward(embedding);
        }

        if (options.SharedOverTime)
        {
            embedding = embedding.reshape(input.shape[0], options.EmbeddingSize());
        }

        if (options.Normalise == EmbeddingNormalisation.L2)
        {
            embedding = nn.functional.normalize(embedding);
        }

        return (options.Scale == 1.0 ? embedding : embedding.Times(options.Scale)).MoveToOuterDisposeScope();
    }
}
