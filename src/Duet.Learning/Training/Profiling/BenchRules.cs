using System.Globalization;
using Duet.Data.Clips;
using Duet.Learning.Models;

namespace Duet.Learning.Training.Profiling;

/// <summary>From a measurement to the settings that would make it better. Each rule looks at numbers that were measured, and says them.</summary>
internal static class BenchRules
{
    /// <summary>Waiting for data below this share is none.</summary>
    public const double LeastWait = 0.02;

    private const double MuchIdle = 0.5;
    private const double MuchDecoding = 0.25;
    private const double MuchUpdating = 0.15;
    private const double MuchElse = 0.05;
    private const double FasterPrecision = 1.3;
    private const double FullMemory = 0.85;
    private const double RoomToDouble = 0.45;

    /// <summary>All that holds, the most telling first.</summary>
    /// <param name="result">What was measured.</param>
    /// <param name="clip">The recipe's clips; null where no frames are read.</param>
    /// <param name="cudaIdle">Whether there is a GPU that the recipe does not use.</param>
    public static IReadOnlyList<BenchAdvice> Of(BenchResult result, ClipOptions? clip, bool cudaIdle) =>
    [
        .. Device(cudaIdle), .. FullOfData(result), .. Workers(result), .. ShortSide(result, clip), .. DataBound(result, clip), .. PrecisionOf(result), .. Threads(result),
        .. Optimiser(result), .. Other(result), .. RoomForBatch(result),
    ];

    private static bool Waits(BenchResult result) => result.Data.WaitShare > LeastWait;

    /// <summary>Whether the workers are what is waited for: where they stand idle, other settings of theirs would change nothing.</summary>
    private static bool TooSlow(BenchResult result) => Waits(result) && result.Data.IdleShare < MuchIdle;

    private static bool QueueTooShort(BenchResult result) => (long)result.Settings.QueueMb << 20 < 2 * result.Settings.BatchBytes;

    private static IEnumerable<BenchAdvice> Device(bool cudaIdle)
    {
        if (cudaIdle)
        {
            yield return new("training.device", "auto", "there is a GPU, and the recipe keeps to the processor");
        }
    }

    private static IEnumerable<BenchAdvice> FullOfData(BenchResult result)
    {
        var (batch, accumulate) = (result.Settings.Batch, result.Settings.Accumulate);
        if (result.Memory.PeakBytes > FullMemory * result.Memory.AvailableBytes && batch >= 4 && result.Environment.Device == "cpu")
        {
            yield return new(
                "training.batch",
                Text($"{batch / 2}, with training.accumulate {accumulate * 2}"),
                Text($"the run takes {Gigabytes(result.Memory.PeakBytes)} of {Gigabytes(result.Memory.AvailableBytes)}: half the batch and twice as many a step is the same step, batch normalisation aside"));
        }
    }

    private static IEnumerable<BenchAdvice> Workers(BenchResult result)
    {
        if (TooSlow(result) && result.Settings.Workers < result.Environment.Cores)
        {
            yield return new(
                "training.workers",
                Text($"{result.Environment.Cores}"),
                Text($"{Percent(result.Data.WaitShare)} of the time is spent waiting for data, and {result.Settings.Workers} of {result.Environment.Cores} cores decode"));
        }
        else if (Waits(result) && QueueTooShort(result))
        {
            yield return new(
                "training.queue_mb",
                Text($"{((3 * result.Settings.BatchBytes) >> 20) + 1}"),
                Text($"{Percent(result.Data.WaitShare)} of the time is spent waiting for data, and the queue is too short for two batches of {result.Settings.BatchBytes / 1e6:0} MB: the next one is not begun before one is taken"));
        }
    }

    /// <summary>The share of the workers' full speed that training uses.</summary>
    private static double DecodeShare(BenchResult result) => result.ClipsPerSecond / result.Data.AloneClipsPerSecond;

    /// <summary>The short side from which no crop has to be enlarged, a multiple of 16.</summary>
    private static int Needed(ClipOptions clip) => (int)Math.Ceiling(clip.Size / clip.Scales.Min() / 16) * 16;

    private static bool StoredTooLarge(BenchResult result, ClipOptions? clip) => clip is not null && result.ShortSide >= 1.25 * Needed(clip);

