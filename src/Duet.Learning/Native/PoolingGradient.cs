using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Duet.Learning.Native;

/// <summary>libtorch's backward pass of a max-pool, which TorchSharp reaches only through autograd.</summary>
internal static unsafe partial class PoolingGradient
{
    /// <summary>The gradient of the pool's input, on the CPU.</summary>
    /// <param name="gradient">Of its output.</param>
    /// <param name="input">What it was given, <c>[batch, channels, time, mels]</c>.</param>
    /// <param name="indices">Where each maximum was.</param>
    /// <param name="window">The window's size.</param>
    /// <param name="stride">Its stride.</param>
    /// <param name="padding">What was added around the map.</param>
    /// <exception cref="InvalidOperationException">libtorch refused; the reason is on standard error.</exception>
    public static Tensor Compute(Tensor gradient, Tensor input, Tensor indices, long window, long stride, long padding)
    {
        var windows = stackalloc long[2] { window, window };
        var strides = stackalloc long[2] { stride, stride };
        var paddings = stackalloc long[2] { padding, padding };
        var dilations = stackalloc long[2] { 1, 1 };
        nint result;
        var status = Backward(gradient.Handle, input.Handle, windows, 2, strides, 2, paddings, 2, dilations, 2, 0, indices.Handle, &result);
        GC.KeepAlive(gradient);
        GC.KeepAlive(input);
        GC.KeepAlive(indices);
        return status == 0 ? Tensor.UnsafeCreateTensor(result) : throw new InvalidOperationException("libtorch refused a max-pool's backward pass; the reason is on standard error");
    }

    [LibraryImport("torch_cpu", EntryPoint = "aoti_torch_cpu_max_pool2d_with_indices_backward")]
    private static partial int Backward(
        nint gradient, nint input, long* window, long windowLength, long* stride, long strideLength, long* padding, long paddingLength, long* dilation, long dilationLength, int ceiling, nint indices, nint* result);
}
