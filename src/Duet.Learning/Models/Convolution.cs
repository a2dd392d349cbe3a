using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>
/// A convolution without bias, in two or three dimensions, over channels-last maps. The weight is an fp32 parameter in
/// PyTorch's layout, <c>[out, in, (time,) height, width]</c>, and is cast to the map's type, so that bf16 maps are convolved in
/// bf16 and the gradient arrives in fp32.
/// </summary>
internal sealed class Convolution : nn.Module<Tensor, Tensor>
{
    private readonly long[] stride;
    private readonly long[] padding;
    private readonly bool flat;
    private Parameter weight;

    /// <summary>Makes it, uninitialised: <see cref="WeightInitialisation"/> fills it.</summary>
    /// <param name="inputChannels">Channels of the input.</param>
    /// <param name="outputChannels">Channels of the output.</param>
    /// <param name="kernel">Kernel size: (time,) height, width.</param>
    /// <param name="stride">As many.</param>
    /// <param name="padding">As many.</param>
    public Convolution(long inputChannels, long outputChannels, long[] kernel, long[] stride, long[] padding)
        : base(nameof(Convolution))
    {
        this.stride = stride;
        this.padding = padding;
        flat = kernel.Length == 3 && kernel[0] == 1 && stride[0] == 1 && padding[0] == 0;
        weight = new Parameter(zeros([outputChannels, inputChannels, .. kernel]).DetachFromDisposeScope());
        register_parameter("weight", weight);
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var kernel = weight.to(input.dtype);
        if (input.Dimensions == 4)
        {
            return nn.functional.conv2d(input, kernel, strides: stride, padding: padding).MoveToOuterDisposeScope();
        }

        if (!flat)
        {
            return nn.functional.conv3d(input, kernel, strides: stride, padding: padding).MoveToOuterDisposeScope();
        }

        // A kernel of one frame sees each frame alone: as a batch of pictures oneDNN takes half the time.
        var pictures = nn.functional.conv2d(ChannelsLast.FoldTime(input), kernel.squeeze(2), strides: stride[1..], padding: padding[1..]);
        return ChannelsLast.UnfoldTime(pictures, input.shape[0]).MoveToOuterDisposeScope();
    }
}
