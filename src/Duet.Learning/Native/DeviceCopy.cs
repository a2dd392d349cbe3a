using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Native;

/// <summary>Copies from the host to where networks compute.</summary>
internal static class DeviceCopy
{
    /// <summary>
    /// A tensor's copy on a device; the tensor itself on a CPU. To a GPU it goes by pinned memory, and the host goes on at once: what it asks of the GPU next waits for the copy there, and
    /// libtorch keeps the pinned memory until then.
    /// </summary>
    /// <param name="host">A tensor in the host's memory, which may be disposed of when this returns.</param>
    /// <param name="device">Where to.</param>
    public static Tensor SentTo(this Tensor host, Device device) => device.type == DeviceType.CUDA
        ? host.pin_memory().to(device, non_blocking: true)
        : host.to(device);
}
