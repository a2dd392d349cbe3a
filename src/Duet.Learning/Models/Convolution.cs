using Duet.Learning.Models.Winograd;
using Duet.Learning.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>
/// A convolution without bias, in two or three dimensions, over channels-last maps. The weight is an fp32 parameter in
/// PyTorch's layout, <c>[out, in, (time,) height, width]</c>, and is cast to the map's type, so that bf16 maps are convolved in
/// bf16 and the gradient arrives in fp32. On a CPU the halves of a factored convolution are computed in two dimensions, see <see cref="ConvolutionForm"/>, and
/// those of 3 x 3 pixels by <see cref="WinogradConvolution"/> where <see cref="ConvolutionPolicy"/> says so.
/// </summary>
internal sealed class Convolution : nn.Module<Tensor, Tensor>
{
    /// <summary>Tiles that are worth transforming filters of any number of channels for.</summary>
    private const long FewestTiles = 256;
    private readonly long[] kernel;
    private readonly long[] stride;
    private readonly long[] padding;
    private readonly ConvolutionForm form;
    private readonly bool fitsWinograd;
    private readonly bool fitsPixels;
    private readonly ConvolutionPolicy.Kind? policy;
    private Parameter weight;

    /// <summary>Makes it, uninitialised: <see cref="WeightInitialisation"/> fills it.</summary>
    /// <param name="inputChannels">Channels of the input.</param>
    /// <param name="outputChannels">Channels of the output.</param>
    /// <param name="kernel">Kernel size: (time,) height, width.</param>
    /// <param name="stride">As many.</param>
    /// <param name="padding">As many.</param>
    /// <param name="policy">How bf16 maps are convolved; null for <see cref="ConvolutionPolicy.Current"/>.</param>
    public Convolution(long inputChannels, long outputChannels, long[] kernel, long[] stride, long[] padding, ConvolutionPolicy.Kind? policy = null)
        : base(nameof(Convolution))
    {
        this.policy = policy;
        this.kernel = kernel;
        this.stride = stride;
        this.padding = padding;
        form = ConvolutionForm.Of(kernel, stride, padding, CpuFeatures.Current);
        fitsWinograd = WinogradConvolution.Fits(inputChannels, outputChannels, kernel, stride, padding);
        fitsPixels = PixelDomain.Fits(inputChannels, outputChannels, kernel, stride, padding);
        weight = new Parameter(zeros([outputChannels, inputChannels, .. kernel]).DetachFromDisposeScope());
        register_parameter("weight", weight);
    }

    /// <summary>The fp32 weight, <c>[out, in, (time,) height, width]</c>.</summary>
    public Parameter Weight => weight;

    private ConvolutionPolicy.Kind Policy => policy ?? ConvolutionPolicy.Current;

