using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Native;

/// <summary>libtorch's backward pass of a convolution, which TorchSharp reaches only through autograd.</summary>
internal static unsafe partial class ConvolutionGradients
{
    /// <summary>The gradients of a convolution without bias, of one group and without dilation, on the CPU.</summary>
    /// <param name="gradient">Of its output.</param>
    /// <param name="input">What it was given.</param>
    /// <param name="weight">Its weight, in the input's type.</param>
    /// <param name="stride">A stride per axis.</param>
    /// <param name="padding">A padding per axis.</param>
    /// <param name="ofInput">Whether the input's gradient is wanted.</param>
    /// <param name="ofWeight">Whether the weight's is.</param>
    /// <returns>Those that are wanted, null for the other; in the current dispose scope.</returns>
    /// <exception cref="InvalidOperationException">libtorch refused; the reason is on standard error.</exception>
    public static (Tensor? Input, Tensor? Weight) Compute(Tensor gradient, Tensor input, Tensor weight, ReadOnlySpan<long> stride, ReadOnlySpan<long> padding, bool ofInput, bool ofWeight)
    {
        var axes = stride.Length;
        var ones = stackalloc long[axes];
        var zeros = stackalloc long[axes];
        new Span<long>(ones, axes).Fill(1);
        new Span<long>(zeros, axes).Clear();
        var wanted = stackalloc int[3] { ofInput ? 1 : 0, ofWeight ? 1 : 0, 0 };
        nint first, second, third;
        int status;
        fixed (long* strides = stride, paddings = padding)
        {
            status = Backward(
                gradient.Handle, input.Handle, weight.Handle, null, 0, strides, axes, paddings, axes, ones, axes, 0, zeros, axes, 1, wanted, 3, &first, &second, &third);
        }

        GC.KeepAlive(gradient);
        GC.KeepAlive(input);
        GC.KeepAlive(weight);
        if (status != 0)
        {
            throw new InvalidOperationException("libtorch refused a convolution's backward pass; the reason is on standard error");
        }

        _ = Own(third, wanted: false);
        return (Own(first, ofInput), Own(second, ofWeight));
    }

    private static Tensor? Own(nint handle, bool wanted)
    {
        if (wanted)
        {
            return Tensor.UnsafeCreateTensor(handle);
        }

        if (handle != 0)
        {
            _ = DeleteTensor(handle);
        }

        return null;
    }

    [LibraryImport("torch_cpu", EntryPoint = "aoti_torch_cpu_convolution_backward")]
    private static partial int Backward(
        nint gradient, nint input, nint weight, long** biasSizes, long biasLength, long* stride, long strideLength, long* padding, long paddingLength, long* dilation, long dilationLength,
        int transposed, long* outputPadding, long outputPaddingLength, long groups, int* mask, long maskLength, nint* first, nint* second, nint* third);

    [LibraryImport("torch_cpu", EntryPoint = "aoti_torch_delete_tensor_object")]
    private static partial int DeleteTensor(nint handle);
}
