namespace Duet.Learning.Models;

/// <summary>What one convolution of a network costs.</summary>
/// <param name="Layer">The stage it belongs to, <c>conv1</c> to <c>conv5</c>.</param>
/// <param name="Weights">Its weights.</param>
/// <param name="Macs">Multiply-adds of one input's forward pass.</param>
/// <param name="Output">Its output without the batch: <c>[channels, time, height, width]</c> or <c>[channels, time, mels]</c>.</param>
public sealed record ConvolutionCost(string Layer, long Weights, long Macs, IReadOnlyList<long> Output);

/// <summary>
/// What a network's convolutions cost, counted from their shapes; nothing is built or run. Batch normalisation, ReLU, pooling and linear layers are left out: their
/// arithmetic is below a hundredth of it, though not their memory traffic.
/// <para>Counted so, <c>r2plus1d_18</c> on 16x112x112 takes 40.5 G multiply-adds, <c>r3d_18</c> 40.7 G and <c>mc3_18</c> 43.3 G, as torchvision publishes them.</para>
/// </summary>
public static class NetworkCost
{
    /// <summary>Multiply-adds of one input's forward pass through the whole encoder.</summary>
    /// <param name="options">Which network, and how large.</param>
    /// <param name="size">One input: <c>[time, height, width]</c> of a clip, <c>[time, mels]</c> of a spectrogram.</param>
    /// <exception cref="ArgumentException">There is no such network, or the size is not of its modality.</exception>
    public static long ForwardMacs(EncoderOptions options, IReadOnlyList<long> size) => Convolutions(options, size).Sum(c => c.Macs);

    /// <summary>Floating-point operations of one input's forward pass: two for each multiply-add.</summary>
    /// <inheritdoc cref="ForwardMacs" path="/param|/exception"/>
    public static long ForwardFlops(EncoderOptions options, IReadOnlyList<long> size) => 2 * ForwardMacs(options, size);

    /// <summary>
    /// Floating-point operations of one input's share of a training step: forward, and backward once more for the inputs and once more for the weights. Nobody
    /// asks for the gradient of what came in, so the first convolution goes without it.
    /// </summary>
    /// <inheritdoc cref="ForwardMacs" path="/param|/exception"/>
    public static long TrainingFlops(EncoderOptions options, IReadOnlyList<long> size)
    {
        var all = Convolutions(options, size);
        return 2 * ((3 * all.Sum(c => c.Macs)) - all[0].Macs);
    }

    /// <summary>Weights of all convolutions.</summary>
    /// <param name="options">Which network, and how large.</param>
    /// <exception cref="ArgumentException">There is no such network.</exception>
    public static long Weights(EncoderOptions options) =>
        Convolutions(options, EncoderRegistry.Find((options ?? throw new ArgumentNullException(nameof(options))).Name)?.Modality == Modality.Audio ? [1, 1] : [1, 1, 1]).Sum(c => c.Weights);

    /// <summary>Every convolution, in the order of the forward pass; a block's projection comes after its own two.</summary>
    /// <inheritdoc cref="ForwardMacs" path="/param|/exception"/>
    public static IReadOnlyList<ConvolutionCost> Convolutions(EncoderOptions options, IReadOnlyList<long> size)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(size);
        var entry = EncoderRegistry.Find(options.Name) ?? throw new ArgumentException($"there is no network '{options.Name}'", nameof(options));
        var axes = entry.Modality == Modality.Video ? 3 : 2;
        if (size.Count != axes || size.Any(s => s < 1))
        {
            throw new ArgumentException($"{options.Name} takes {(axes == 3 ? "[time, height, width]" : "[time, mels]")}, none of them below 1, not [{string.Join(", ", size)}]", nameof(size));
        }

        var tally = new Tally(axes == 3 ? 3 : 1, [.. size]);
        switch (options.Name)
        {
            case "vgg_m":
                VggM(tally, options);
                break;
            case "resnet18_audio":
                ResNet(tally, options, [0, 0, 0, 0]);
                break;
            case "mc2_18":
                ResNet(tally, options, [1, 1, 1, 1]);
                break;
            case "mc3_18":
                ResNet(tally, options, [3, 1, 1, 1]);
                break;
            case "r3d_18":
                ResNet(tally, options, [3, 3, 3, 3]);
                break;
            case "r2plus1d_18":
                ResNet(tally, options, [Factored, Factored, Factored, Factored]);
                break;
            case "r2plus1d_18_xdc":
                ResNet(tally, options, [Factored, Factored, Factored, Factored], released: true);
                break;
            default:
                throw new ArgumentException($"what {options.Name} costs is not known", nameof(options));
        }

