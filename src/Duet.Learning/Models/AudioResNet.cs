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
    private readonly Convolution conv1;
    private readonly BatchNormalisation bn1;
    private readonly List<Chain> groups = [];

    /// <summary>Makes the network, uninitialised.</summary>
    /// <param name="options">Its size.</param>
    public AudioResNet(EncoderOptions options)
        : base(Modality.Audio, options)
    {
        var channels = PublishedChannels.Select(options.Scale).Take(options.Stages == 0 ? PublishedChannels.Length : options.Stages).ToArray();
        Layers = [.. channels.Select((c, i) => new EncoderLayer($"conv{i + 1}", c))];
        conv1 = new Convolution(1, channels[0], [7, 7], [2, 2], [3, 3]);
        bn1 = new BatchNormalisation(channels[0]);
        register_module(nameof(conv1), conv1);
        register_module(nameof(bn1), bn1);
        for (var i = 1; i < channels.Length; i++)
        {
            var stride = i == 1 ? 1 : 2;
            var blocks = new nn.Module<Tensor, Tensor>[BlocksPerStage];
            for (var b = 0; b < BlocksPerStage; b++)
            {
                var (input, step) = b == 0 ? (channels[i - 1], stride) : (channels[i], 1);
                var downsample = step == 1 && input == channels[i]
                    ? null
                    : new Chain(new Convolution(input, channels[i], [1, 1], [step, step], [0, 0]), new BatchNormalisation(channels[i]));
                blocks[b] = ResidualBlock.Picture(input, channels[i], step, downsample);
            }

            groups.Add(new Chain(blocks));
            register_module($"layer{i}", groups[^1]);
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<EncoderLayer> Layers { get; }

    private protected override Tensor Stage(int index, Tensor map) => index switch
    {
        0 => bn1.forward(conv1.forward(map)).relu_(),
        1 => groups[0].forward(nn.functional.max_pool2d(map, 3, 2, 1)),
        _ => groups[index - 1].forward(map),
    };
}
