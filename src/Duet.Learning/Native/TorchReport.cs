using TorchSharp;

namespace Duet.Learning.Native;

/// <summary>What is known about libtorch on this machine, for <c>duet doctor</c>.</summary>
/// <param name="Version">libtorch's version; null where it could not be loaded.</param>
/// <param name="Cure">What the libstdc++ cure found and did.</param>
/// <param name="Threads">Threads of one operation.</param>
/// <param name="CudaDevices">GPUs that libtorch can use; 0 with the CPU build.</param>
/// <param name="Error">Why it could not be loaded; null where it was.</param>
public sealed record TorchReport(string? Version, string? Cure, int Threads, int CudaDevices, string? Error)
{
    /// <summary>Loads libtorch and asks it; a failure to load is part of the report.</summary>
    public static TorchReport Create()
    {
        try
        {
            TorchRuntime.EnsureLoaded();
            Dispatcher.CheckVersion();
            return new TorchReport(torch.__version__, TorchRuntime.CureStatus, torch.get_num_threads(), torch.cuda.is_available() ? torch.cuda.device_count() : 0, Error: null);
        }
        catch (TorchUnavailableException exception)
        {
            return new TorchReport(Version: null, TorchRuntime.CureStatus, Threads: 0, CudaDevices: 0, exception.Message);
        }
    }
}
