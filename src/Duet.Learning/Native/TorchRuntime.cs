using Duet.Data;
using TorchSharp;

namespace Duet.Learning.Native;

/// <summary>
/// Makes libtorch ready, once per process: applies the libstdc++ cure where it is needed, sets the allocator for reuse, loads
/// the library. Every entry point that touches a tensor calls <see cref="EnsureLoaded"/> first.
/// </summary>
public static class TorchRuntime
{
    private static readonly Lock Gate = new();
    private static string? cure;

    /// <summary>What the libstdc++ cure found and did; null before <see cref="EnsureLoaded"/>.</summary>
    public static string? CureStatus => cure;

    /// <summary>Loads libtorch; later calls do nothing.</summary>
    /// <exception cref="TorchUnavailableException">It can't be loaded; the message says why and what to do.</exception>
    public static void EnsureLoaded()
    {
        if (Volatile.Read(ref cure) is not null)
        {
            return;
        }

        lock (Gate)
        {
            if (cure is not null)
            {
                return;
            }

            var status = LibstdcxxCure.Apply(AppContext.BaseDirectory);
            Allocator.KeepLargeBlocks();
            try
            {
                torch.InitializeDeviceType(DeviceType.CPU);
            }
            catch (Exception e) when (e is NotSupportedException or DllNotFoundException or TypeInitializationException or BadImageFormatException)
            {
                throw new TorchUnavailableException(
                    $"libtorch can't be loaded from {AppContext.BaseDirectory}: {(e.InnerException ?? e).Message.Trim()} Run 'duet doctor' to see what is missing.", e);
            }

            Dispatcher.CheckVersion();
            _ = TensorAllocator.Install(); // without it everything works, in more memory
            Volatile.Write(ref cure, status);
        }
    }

    /// <summary>libtorch's version, <c>2.10</c>.</summary>
    public static string Version
    {
        get
        {
            EnsureLoaded();
            return Dispatcher.Version;
        }
    }

    /// <summary>Threads that one operator uses. Process-wide, whichever thread sets it; other counts give other bits in sums.</summary>
    public static int Threads
    {
        get
        {
            EnsureLoaded();
            return torch.get_num_threads();
        }
    }

    /// <summary>Sets <see cref="Threads"/>.</summary>
    /// <param name="threads">A number, or 0 for one per core.</param>
    public static void SetThreads(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        EnsureLoaded();
        torch.set_num_threads(threads == 0 ? Environment.ProcessorCount : threads);
    }
}
