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
    private readonly List<nn.Module<Tensor, Tensor>> stages = [];
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
        Add("stem", Stem(channels[0], factoredStem), channels[0]);
        var count = options.Stages == 0 ? channels.Length : options.Stages;
        for (var i = 1; i < count; i++)
        {
            var stride = i == 1 ? 1 : 2;
            var blocks = new nn.Module<Tensor, Tensor>[BlocksPerStage];
            for (var b = 0; b < BlocksPerStage; b++)
            {
                blocks[b] = Block(kinds[i - 1], b == 0 ? channels[i - 1] : channels[i], channels[i], b == 0 ? stride : 1);
            }

            Add($"layer{i}", new Chain(blocks), channels[i]);
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

    private protected override Tensor Stage(int index, Tensor map) => stages[index].forward(map);

    private Chain Stem(int channels, bool factored)
    {
        if (!factored)
        {
            return new Chain(new Convolution(3, channels, [3, 7, 7], [1, 2, 2], [1, 3, 3]), Normalise(channels), new InPlaceRelu());
        }

        var middle = Options.Scale(45);
        return new Chain(
            new Convolution(3, middle, [1, 7, 7], [1, 2, 2], [0, 3, 3]),
            Normalise(middle),
            new InPlaceRelu(),
            new Convolution(middle, channels, [3, 1, 1], [1, 1, 1], [1, 0, 0]),
            Normalise(channels),
            new InPlaceRelu());
    }

    private ResidualBlock Block(ConvolutionKind kind, int input, int output, int stride)
    {
        // One number per block, from its input: torchvision's rule.
        var first = Middle(input, output);
        var second = released ? Middle(output, output) : first;
        Chain? downsample = null;
        if (stride != 1 || input != output)
        {
            var time = kind == ConvolutionKind.Flat ? 1 : stride;
            downsample = new Chain(new Convolution(input, output, [1, 1, 1], [time, stride, stride], [0, 0, 0]), Normalise(output));
        }

        return ResidualBlock.Video(Convolve(kind, input, output, first, stride), Convolve(kind, output, output, second, 1), output, downsample, Epsilon);
    }

    /// <summary>Middle channels that give a factored convolution a full one's number of weights.</summary>
    private int Middle(int input, int output)
    {
        var middle = (int)((long)input * output * 27 / ((input * 9) + (3 * output)));
        return Options.Width == 1.0 ? middle : Math.Max(8, 8 * (int)Math.Round(middle / 8.0, MidpointRounding.AwayFromZero));
    }

    private BatchNormalisation Normalise(int channels) => new(channels, Epsilon);

    private nn.Module<Tensor, Tensor> Convolve(ConvolutionKind kind, int input, int output, int middle, int stride) => kind switch
    {
        ConvolutionKind.Full => new Convolution(input, output, [3, 3, 3], [stride, stride, stride], [1, 1, 1]),
        ConvolutionKind.Flat => new Convolution(input, output, [1, 3, 3], [1, stride, stride], [0, 1, 1]),
        _ => new Chain(
            new Convolution(input, middle, [1, 3, 3], [1, stride, stride], [0, 1, 1]),
            Normalise(middle),
            new InPlaceRelu(),
            new Convolution(middle, output, [3, 1, 1], [stride, 1, 1], [1, 0, 0])),
    };

    private void Add(string name, nn.Module<Tensor, Tensor> stage, int channels)
    {
        stages.Add(stage);
        layers.Add(new EncoderLayer($"conv{stages.Count}", channels));
        register_module(name, stage);
    }
}
