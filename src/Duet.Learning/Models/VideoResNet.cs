using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>
/// The 18-layer video residual networks of Tran et al. (arXiv 1711.11248), stage for stage and name for name torchvision's:
/// conv1 is <c>stem</c>, conv2 to conv5 are <c>layer1</c> to <c>layer4</c>. For a clip <c>[batch, 3, T, H, W]</c> at width 1:
/// <list type="bullet">
/// <item>conv1 <c>[64, T, H/2, W/2]</c>, conv2 the same; conv3 <c>[128, T3, H/4, W/4]</c>, conv4 <c>[256, T4, H/8, W/8]</c>, conv5 <c>[512, T5, H/16, W/16]</c>, sizes rounded up;</item>
/// <item><c>r3d_18</c> and <c>r2plus1d_18</c> halve time at conv3, conv4 and conv5; <c>mc2_18</c> and <c>mc3_18</c> keep it, as their later convolutions see one frame each.</item>
/// </list>
/// </summary>
internal sealed class VideoResNet : Encoder
{
    private const int BlocksPerStage = 2;
    private static readonly int[] PublishedChannels = [64, 64, 128, 256, 512];
    private readonly List<IReadOnlyList<EncoderBlock>> stages = [];
    private readonly List<EncoderLayer> layers = [];
    private readonly bool released;

    /// <summary>Makes the network, uninitialised.</summary>
    /// <param name="options">Its size.</param>
    /// <param name="kinds">The kind of convolution of conv2 to conv5.</param>
    /// <param name="factoredStem">Whether conv1 is factored too, as R(2+1)D has it.</param>
    /// <param name="released">
    /// Whether it is the network of XDC's released weights, which Caffe2 made: normalisations add 1e-3, and a factored convolution's
    /// middle channels are counted from its own input, not its block's.
    /// </param>
    public VideoResNet(EncoderOptions options, IReadOnlyList<ConvolutionKind> kinds, bool factoredStem, bool released = false)
        : base(Modality.Video, options)
    {
        this.released = released;
        var channels = PublishedChannels.Select(options.Scale).ToArray();
        var (stem, units) = Stem(channels[0], factoredStem);
        Add("stem", stem, [.. units.Select(u => new EncoderBlock.Single(u))], channels[0]);
        var count = options.Stages == 0 ? channels.Length : options.Stages;
        for (var i = 1; i < count; i++)
        {
            var stride = i == 1 ? 1 : 2;
            var parts = new Parts[BlocksPerStage];
            var blocks = new EncoderBlock[BlocksPerStage];
            for (var b = 0; b < BlocksPerStage; b++)
            {
                (parts[b], blocks[b]) = Block(kinds[i - 1], b == 0 ? channels[i - 1] : channels[i], channels[i], b == 0 ? stride : 1);
            }

            Add($"layer{i}", Parts.Numbered([.. parts]), blocks, channels[i]);
        }
    }

    /// <summary>How a block's convolutions see time.</summary>
    public enum ConvolutionKind
    {
        /// <summary>3x3x3.</summary>
        Full,

        /// <summary>1x3x3: each frame alone; time is never strided.</summary>
        Flat,

        /// <summary>1x3x3, normalised, ReLU, then 3x1x1: R(2+1)D.</summary>
        Factored,
    }

    /// <inheritdoc/>
    public override IReadOnlyList<EncoderLayer> Layers => layers;

    private double Epsilon => released ? BatchNormalisation.Caffe2Epsilon : BatchNormalisation.PyTorchEpsilon;

    private protected override IReadOnlyList<IReadOnlyList<EncoderBlock>> Stages => stages;

    private (Parts Parts, IReadOnlyList<ConvolutionUnit> Units) Stem(int channels, bool factored)
    {
        if (!factored)
        {
            var unit = Unit(new Convolution(3, channels, [3, 7, 7], [1, 2, 2], [1, 3, 3]), channels);
            return (Parts.Numbered(unit.Convolution, unit.Norm), [unit]);
        }

        var middle = Options.Scale(45);
        var space = Unit(new Convolution(3, middle, [1, 7, 7], [1, 2, 2], [0, 3, 3]), middle);
        var time = Unit(new Convolution(middle, channels, [3, 1, 1], [1, 1, 1], [1, 0, 0]), channels);
        return (Parts.Numbered(space.Convolution, space.Norm, null, time.Convolution, time.Norm), [space, time]);
    }

    /// <summary>torchvision's basic block: <c>conv1.0</c>, <c>conv1.1</c>, <c>conv2.0</c>, <c>conv2.1</c>, <c>downsample.0</c>, <c>downsample.1</c>.</summary>
    private (Parts Parts, EncoderBlock Block) Block(ConvolutionKind kind, int input, int output, int stride)
    {
        // One number per block, from its input: torchvision's rule.
        var first = Middle(input, output);
        var second = released ? Middle(output, output) : first;
        var (conv1, units1) = Convolve(kind, input, output, first, stride);
        var (conv2, units2) = Convolve(kind, output, output, second, 1);
        var parts = new List<(string, nn.Module)> { ("conv1", conv1), ("conv2", conv2) };
        ConvolutionUnit? projection = null;
        if (stride != 1 || input != output)
        {
            var time = kind == ConvolutionKind.Flat ? 1 : stride;
            projection = Unit(new Convolution(input, output, [1, 1, 1], [time, stride, stride], [0, 0, 0]), output, relu: false);
            parts.Add(("downsample", Parts.Numbered(projection.Convolution, projection.Norm)));
        }

        return (new Parts([.. parts]), new EncoderBlock.Residual([.. units1, .. units2], projection));
    }

    /// <summary>Middle channels that give a factored convolution a full one's number of weights.</summary>
    private int Middle(int input, int output)
    {
        var middle = (int)((long)input * output * 27 / ((input * 9) + (3 * output)));
        return Options.Width == 1.0 ? middle : Math.Max(8, 8 * (int)Math.Round(middle / 8.0, MidpointRounding.AwayFromZero));
    }

    private ConvolutionUnit Unit(Convolution convolution, int channels, bool relu = true) => new(convolution, new BatchNormalisation(channels, Epsilon), relu);

    /// <summary>A convolution of a block, or the two of a factored one, which stand a level deeper.</summary>
    private (Parts Parts, IReadOnlyList<ConvolutionUnit> Units) Convolve(ConvolutionKind kind, int input, int output, int middle, int stride)
    {
        if (kind == ConvolutionKind.Factored)
        {
            var space = Unit(new Convolution(input, middle, [1, 3, 3], [1, stride, stride], [0, 1, 1]), middle);
            var time = Unit(new Convolution(middle, output, [3, 1, 1], [stride, 1, 1], [1, 0, 0]), output);
            return (Parts.Numbered(Parts.Numbered(space.Convolution, space.Norm, null, time.Convolution), time.Norm), [space, time]);
        }

        var unit = kind == ConvolutionKind.Full
            ? Unit(new Convolution(input, output, [3, 3, 3], [stride, stride, stride], [1, 1, 1]), output)
            : Unit(new Convolution(input, output, [1, 3, 3], [1, stride, stride], [0, 1, 1]), output);
        return (Parts.Numbered(unit.Convolution, unit.Norm), [unit]);
    }

    private void Add(string name, Parts parts, IReadOnlyList<EncoderBlock> blocks, int channels)
    {
        stages.Add(blocks);
        layers.Add(new EncoderLayer($"conv{stages.Count}", channels));
        register_module(name, parts);
    }
}
