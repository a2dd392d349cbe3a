using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>
/// AVTS's audio network (section 3): the VGG-M-like network of SyncNet's audio branch (Chung and Zisserman 2016), five 3x3
/// convolutions of 64, 192, 384, 256 and 256 channels, each normalised, with ReLU. SyncNet is sized for 13 x 20 coefficients and
/// hardly pools; the paper does not say how AVTS pools its larger input. Here conv1, conv2 and conv5 end with a 3x3 max-pool of
/// stride 2 (VGG-M's places), so that any <c>time x mels</c> will do: 100 x 40 gives 64x50x20, 192x25x10, 384x25x10, 256x25x10 and
/// 256x13x5.
/// </summary>
internal sealed class VggM : Encoder
{
    private static readonly (int Channels, bool Pool)[] Plan = [(64, true), (192, true), (384, false), (256, false), (256, true)];
    private readonly List<IReadOnlyList<EncoderBlock>> stages = [];

    /// <summary>Makes the network, uninitialised.</summary>
    /// <param name="options">Its size.</param>
    public VggM(EncoderOptions options)
        : base(Modality.Audio, options)
    {
        var count = options.Stages == 0 ? Plan.Length : options.Stages;
        Layers = [.. Plan.Take(count).Select((p, i) => new EncoderLayer($"conv{i + 1}", options.Scale(p.Channels)))];
        var input = 1;
        foreach (var (layer, plan) in Layers.Zip(Plan))
        {
            var unit = new ConvolutionUnit(new Convolution(input, layer.Channels, [3, 3], [1, 1], [1, 1]), new BatchNormalisation(layer.Channels));
            var single = new EncoderBlock.Single(unit);
            stages.Add(plan.Pool ? [single, new EncoderBlock.Pool()] : [single]);
            register_module(layer.Name, Parts.Numbered(unit.Convolution, unit.Norm));
            input = layer.Channels;
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<EncoderLayer> Layers { get; }

    private protected override IReadOnlyList<IReadOnlyList<EncoderBlock>> Stages => stages;
}