    private static IEnumerable<BenchAdvice> ShortSide(BenchResult result, ClipOptions? clip)
    {
        if ((TooSlow(result) || DecodeShare(result) > MuchDecoding) && StoredTooLarge(result, clip))
        {
            yield return new(
                "duet ingest --short-side",
                Text($"{Needed(clip!)}"),
                Text($"decoding takes {Percent(Math.Min(1, DecodeShare(result)))} of what the cores could decode, from frames of {result.ShortSide} pixels, where {Needed(clip!)} are enough for crops of {clip!.Size}; a store made anew is smaller and faster to read"));
        }
    }

    private static IEnumerable<BenchAdvice> DataBound(BenchResult result, ClipOptions? clip)
    {
        if (!TooSlow(result) || StoredTooLarge(result, clip) || result.Settings.Workers < result.Environment.Cores || QueueTooShort(result))
        {
            yield break;
        }

        yield return DecodeShare(result) < 0.8
            ? new("--store", "a faster disk", Text($"{Percent(result.Data.WaitShare)} of the time is spent waiting for data, though all cores decode {result.Data.AloneClipsPerSecond:0.0} clips/s once they have been read: the disk, at {result.Data.ReadBytesPerSecond / 1e6:0.0} MB/s, is what is slow"))
            : new(
                clip is null ? "clip.audio_seconds" : "clip.size, clip.frames",
                "smaller, or more cores",
                Text($"{Percent(result.Data.WaitShare)} of the time is spent waiting for data: the networks are as fast as all {result.Environment.Cores} cores decode ({result.Data.AloneClipsPerSecond:0.0} clips/s)"));
    }

    private static IEnumerable<BenchAdvice> PrecisionOf(BenchResult result)
    {
        var (rates, bf16) = (result.Arithmetic.Rates, result.Environment.Precision == "bf16");
        var (other, gain) = bf16 ? ("fp32", rates.Fp32Flops / rates.Bf16Flops) : ("bf16", rates.Bf16Flops / rates.Fp32Flops);
        if (gain > FasterPrecision && result.Share(StepPhase.Forward) + result.Share(StepPhase.Backward) > 0.5)
        {
            yield return new("training.precision", other, Text($"matrix products in {other} are {gain:0.0} times as fast on this machine as in {result.Environment.Precision}"));
        }
    }

    private static IEnumerable<BenchAdvice> Threads(BenchResult result)
    {
        if (result.Environment.Device == "cpu" && result.Environment.Threads < result.Environment.Cores && !TooSlow(result))
        {
            yield return new("training.threads", "0", Text($"the networks use {result.Environment.Threads} of {result.Environment.Cores} cores; 0 takes all (and gives other last bits)"));
        }
    }

    private static IEnumerable<BenchAdvice> Optimiser(BenchResult result)
    {
        if (result.Share(StepPhase.Optimiser) > MuchUpdating)
        {
            yield return new(
                "training.accumulate",
                Text($"{result.Settings.Accumulate * 2}"),
                Text($"{Percent(result.Share(StepPhase.Optimiser))} of the time goes into updating the weights; with more clips a step it is done less often. That changes what is learned: raise the learning rate with the batch"));
        }
    }

    private static IEnumerable<BenchAdvice> Other(BenchResult result)
    {
        if (result.Share(StepPhase.Other) > MuchElse)
        {
            yield return new(
                "training.log_every",
                Text($"{result.Settings.LogEvery * 10}"),
                Text($"{Percent(result.Share(StepPhase.Other))} of the time goes neither into data nor into the networks but into metrics, progress and checkpoints"));
        }
    }

    private static IEnumerable<BenchAdvice> RoomForBatch(BenchResult result)
    {
        var (batch, accumulate) = (result.Settings.Batch, result.Settings.Accumulate);
        if (accumulate > 1 && accumulate % 2 == 0 && result.Memory.PeakBytes < RoomToDouble * result.Memory.AvailableBytes && result.Environment.Device == "cpu")
        {
            yield return new(
                "training.batch",
                Text($"{batch * 2}, with training.accumulate {accumulate / 2}"),
                Text($"the run takes {Gigabytes(result.Memory.PeakBytes)} of {Gigabytes(result.Memory.AvailableBytes)}: there is room for the same step in half as many batches, which batch normalisation likes better"));
        }
    }

    private static string Percent(double share) => Text($"{100 * share:0.#} %");

    private static string Gigabytes(long bytes) => Text($"{bytes / 1e9:0.0} GB");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
