using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Duet.Learning.Native;

/// <summary>
/// Puts <see cref="TensorArena"/> under libtorch's large tensors. libtorch takes an allocator as a C++ object; this makes one of libtorch's own, with another function in the place of
/// <c>allocate</c>. Where the object is not laid out as in the libtorch that this was written for, nothing is changed: <see cref="Install"/> checks that against the allocator that is there.
/// </summary>
internal static unsafe partial class TensorAllocator
{
    /// <summary>Smaller tensors stay where they were: glibc is good at them.</summary>
    private const long Smallest = 256 << 10;

    /// <summary>Destructors (2), allocate, is_simple_data_ptr, raw_deleter, copy_data; one more in case.</summary>
    private const int VirtualFunctions = 6;
    private const int AllocateSlot = 2;
    private const int RawDeleterSlot = 4;
    private const byte Priority = 100;
    private static TensorArena? arena;
    private static delegate* unmanaged[Cdecl]<DataPointer*, void*, nuint, DataPointer*> allocateBefore;
    private static delegate* unmanaged[Cdecl]<nint, void> freeBefore;
    private static void* before;

    /// <summary>Bytes that the arena has ever had in use at its furthest; 0 where there is none.</summary>
    public static long Extent => arena?.Extent ?? 0;

    /// <summary>Installs it, once per process.</summary>
    /// <returns>Whether it is in place.</returns>
    public static bool Install()
    {
        if (arena is not null)
        {
            return true;
        }

        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return false;
        }

        before = CurrentAllocator();
        var functions = *(void***)before;
        allocateBefore = (delegate* unmanaged[Cdecl]<DataPointer*, void*, nuint, DataPointer*>)functions[AllocateSlot];
        freeBefore = ((delegate* unmanaged[Cdecl]<void*, delegate* unmanaged[Cdecl]<nint, void>>)functions[RawDeleterSlot])(before);
        if (freeBefore == null || !LayoutIsKnown() || TensorArena.Reserve(2 * GC.GetGCMemoryInfo().TotalAvailableMemoryBytes) is not { } reserved)
        {
            return false;
        }

        // Never freed: libtorch keeps the object for as long as the process lives.
        var table = (void**)NativeMemory.Alloc(VirtualFunctions, (nuint)sizeof(void*));
        new ReadOnlySpan<nint>(functions, VirtualFunctions).CopyTo(new Span<nint>(table, VirtualFunctions));
        table[AllocateSlot] = (delegate* unmanaged[Cdecl]<DataPointer*, void*, nuint, DataPointer*>)&Allocate;
        table[RawDeleterSlot] = (delegate* unmanaged[Cdecl]<void*, delegate* unmanaged[Cdecl]<nint, void>>)&Deleter;
        var allocator = (void**)NativeMemory.Alloc(1, (nuint)sizeof(void*));
        *allocator = table;
        arena = reserved;
        SetAllocator(allocator, Priority);
        return true;
    }

    /// <summary>Whether an allocation looks as expected: data and context the same block, the deleter the one that the allocator names, the device a CPU.</summary>
    private static bool LayoutIsKnown()
    {
        DataPointer probe = default;
        if (allocateBefore(&probe, before, 64) != &probe)
        {
            return false;
        }

        var known = probe.Data != 0 && probe.Data == probe.Context && probe.Deleter == (nint)freeBefore && probe.Device is 0 or 0xff00;
        if (known)
        {
            freeBefore(probe.Context);
        }

        return known;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static DataPointer* Allocate(DataPointer* result, void* self, nuint bytes)
    {
        allocateBefore(result, before, bytes < Smallest ? bytes : 0);
        if (bytes < Smallest)
        {
            return result;
        }

        var address = arena!.Take((long)bytes);
        if (address == 0)
        {
            // An exception can't be thrown from here: there are frames of C++ above.
            Environment.FailFast($"Not enough memory for a tensor of {bytes >> 20} MB: lower training.batch, clip.frames or clip.size, or accumulate gradients over smaller batches.");
        }

        (result->Data, result->Context, result->Deleter) = (address, address, (nint)(delegate* unmanaged[Cdecl]<nint, void>)&Free);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static delegate* unmanaged[Cdecl]<nint, void> Deleter(void* self) => &Free;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Free(nint address)
    {
        if (!arena!.Give(address))
        {
            freeBefore(address);
        }
    }

    [LibraryImport("c10", EntryPoint = "_ZN3c1015GetCPUAllocatorEv")]
    private static partial void* CurrentAllocator();

    [LibraryImport("c10", EntryPoint = "_ZN3c1015SetCPUAllocatorEPNS_9AllocatorEh")]
    private static partial void SetAllocator(void* allocator, byte priority);

    /// <summary>c10::DataPtr: a pointer, a unique_ptr with its deleter, a device.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 32)]
    private struct DataPointer
    {
        public nint Data;
        public nint Deleter;
        public nint Context;
        public ushort Device;
    }
}
