using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Duet.Learning.Native;

/// <summary>
/// Calls ATen operators that TorchSharp does not wrap, through libtorch's stable C interface (PyTorch's "LibTorch Stable ABI").
/// Arguments go left to right into a stack of 64-bit cells: tensors and lists as owned handles, floats and integers as their
/// bits, an absent optional as 0. The call takes over every handle on the stack.
/// </summary>
internal static partial class Dispatcher
{
    private const string Library = "torch_cpu";

    /// <summary>The oldest libtorch that has the interface: major in the highest byte, minor in the next.</summary>
    private const ulong MinimumVersion = (2UL << 56) | (10UL << 48);

    /// <summary>libtorch's version, <c>2.10</c>.</summary>
    public static string Version
    {
        get
        {
            var version = AbiVersion();
            return $"{version >> 56}.{(version >> 48) & 0xff}";
        }
    }

    /// <summary>Checks that the loaded libtorch has the interface.</summary>
    /// <exception cref="TorchUnavailableException">It is older.</exception>
    public static void CheckVersion()
    {
        try
        {
            if (AbiVersion() >= MinimumVersion)
            {
                return;
            }
        }
        catch (EntryPointNotFoundException)
        {
            // Older still: it can't even say its version.
        }

        throw new TorchUnavailableException($"The libtorch in {AppContext.BaseDirectory} is older than 2.10: restore the packages of this version of Duet and build again.");
    }

    /// <summary>Calls an operator that returns nothing.</summary>
    /// <param name="name">Its name, <c>aten::_fused_sgd_</c>.</param>
    /// <param name="arguments">Its arguments, in the order of its schema.</param>
    /// <exception cref="InvalidOperationException">The operator refused its arguments; libtorch has written why to standard error.</exception>
    public static void Call(string name, params ReadOnlySpan<Argument> arguments)
    {
        Span<ulong> stack = stackalloc ulong[arguments.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            stack[i] = arguments[i].Push();
        }

        Check(CallDispatcher(name, string.Empty, ref MemoryMarshal.GetReference(stack), MinimumVersion), name);
    }

    /// <summary>One argument of a call.</summary>
    public readonly struct Argument
    {
        private readonly ulong bits;
        private readonly IReadOnlyList<Tensor>? tensors;

        private Argument(ulong bits) => this.bits = bits;

        private Argument(IReadOnlyList<Tensor> tensors) => this.tensors = tensors;

        /// <summary>An optional that is absent.</summary>
        public static Argument None => default;

        /// <summary>A list of tensors.</summary>
        public static Argument Of(IReadOnlyList<Tensor> tensors) => new(tensors);

        /// <summary>A float of the schema.</summary>
        public static implicit operator Argument(double value) => new(BitConverter.DoubleToUInt64Bits(value));

        /// <summary>A bool of the schema.</summary>
        public static implicit operator Argument(bool value) => new(value ? 1UL : 0UL);

        /// <summary>The stack's cell; a handle in it is owned by the stack.</summary>
        internal ulong Push()
        {
            if (tensors is null)
            {
                return bits;
            }

            Check(NewList((nuint)tensors.Count, out var list), "torch_new_list_reserve_size");
            foreach (var tensor in tensors)
            {
                Check(NewTensorHandle(tensor.Handle, out var handle), "aoti_torch_new_tensor_handle");
                GC.KeepAlive(tensor);
                Check(PushBack(list, (ulong)handle), "torch_list_push_back");
            }

            return (ulong)list;
        }
    }

    private static void Check(int status, string what)
    {
        if (status != 0)
        {
            throw new InvalidOperationException($"libtorch refused {what}; the reason is on standard error");
        }
    }

    [LibraryImport(Library, EntryPoint = "aoti_torch_abi_version")]
    private static partial ulong AbiVersion();

    [LibraryImport(Library, EntryPoint = "torch_call_dispatcher", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallDispatcher(string name, string overload, ref ulong stack, ulong version);

    [LibraryImport(Library, EntryPoint = "torch_new_list_reserve_size")]
    private static partial int NewList(nuint size, out nint list);

    [LibraryImport(Library, EntryPoint = "torch_list_push_back")]
    private static partial int PushBack(nint list, ulong element);

    [LibraryImport(Library, EntryPoint = "aoti_torch_new_tensor_handle")]
    private static partial int NewTensorHandle(nint tensor, out nint handle);
}
