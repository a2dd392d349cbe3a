using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>
/// ResNet's basic block: two convolutions, each normalised, the input (projected where its shape changes) added before the
/// last ReLU.
/// </summary>
internal sealed class ResidualBlock : nn.Module<Tensor, Tensor>
{
    private readonly Func<Tensor, Tensor> body;
    private readonly Chain? downsample;

    /// <summary>Makes torchvision's block of video networks: <c>conv1.0</c>, <c>conv1.1</c>, <c>conv2.0</c>, <c>conv2.1</c>.</summary>
    public static ResidualBlock Video(nn.Module<Tensor, Tensor> first, nn.Module<Tensor, Tensor> second, long channels, Chain? downsample, double epsilon)
    {
        var conv1 = new Chain(first, new BatchNormalisation(channels, epsilon), new InPlaceRelu());
        var conv2 = new Chain(second, new BatchNormalisation(channels, epsilon));
        return new ResidualBlock([("conv1", conv1), ("conv2", conv2)], downsample);
    }

    /// <summary>Makes torchvision's block of picture networks: <c>conv1</c>, <c>bn1</c>, <c>conv2</c>, <c>bn2</c>.</summary>
    public static ResidualBlock Picture(long inputChannels, long channels, long stride, Chain? downsample) => new(
        [
            ("conv1", new Convolution(inputChannels, channels, [3, 3], [stride, stride], [1, 1])),
            ("bn1", new BatchNormalisation(channels)),
            ("relu", new InPlaceRelu()),
            ("conv2", new Convolution(channels, channels, [3, 3], [1, 1], [1, 1])),
            ("bn2", new BatchNormalisation(channels)),
        ],
        downsample);

    private ResidualBlock((string Name, nn.Module<Tensor, Tensor> Module)[] steps, Chain? downsample)
        : base(nameof(ResidualBlock))
    {
        foreach (var (name, module) in steps)
        {
            register_module(name, module);
        }

        body = input => steps.Aggregate(input, (map, step) => step.Module.forward(map));
        this.downsample = downsample;
        if (downsample is not null)
        {
            register_module(nameof(downsample), downsample);
        }
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var residual = downsample is null ? input : downsample.forward(input);
        return body(input).add_(residual).relu_().MoveToOuterDisposeScope();
    }
}
