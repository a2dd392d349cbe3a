using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>
/// XDC's audio network (section 3): ResNet-18 on a spectrogram as a picture of one channel, name for name torchvision's
/// <c>resnet18</c> but for the channel of <c>conv1</c>. conv1 is the 7x7 convolution with stride 2; conv2 starts with the max-pool
/// and is <c>layer1</c>; conv3 to conv5 are <c>layer2</c> to <c>layer4</c>. The paper's 100 x 40 gives 64x50x20, 64x25x10, 128x13x5,
/// 256x7x3 and 512x4x2.
/// </summary>
internal sealed class AudioResNet : Encoder
{
    private const int BlocksPerStage = 2;
    private static readonly int[] PublishedChannels = [64, 64, 128, 256, 512];
    private readonly List<IReadOnlyList<EncoderBlock>> stages = [];

    /// <summary>Makes the network, uninitialised.</summary>
    /// <param name="options">Its size.</param>
    public AudioResNet(EncoderOptions options)
        : base(Modality.Audio, options)
    {
        var channels = PublishedChannels.Select(options.Scale).Take(options.Stages == 0 ? PublishedChannels.Length : options.Stages).ToArray();
        Layers = [.. channels.Select((c, i) => new EncoderLayer($"conv{i + 1}", c))];
        var stem = Unit(1, channels[0], 7, 2);
        register_module("conv1", stem.Convolution);
        register_module("bn1", stem.Norm);
        stages.Add([new EncoderBlock.Single(stem)]);
        for (var i = 1; i < channels.Length; i++)
        {
            var stride = i == 1 ? 1 : 2;
            var parts = new Parts[BlocksPerStage];
            List<EncoderBlock> blocks = i == 1 ? [new EncoderBlock.Pool()] : [];
            for (var b = 0; b < BlocksPerStage; b++)
            {
                var (input, step) = b == 0 ? (channels[i - 1], stride) : (channels[i], 1);
                (parts[b], var block) = Block(input, channels[i], step);
                blocks.Add(block);
            }

            stages.Add(blocks);
            register_module($"layer{i}", Parts.Numbered([.. parts]));
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<EncoderLayer> Layers { get; }

    private protected override IReadOnlyList<IReadOnlyList<EncoderBlock>> Stages => stages;

    /// <summary>torchvision's basic block: <c>conv1</c>, <c>bn1</c>, <c>conv2</c>, <c>bn2</c>, <c>downsample.0</c>, <c>downsample.1</c>.</summary>
    private static (Parts Parts, EncoderBlock Block) Block(int input, int output, int stride)
    {
        var (first, second) = (Unit(input, output, 3, stride), Unit(output, output, 3, 1));
        var parts = new List<(string, nn.Module)> { ("conv1", first.Convolution), ("bn1", first.Norm), ("conv2", second.Convolution), ("bn2", second.Norm) };
        ConvolutionUnit? projection = null;
        if (stride != 1 || input != output)
        {
            projection = Unit(input, output, 1, stride, relu: false);
            parts.Add(("downsample", Parts.Numbered(projection.Convolution, projection.Norm)));
        }

        return (new Parts([.. parts]), new EncoderBlock.Residual([first, second], projection));
    }

    private static ConvolutionUnit Unit(int input, int output, int kernel, int stride, bool relu = true) =>
        new(new Convolution(input, output, [kernel, kernel], [stride, stride], [kernel / 2, kernel / 2]), new BatchNormalisation(output), relu);
}
