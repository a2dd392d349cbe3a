using Duet.Learning.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>
/// A convolution without bias, in two or three dimensions, over channels-last maps. The weight is an fp32 parameter in
/// PyTorch's layout, <c>[out, in, (time,) height, width]</c>, and is cast to the map's type, so that bf16 maps are convolved in
/// bf16 and the gradient arrives in fp32. On a CPU the halves of a factored convolution are computed in two dimensions, see <see cref="ConvolutionForm"/>.
/// </summary>
internal sealed class Convolution : nn.Module<Tensor, Tensor>
{
    private readonly long[] kernel;
    private readonly long[] stride;
    private readonly long[] padding;
    private readonly ConvolutionForm form;
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
        form = ConvolutionForm.Of(kernel, stride, padding, CpuFeatures.Current);
        weight = new Parameter(zeros([outputChannels, inputChannels, .. kernel]).DetachFromDisposeScope());
        register_parameter("weight", weight);
    }

    /// <summary>The fp32 weight, <c>[out, in, (time,) height, width]</c>.</summary>
    public Parameter Weight => weight;

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return Run(input, Filters(input.dtype)).MoveToOuterDisposeScope();
    }

    /// <summary>The weight in a map's type and in the form's shape.</summary>
    public Tensor Filters(ScalarType type) => Shape(weight.to(type));

    /// <summary>A weight <c>[out, in, (time,) height, width]</c> in the form's shape.</summary>
    public Tensor Shape(Tensor filters) => form.Filters(filters);

    /// <summary>The convolution of a map.</summary>
    /// <param name="input">A channels-last map.</param>
    /// <param name="filters">What <see cref="Filters"/> gave, or another weight of that shape.</param>
    /// <returns>A channels-last map.</returns>
    public Tensor Run(Tensor input, Tensor filters)
    {
        using var scope = NewDisposeScope();
        var (map, around) = Padded(input);
        var lowered = form.Lower(map);
        var (steps, pads) = (form.Axes(stride), form.Axes(around));
        var output = lowered.Dimensions == 5
            ? nn.functional.conv3d(lowered, filters, strides: steps, padding: pads)
            : nn.functional.conv2d(lowered, filters, strides: steps, padding: pads);

        // Without oneDNN (one thread, some shapes) libtorch convolves in its own order: the next layer would copy again and again.
        return ChannelsLast.Ensure(form.Raise(ChannelsLast.Ensure(output), OutputShape(map, filters, around))).MoveToOuterDisposeScope();
    }

    /// <summary>The convolution, bias, residual and ReLU in one, on a CPU, without gradients.</summary>
    /// <param name="input">A channels-last map.</param>
    /// <param name="filters">A weight in the form's shape and the map's type.</param>
    /// <param name="bias">A number per output channel, in that type.</param>
    /// <param name="residual">What is added: a channels-last map, or null.</param>
    /// <param name="relu">Whether to rectify.</param>
    /// <returns>A channels-last map.</returns>
    public Tensor Run(Tensor input, Tensor filters, Tensor bias, Tensor? residual, bool relu)
    {
        using var scope = NewDisposeScope();
        var output = FusedConvolution.Compute(ChannelsLast.Ensure(form.Lower(input)), filters, bias, form.Axes(stride), form.Axes(padding), residual is null ? null : ChannelsLast.Ensure(form.Lower(residual)), relu);
        return ChannelsLast.Ensure(form.Raise(ChannelsLast.Ensure(output), OutputShape(input, filters, padding))).MoveToOuterDisposeScope();
    }

    /// <summary>The gradients of the convolution alone, on a CPU; the weight's is added to the parameter's.</summary>
    /// <param name="gradient">Of the output: a channels-last map.</param>
    /// <param name="input">What the forward pass was given.</param>
    /// <param name="filters">What it convolved with.</param>
    /// <param name="ofInput">Whether the input's gradient is wanted.</param>
    /// <returns>The input's gradient, a channels-last map of its type, or null.</returns>
    public Tensor? Differentiate(Tensor gradient, Tensor input, Tensor filters, bool ofInput)
    {
        if (!ofInput && !weight.requires_grad)
        {
            return null;
        }

        using var scope = NewDisposeScope();
        using var none = no_grad();
        var (map, around) = Padded(input);
        var (inner, ofFilters) = ConvolutionGradients.Compute(
            form.Lower(gradient), form.Lower(map), filters, form.Axes(stride), form.Axes(around), ofInput, weight.requires_grad);
        if (ofFilters is not null)
        {
            Gradients.Add(weight, ofFilters.reshape(weight.shape));
        }

        if (inner is null)
        {
            return null;
        }

        var raised = form.Raise(ChannelsLast.Ensure(inner), map.shape);
        if (!ReferenceEquals(map, input))
        {
            for (var axis = 0; axis < padding.Length; axis++)
            {
                raised = raised.narrow(axis + 2, padding[axis], input.shape[axis + 2]);
            }
        }

        return ChannelsLast.Ensure(raised).MoveToOuterDisposeScope();
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
            ? (ChannelsLast.Ensure(nn.functional.pad(input, [.. padding.Reverse().SelectMany(p => new[] { p, p })])), new long[padding.Length])
            : (input, padding);
    }

    private long[] OutputShape(Tensor map, Tensor filters, long[] around)
    {
        long[] shape = [map.shape[0], filters.shape[0], .. kernel];
        for (var axis = 0; axis < kernel.Length; axis++)
        {
            shape[axis + 2] = ((map.shape[axis + 2] + (2 * around[axis]) - kernel[axis]) / stride[axis]) + 1;
        }

        return shape;
    }
}
