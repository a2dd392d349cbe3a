using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Duet.Learning.Native;

/// <summary>Where a tensor's numbers lie.</summary>
internal static unsafe partial class TensorMemory
{
    /// <summary>The address of a CPU tensor's first number. It holds as long as the tensor does: keep that alive.</summary>
    public static void* Of(Tensor tensor)
    {
        void* address;
        if (DataPointer(tensor.Handle, &address) != 0)
        {
            throw new InvalidOperationException("libtorch refused a tensor's address; the reason is on standard error");
        }

        GC.KeepAlive(tensor);
        return address;
    }

    [LibraryImport("torch_cpu", EntryPoint = "aoti_torch_get_data_ptr")]
    private static partial int DataPointer(nint tensor, void** address);
}
