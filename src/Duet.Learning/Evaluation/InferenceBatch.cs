using Duet.Data.Clips;
using Duet.Learning.Audio;
using Duet.Learning.Models;

namespace Duet.Learning.Evaluation;

/// <summary>
/// How many clips pass the networks at once where nobody says: as many as fill a working set of maps, fewer where the machine has little memory. A function of networks, clips and machine
/// alone, so that a command gives the same bytes again. Beyond half a gigabyte of maps batches were no faster (<c>r2plus1d_18</c>, 8x112x112: 16 clips).
/// </summary>
internal static class InferenceBatch
{
    /// <summary>In the options: chosen here.</summary>
    public const int ByMemory = 0;

    private const long WorkingSet = 512L << 20;
    private const int ShareOfMachine = 16;
    private const int Most = 64;

    /// <summary>The batch's size.</summary>
    /// <param name="asked">What the options say.</param>
    /// <param name="encoders">The networks; one after the other passes the batch.</param>
    /// <param name="clip">One of the clips; all are of one shape.</param>
    /// <param name="size">Its frames' height and width.</param>
    /// <param name="spectrogram">What its sounds become; null where none is looked at.</param>
    public static int Of(int asked, IEnumerable<Encoder> encoders, ClipRequest clip, int size, LogMelOptions? spectrogram) => asked != ByMemory
        ? asked
        : Fitting(BytesPerClip(encoders, clip, size, spectrogram), Math.Min(WorkingSet, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / ShareOfMachine));

    /// <summary>The largest power of two that fits, at most 64 and at least 1.</summary>
    internal static int Fitting(long bytesPerClip, long room)
    {
        var batch = Most;
        while (batch > 1 && batch * bytesPerClip > room)
        {
            batch /= 2;
        }

        return batch;
    }

    /// <summary>What a clip takes on its way: its frames as they are loaded and as fp32, and what is alive of the largest network's maps.</summary>
    internal static long BytesPerClip(IEnumerable<Encoder> encoders, ClipRequest clip, int size, LogMelOptions? spectrogram)
    {
        var pixels = 3L * clip.FrameCount * size * size;
        var windows = Math.Max(1, clip.Audio.Count);
        var maps = 0L;
        foreach (var encoder in encoders.Where(e => EncoderRegistry.Find(e.Architecture) is not null))
        {
            var bytes = encoder.Precision == Precision.Bf16 ? 2 : 4;
            var alive = encoder.Modality == Modality.Video
                ? MapsAlive(encoder.Options, [clip.FrameCount, size, size])
                : windows * MapsAlive(encoder.Options, [spectrogram!.FrameCount(clip.Audio[0].SampleCount), spectrogram.MelBins]);
            maps = Math.Max(maps, bytes * alive);
        }

        return (pixels * (1 + sizeof(float))) + maps;
    }

    /// <summary>Numbers: a block's input, what it is working on, and what comes out.</summary>
    private static long MapsAlive(EncoderOptions options, long[] size)
    {
        var maps = NetworkCost.Convolutions(options, size).Select(c => c.Output.Aggregate(1L, (product, s) => product * s)).ToArray();
        return Enumerable.Range(0, maps.Length).Max(i => maps.Skip(i).Take(3).Sum());
    }
}
