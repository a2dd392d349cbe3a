using Duet.Learning.Models.Fused;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>
/// A convolutional network without its classifier: stages conv1 to conv5, each readable. Made by <see cref="EncoderRegistry.Create"/>.
/// <para>
/// Video: <c>[batch, 3, time, height, width]</c> fp32, normalised, to <c>[batch, channels, time', height', width']</c>.
/// Audio: <c>[batch, 1, time, mels]</c> fp32 to <c>[batch, channels, time', mels']</c>. Any length and size, down to one frame and one pixel.
/// Outputs are fp32 in the channels-last memory format, whatever the input's strides; inputs that have it already are not copied.
/// </para>
/// </summary>
public abstract class Encoder : nn.Module<Tensor, Tensor>
{
    private Precision precision = Precision.Fp32;
    private FoldedPass? folded;

    /// <summary>Makes the base.</summary>
    /// <param name="modality">What it looks at.</param>
    /// <param name="options">Which network, and how large.</param>
    private protected Encoder(Modality modality, EncoderOptions options)
        : base(options.Name)
    {
        Modality = modality;
        Options = options;
    }

    /// <summary>What it looks at.</summary>
    public Modality Modality { get; }

    /// <summary>The network's name in the registry.</summary>
    public string Architecture => Options.Name;

    /// <summary>Which network, and how large.</summary>
    public EncoderOptions Options { get; }

    /// <summary>The stages that it has, first to last.</summary>
    public abstract IReadOnlyList<EncoderLayer> Layers { get; }

    /// <summary>Channels of the last stage's map.</summary>
    public int Channels => Layers[^1].Channels;

    /// <summary>What the convolutions compute in; <see cref="Models.Precision.Fp32"/> at first.</summary>
    /// <exception cref="ArgumentException"><see cref="Models.Precision.Auto"/>: resolve it first with <see cref="PrecisionPolicy.Resolve(Models.Precision, DeviceType)"/>.</exception>
    public Precision Precision
    {
        get => precision;
        set => precision = value is Precision.Fp32 or Precision.Bf16
            ? value
            : throw new ArgumentException("resolve the precision with PrecisionPolicy.Resolve first", nameof(value));
    }

    /// <summary>
    /// Whether training on a CPU keeps only the outputs of residual blocks and computes what is inside of them again for the gradient (activation checkpointing, Chen et al., arXiv
    /// 1604.06174): the same bits, less memory, about a quarter more time. Elsewhere it does nothing.
    /// </summary>
    public bool CheckpointActivations { get; set; }

    /// <summary>
    /// Goes over to evaluation mode and folds batch normalisation into the convolutions, where the network is on a CPU: inference is faster and rounds otherwise. The weights must not change
    /// until the folding ends; <see cref="nn.Module.train(bool)"/> ends nothing, but in training mode the fold is not used.
    /// </summary>
    /// <returns>Ends the folding.</returns>
    public IDisposable Fold()
    {
        eval();
        var fold = parameters().All(p => p.device_type == DeviceType.CPU && p.dtype == ScalarType.Float32)
            ? FoldedPass.Of(Stages.SelectMany(s => s), Precision == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32)
            : null;
        var before = folded;
        folded = fold;
        return new Folding(this, fold, before);
    }

    /// <summary>The last stage's map, unpooled.</summary>
    /// <param name="input">Clips or spectrograms.</param>
    public sealed override Tensor forward(Tensor input) => ForwardTo(input, Layers[^1].Name);

    /// <summary>A stage's map: later stages are not computed.</summary>
    /// <param name="input">Clips or spectrograms.</param>
    /// <param name="layer">The stage's name in <see cref="Layers"/>.</param>
    /// <exception cref="ArgumentException">There is no such stage, or the input's shape is not this modality's.</exception>
    public Tensor ForwardTo(Tensor input, string layer) => ForwardTo(input, [layer])[0];

    /// <summary>The maps of several stages from one pass: stages after the last of them are not computed.</summary>
    /// <param name="input">Clips or spectrograms.</param>
    /// <param name="layers">The stages' names in <see cref="Layers"/>, in any order.</param>
    /// <returns>A map per name, in their order; the same tensor for the same name.</returns>
    /// <exception cref="ArgumentException">There is no such stage, or the input's shape is not this modality's.</exception>
    public IReadOnlyList<Tensor> ForwardTo(Tensor input, IReadOnlyList<string> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        int[] wanted = [.. layers.Select(IndexOf)];
        CheckShape(input);
        using var scope = NewDisposeScope();
        var map = ChannelsLast.Ensure(Precision == Precision.Bf16 ? input.to(ScalarType.BFloat16) : input);
        var last = wanted.Max();
        var learning = is_grad_enabled() && (map.requires_grad || parameters().Any(p => p.requires_grad));
        if (learning && FusedPass.Takes(map) && Array.TrueForAll(wanted, w => w == last))
        {
            var output = Finished(EncoderFunction.Run([.. Stages.Take(last + 1).SelectMany(s => s)], map, CheckpointActivations));
            return [.. wanted.Select(_ => output)];
        }

        var fold = !learning && !training && folded?.Type == map.dtype ? folded : null;
        var maps = new Dictionary<int, Tensor>();
        for (var i = 0; i <= last; i++)
        {
            map = fold is not null ? fold.Run(Stages[i], map)
                : !learning && FusedPass.Takes(map) ? FusedPass.Run(Stages[i], map)
                : Stages[i].Aggregate(map, (m, block) => AutogradPass.Run(block, m));
            if (wanted.Contains(i))
            {
                maps.Add(i, Finished(map));
            }
        }

        return [.. wanted.Select(i => maps[i])];
    }

    /// <summary>The blocks of each stage.</summary>
    private protected abstract IReadOnlyList<IReadOnlyList<EncoderBlock>> Stages { get; }

    private Tensor Finished(Tensor map) => (Precision == Precision.Bf16 ? map.to(ScalarType.Float32) : map).MoveToOuterDisposeScope();

    private sealed class Folding(Encoder encoder, FoldedPass? fold, FoldedPass? before) : IDisposable
    {
        public void Dispose()
        {
            encoder.folded = before;
            fold?.Dispose();
        }
    }

    private int IndexOf(string layer)
    {
        for (var i = 0; i < Layers.Count; i++)
        {
            if (Layers[i].Name == layer)
            {
                return i;
            }
        }

        throw new ArgumentException($"{Architecture} has no layer '{layer}'; it has {string.Join(", ", Layers.Select(l => l.Name))}", nameof(layer));
    }

    private void CheckShape(Tensor input)
    {
        var (rank, channels, axes) = Modality == Modality.Video ? (5, 3, "[batch, 3, time, height, width]") : (4, 1, "[batch, 1, time, mels]");
        if (input.Dimensions != rank || input.shape[1] != channels || input.shape.Contains(0))
        {
            throw new ArgumentException($"{Architecture} takes {axes}, none of them 0, but was given [{string.Join(", ", input.shape)}]", nameof(input));
        }
    }
}
