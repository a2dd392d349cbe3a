using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Duet.Data.Clips;
using Duet.Data.Store;

namespace Duet.Bench;

/// <summary>
/// The loader alone: random training windows of a store, read, decoded, cropped and resized. Its peer is
/// bench/peers/pyav_loader.py, which reads such windows from the original files.
/// </summary>
internal static class LoaderBenchmark
{
    public static Command Create()
    {
        var store = new Option<string>("--store") { Description = "The store to read.", Required = true };
        var frames = new Option<int>("--frames") { Description = "Frames per clip.", DefaultValueFactory = _ => 8 };
        var size = new Option<int>("--size") { Description = "Height and width, pixels.", DefaultValueFactory = _ => 112 };
        var workers = new Option<int>("--workers") { Description = "Decoding threads.", DefaultValueFactory = _ => 1 };
        var clips = new Option<int>("--clips") { Description = "Clips to load, after as many for warming up.", DefaultValueFactory = _ => 1000 };
        var silent = new Option<bool>("--no-audio") { Description = "Frames without sound." };
        var command = new Command("loader", "Clips per second of the loader.") { store, frames, size, workers, clips, silent };
        command.SetAction(p => Run(
            p.GetValue(store)!, p.GetValue(frames), p.GetValue(size), p.GetValue(workers), p.GetValue(clips), p.GetValue(silent)));
        return command;
    }

    private static int Run(string directory, int frames, int size, int workers, int count, bool silent)
    {
        using var store = VideoStore.Open(directory);
        var rate = store.Videos[0].FrameRate;
        var clip = new ClipOptions { Frames = frames, FrameRate = rate, Size = size, AudioSeconds = frames / rate };
        using var loader = new ClipLoader(store, size, new ClipLoaderOptions { Workers = workers });
        Load(loader, Requests(store, clip, 0, count, silent));
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var start = Stopwatch.GetTimestamp();
        var before = loader.Statistics;
        Load(loader, Requests(store, clip, 1, count, silent));
        var wall = Stopwatch.GetElapsedTime(start).TotalSeconds;
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        var after = loader.Statistics;
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            benchmark = "loader",
            frames,
            size,
            stored = string.Create(CultureInfo.InvariantCulture, $"short side {store.Settings.ShortSide}, {rate} fps"),
            videos = store.Videos.Count,
            sound = !silent,
            workers,
            clips = count,
            failures = after.Failures - before.Failures,
            clips_per_second = Math.Round(count / wall, 1),
            clips_per_cpu_second = Math.Round(count / cpu.TotalSeconds, 1),
            buffers_allocated = after.BuffersAllocated - before.BuffersAllocated,
            allocated_bytes_per_clip = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / count,
        }));
        return 0;
    }

    private static IReadOnlyList<ClipRequest> Requests(VideoStore store, ClipOptions clip, int epoch, int count, bool silent)
    {
        var requests = RandomClips.Epoch(store.Videos, clip, 0, epoch, count);
        return silent ? [.. requests.Select(r => r with { Audio = [] })] : requests;
    }

    private static void Load(ClipLoader loader, IReadOnlyList<ClipRequest> requests)
    {
        foreach (var batch in loader.Load(requests, 32))
        {
            batch.Dispose();
        }
    }
}
