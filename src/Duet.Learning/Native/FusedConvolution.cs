using System.Runtime.InteropServices;
using Duet.Learning.Native;
using static TorchSharp.torch;

namespace Duet.Learning.Native;

/// <summary>oneDNN's convolution that adds a bias and a residual and rectifies before it writes: libtorch's for compiled networks, which TorchSharp does not wrap.</summary>
internal static unsafe partial class FusedConvolution
{
    /// <summary>relu?(convolution + bias + residual?), of one group and without dilation, on the CPU, without gradients.</summary>
    /// <param name="input">A channels-last map.</param>
    /// <param name="weight">In the input's type.</param>
    /// <param name="bias">A number per output channel, in the input's type.</param>
    /// <param name="stride">A stride per axis.</param>
    /// <param name="padding">A padding per axis.</param>
    /// <param name="residual">What is added, of the output's shape and layout; or null.</param>
    /// <param name="relu">Whether to rectify.</param>
    /// <returns>A new map in the current dispose scope.</returns>
    /// <exception cref="InvalidOperationException">libtorch refused; the reason is on standard error.</exception>
    public static Tensor Compute(Tensor input, Tensor weight, Tensor bias, ReadOnlySpan<long> stride, ReadOnlySpan<long> padding, Tensor? residual, bool relu)
    {
        if (residual is not null && residual.shape.AsSpan(2).IndexOfAnyExcept(1) < 0)
        {
            // libtorch 2.10 fails where the residual has one pixel: its strides fit two memory formats.
            var sum = Compute(input, weight, bias, stride, padding, null, relu: false).AddInPlace(residual);
            return relu ? sum.relu_() : sum;
        }

        var axes = stride.Length;
        var ones = stackalloc long[axes];
        new Span<long>(ones, axes).Fill(1);
        var offset = bias.Handle;
        nint result;
        int status;
        fixed (long* strides = stride, paddings = padding)
        fixed (byte* none = "none\0"u8, rectify = "relu\0"u8, add = "add\0"u8)
        {
            if (residual is null)
            {
                status = Unary(input.Handle, weight.Handle, &offset, paddings, axes, strides, axes, ones, axes, 1, relu ? rectify : none, null, 0, null, &result);
            }
            else
            {
                var after = rectify;
                status = Binary(input.Handle, residual.Handle, weight.Handle, &offset, paddings, axes, strides, axes, ones, axes, 1, add, null, relu ? &after : null, null, 0, null, &result);
            }
        }

        GC.KeepAlive(input);
        GC.KeepAlive(weight);
        GC.KeepAlive(bias);
        GC.KeepAlive(residual);
        return status == 0 ? Tensor.UnsafeCreateTensor(result) : throw new InvalidOperationException("libtorch refused a fused convolution; the reason is on standard error");
    }

    [LibraryImport("torch_cpu", EntryPoint = "aoti_torch_cpu_mkldnn__convolution_pointwise")]
    private static partial int Unary(
        nint input, nint weight, nint* bias, long* padding, long paddingLength, long* stride, long strideLength, long* dilation, long dilationLength, long groups, byte* attribute, double** scalars,
        long scalarsLength, byte** algorithm, nint* result);

    [LibraryImport("torch_cpu", EntryPoint = "aoti_torch_cpu_mkldnn__convolution_pointwise_binary")]
    private static partial int Binary(
        nint input, nint other, nint weight, nint* bias, long* padding, long paddingLength, long* stride, long strideLength, long* dilation, long dilationLength, long groups, byte* binaryAttribute,
        double* alpha, byte** unaryAttribute, double** unaryScalars, long unaryScalarsLength, byte** unaryAlgorithm, nint* result);
}