        return tally.Costs;
    }

    /// <summary>In place of the frames under a kernel: 1x3x3 and then 3x1x1.</summary>
    private const int Factored = -1;

    private static int StagesOf(EncoderOptions options) => options.Stages == 0 ? EncoderOptions.MaximumStages : options.Stages;

    private static void VggM(Tally tally, EncoderOptions options)
    {
        foreach (var (channels, pool) in new[] { (64, true), (192, true), (384, false), (256, false), (256, true) }.Take(StagesOf(options)))
        {
            tally.Stage();
            tally.Convolve(options.Scale(channels), [3, 3], [1, 1]);
            if (pool)
            {
                tally.Pool();
            }
        }
    }

    /// <summary>ResNet-18; per stage after the first the frames under its kernels: 0 for pictures, which have no time axis of their own. Released: each factored convolution's middle planes are counted from its own input.</summary>
    private static void ResNet(Tally tally, EncoderOptions options, int[] frames, bool released = false)
    {
        int[] channels = [.. new[] { 64, 64, 128, 256, 512 }.Select(options.Scale)];
        tally.Stage();
        switch (frames[0])
        {
            case 0:
                tally.Convolve(channels[0], [7, 7], [2, 2]);
                break;
            case Factored:
                tally.Convolve(options.Scale(45), [1, 7, 7], [1, 2, 2]);
                tally.Convolve(channels[0], [3, 1, 1], [1, 1, 1]);
                break;
            default:
                tally.Convolve(channels[0], [3, 7, 7], [1, 2, 2]);
                break;
        }

        for (var stage = 1; stage < StagesOf(options); stage++)
        {
            tally.Stage();
            if (stage == 1 && frames[0] == 0)
            {
                tally.Pool();
            }

            var stride = stage == 1 ? 1 : 2;
            for (var block = 0; block < 2; block++)
            {
                var before = tally.Copy();
                var step = block == 0 ? stride : 1;
                var (input, output) = (tally.Channels, channels[stage]);
                var middle = Middle(options, input, output);
                Convolve(tally, frames[stage - 1], middle, output, step);
                Convolve(tally, frames[stage - 1], released ? Middle(options, output, output) : middle, output, 1);
                if (step != 1 || input != output)
                {
                    long[] strides = frames[stage - 1] switch { 0 => [step, step], 1 => [1, step, step], _ => [step, step, step] };
                    tally.Add(before.Result(output, [.. strides.Select(_ => 1L)], strides));
                }
            }
        }
    }

    private static void Convolve(Tally tally, int frames, long middle, long output, long stride)
    {
        switch (frames)
        {
            case 0:
                tally.Convolve(output, [3, 3], [stride, stride]);
                break;
            case 1:
                tally.Convolve(output, [1, 3, 3], [1, stride, stride]);
                break;
            case Factored:
                tally.Convolve(middle, [1, 3, 3], [1, stride, stride]);
                tally.Convolve(output, [3, 1, 1], [stride, 1, 1]);
                break;
            default:
                tally.Convolve(output, [3, 3, 3], [stride, stride, stride]);
                break;
        }
    }

    /// <summary>The planes between R(2+1)D's two convolutions, which make them as many weights as 3x3x3 has.</summary>
    private static long Middle(EncoderOptions options, long input, long output)
    {
        var middle = input * output * 27 / ((input * 9) + (3 * output));
        return options.Width == 1.0 ? middle : Math.Max(8, 8 * (long)Math.Round(middle / 8.0, MidpointRounding.AwayFromZero));
    }

    /// <summary>Walks a map through the layers. Kernels are padded by half of them.</summary>
    private sealed class Tally
    {
        private readonly List<ConvolutionCost> costs = [];
        private long[] size;
        private int stage;

        public Tally(long channels, long[] size) => (Channels, this.size) = (channels, size);

        public IReadOnlyList<ConvolutionCost> Costs => costs;

        public long Channels { get; private set; }

        public Tally Copy() => new(Channels, size) { stage = stage };

        public void Stage() => stage++;

        public void Pool() => size = [.. size.Select(s => ((s - 1) / 2) + 1)];

        public void Convolve(long output, long[] kernel, long[] stride)
        {
            var cost = Result(output, kernel, stride);
            Add(cost);
            (Channels, size) = (output, [.. cost.Output.Skip(1)]);
        }

        public void Add(ConvolutionCost cost) => costs.Add(cost);

        public ConvolutionCost Result(long output, long[] kernel, long[] stride)
        {
            long[] after = [.. size.Select((s, axis) => ((s + (kernel[axis] / 2 * 2) - kernel[axis]) / stride[axis]) + 1)];
            var weights = Channels * output * kernel.Aggregate(1L, (product, k) => product * k);
            return new ConvolutionCost($"conv{stage}", weights, weights * after.Aggregate(1L, (product, s) => product * s), [output, .. after]);
        }
    }
}