    private int Taps => kernel.Length == 3 ? (int)kernel[0] : 1;

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return Run(input, form.Filters(weight.to(input.dtype))).MoveToOuterDisposeScope();
    }

    /// <summary>The weight in a map's type and in the form's shape; or as it is, where short products make their own of it.</summary>
    public Tensor Filters(ScalarType type) => IsShort(type) && Policy == ConvolutionPolicy.Kind.Winograd ? weight : form.Filters(weight.to(type));

    /// <summary>Another weight <c>[out, in, (time,) height, width]</c> in fp32, as the run with a bias wants it for maps of a type.</summary>
    public Tensor Folded(Tensor other, ScalarType type) => IsShort(type) ? WinogradFilters.Pack(other, back: false) : form.Filters(other.to(type));

    /// <summary>The convolution of a map.</summary>
    /// <param name="input">A channels-last map.</param>
    /// <param name="filters">What <see cref="Filters"/> gave for its type, or that cast to it.</param>
    /// <returns>A channels-last map.</returns>
    public Tensor Run(Tensor input, Tensor filters)
    {
        using var scope = NewDisposeScope();
        if (filters.dtype != input.dtype && IsShort(input.dtype) && IsWorthPacking(input))
        {
            return WinogradConvolution.Run(ChannelsLast.Ensure(input), WinogradFilters.Pack(filters, back: false, carried: true), weight.shape[0], Taps).MoveToOuterDisposeScope();
        }

        var (map, around) = is_grad_enabled() ? Padded(input) : (input, padding);
        var lowered = form.Lower(map);
        var (steps, pads) = (form.Axes(stride), form.Axes(around));
        var output = lowered.Dimensions == 5
            ? nn.functional.conv3d(lowered, Cast(filters, input.dtype), strides: steps, padding: pads)
            : nn.functional.conv2d(lowered, Cast(filters, input.dtype), strides: steps, padding: pads);

        // Without oneDNN (one thread, some shapes) libtorch convolves in its own order: the next layer would copy again and again.
        return ChannelsLast.Ensure(form.Raise(ChannelsLast.Ensure(output), OutputShape(input))).MoveToOuterDisposeScope();
    }

    /// <summary>The convolution, bias, residual and ReLU in one, on a CPU, without gradients.</summary>
    /// <param name="input">A channels-last map.</param>
    /// <param name="filters">What <see cref="Folded"/> gave for its type.</param>
    /// <param name="bias">A number per output channel, in that type.</param>
    /// <param name="residual">What is added: a channels-last map, or null.</param>
    /// <param name="relu">Whether to rectify.</param>
    /// <returns>A channels-last map.</returns>
    public Tensor Run(Tensor input, Tensor filters, Tensor bias, Tensor? residual, bool relu)
    {
        using var scope = NewDisposeScope();
        if (IsShort(input.dtype))
        {
            return WinogradConvolution.Run(ChannelsLast.Ensure(input), filters, weight.shape[0], Taps, bias, residual is null ? null : ChannelsLast.Ensure(residual), relu).MoveToOuterDisposeScope();
        }

        var output = FusedConvolution.Compute(ChannelsLast.Ensure(form.Lower(input)), filters, bias, form.Axes(stride), form.Axes(padding), residual is null ? null : ChannelsLast.Ensure(form.Lower(residual)), relu);
        return ChannelsLast.Ensure(form.Raise(ChannelsLast.Ensure(output), OutputShape(input))).MoveToOuterDisposeScope();
    }

    /// <summary>The gradients of the convolution alone, on a CPU; the weight's is added to the parameter's.</summary>
    /// <param name="gradient">Of the output: a channels-last map.</param>
    /// <param name="input">What the forward pass was given.</param>
    /// <param name="filters">What it convolved with; short products transform the weight again, which must not have changed since.</param>
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
        var (ofWeight, isShort) = (weight.requires_grad, IsShort(input.dtype));
        (gradient, input) = (ChannelsLast.Ensure(gradient), ChannelsLast.Ensure(input));
        if (ofWeight && (isShort || IsProductOverTime(input.dtype)))
        {
            var sums = isShort ? WeightGradient<WinogradDomain>.Compute(input, gradient, Taps) : WeightGradient<PixelDomain>.Compute(input, gradient, Taps);
            Gradients.Add(weight, sums.reshape(weight.shape));
            ofWeight = false;
        }

        if (!ofInput && !ofWeight)
        {
            return null;
        }

        if (isShort && IsWorthPacking(input))
        {
            return WinogradConvolution.Run(gradient, WinogradFilters.Pack(weight, back: true), weight.shape[1], Taps).MoveToOuterDisposeScope();
        }

        var (map, around) = ofWeight ? Padded(input) : (input, padding);
        var (inner, ofFilters) = ConvolutionGradients.Compute(
            form.Lower(gradient), form.Lower(map), Cast(filters, input.dtype), form.Axes(stride), form.Axes(around), ofInput, ofWeight);
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

    private bool IsShort(ScalarType type) => fitsWinograd && type == ScalarType.BFloat16 && Policy != ConvolutionPolicy.Kind.Direct;

    /// <summary>Whether the weight's gradient is computed by <see cref="PixelDomain"/>: oneDNN has no fast bf16 kernel for it.</summary>
    private bool IsProductOverTime(ScalarType type) => fitsPixels && type == ScalarType.BFloat16 && Policy != ConvolutionPolicy.Kind.Direct;

    /// <summary>Filters are transformed anew for every pass: not for a few tiles. A matter of shape, so that the bits are.</summary>
    private bool IsWorthPacking(Tensor map)
    {
        var shape = new TileShape(map.shape, Taps, WinogradTransforms.Side);
        return shape.Tiles * shape.Frames >= FewestTiles;
    }

    /// <summary>Filters that were left as the weight is, for maps of a type.</summary>
    private Tensor Cast(Tensor filters, ScalarType type) => filters.dtype == type ? filters : form.Filters(filters.to(type));

    /// <summary>
    /// The map and the padding that the convolution is still to add. oneDNN 3.7 (libtorch 2.10) writes outside of its buffers when it
    /// computes the bf16 gradient of a weight whose kernel is larger than the map (two frames under a kernel of three, a row of one
    /// pixel): the gradient is garbage and the heap is damaged. With the zeros in the map itself it is right. Where no such gradient
    /// will be asked for, the map stays as it is: over one frame the padded one takes twice the time.
    /// </summary>
    private (Tensor Map, long[] Around) Padded(Tensor input)
    {
        var small = input.dtype == ScalarType.BFloat16 && kernel.Where((size, axis) => input.shape[axis + 2] < size).Any();
        return small
            ? (ChannelsLast.Ensure(nn.functional.pad(input, [.. padding.Reverse().SelectMany(p => new[] { p, p })])), new long[padding.Length])
            : (input, padding);
    }

    private long[] OutputShape(Tensor map)
    {
        long[] shape = [map.shape[0], weight.shape[0], .. kernel];
        for (var axis = 0; axis < kernel.Length; axis++)
        {
            shape[axis + 2] = ((map.shape[axis + 2] + (2 * padding[axis]) - kernel[axis]) / stride[axis]) + 1;
        }

        return shape;
    }
}
