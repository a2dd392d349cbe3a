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
    private readonly long[] kernel;
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
        this.kernel = kernel;
        this.stride = stride;
        this.padding = padding;
        flat = kernel.Length == 3 && kernel[0] == 1 && stride[0] == 1 && padding[0] == 0;
        weight = new Parameter(zeros([outputChannels, inputChannels, .. kernel]).DetachFromDisposeScope());
        register_parameter("weight", weight);
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var filters = weight.to(input.dtype);
        var (map, around) = Padded(input);
        if (map.Dimensions == 4)
        {
            return nn.functional.conv2d(map, filters, strides: stride, padding: around).MoveToOuterDisposeScope();
        }

        if (!flat)
        {
            // Without oneDNN (one thread, some shapes) libtorch convolves in its own order: the next layer would copy again and again.
            return ChannelsLast.Ensure(nn.functional.conv3d(map, filters, strides: stride, padding: around)).MoveToOuterDisposeScope();
        }

        // A kernel of one frame sees each frame alone: as a batch of pictures oneDNN is at least as fast, on some machines twice.
        var pictures = nn.functional.conv2d(ChannelsLast.FoldTime(map), filters.squeeze(2), strides: stride[1..], padding: around[1..]);
        return ChannelsLast.UnfoldTime(pictures, map.shape[0]).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The map and the padding that the convolution is still to add. oneDNN 3.7 (libtorch 2.10) writes outside of its buffers when it
    /// computes the bf16 gradient of a weight whose kernel is larger than the map (two frames under a kernel of three, a row of one
    /// pixel): the gradient is garbage and the heap is damaged. With the zeros in the map itself it is right.
    /// </summary>
    private (Tensor Map, long[] Around) Padded(Tensor input)
    {
        var small = input.dtype == ScalarType.BFloat16 && kernel.Where((size, axis) => input.shape[axis + 2] < size).Any();
        return small
            ? (nn.functional.pad(input, [.. padding.Reverse().SelectMany(p => new[] { p, p })]), new long[padding.Length])
            : (input, padding);
    }
}
