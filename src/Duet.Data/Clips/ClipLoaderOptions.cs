namespace Duet.Data.Clips;

/// <summary>How a <see cref="ClipLoader"/> works. None of it changes what it delivers.</summary>
public sealed record ClipLoaderOptions : IValidated
{
    /// <summary>Threads that decode; 0 for one per core.</summary>
    public int Workers { get; init; }

    /// <summary>Bound on decoded clips that wait, in megabytes (2^20 bytes). At least one batch is decoded ahead, however large.</summary>
    public int QueueMegabytes { get; init; } = 256;

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (Workers is < 0 or > 1024)
        {
            yield return new ValidationError(nameof(Workers), $"{Workers} workers: it must be 0 (one per core) to 1024.");
        }

        if (QueueMegabytes < 1)
        {
            yield return new ValidationError(nameof(QueueMegabytes), $"A queue of {QueueMegabytes} megabytes: at least 1 is needed.");
        }
    }
}

/// <summary>What a <see cref="ClipLoader"/> has done so far.</summary>
/// <param name="TimeWaiting">How long the consumer waited for batches.</param>
/// <param name="Batches">Batches delivered.</param>
/// <param name="Clips">Clips delivered.</param>
/// <param name="Bytes">Bytes of frames and sound delivered.</param>
/// <param name="Failures">Clips delivered black and silent, because they could not be read.</param>
/// <param name="BuffersAllocated">Buffers made since the loader was: a number that stays, once the queue is full, is memory that stays.</param>
/// <param name="ClipsDecoded">Clips that workers have done, delivered or not.</param>
/// <param name="TimeDecoding">Time that the workers spent on them, all workers together.</param>
/// <param name="TimeIdle">Time that the workers waited for room in the queue, all workers together: none is left where they can't keep up.</param>
/// <param name="WorkersAllocated">Managed bytes that the workers allocated for the clips.</param>
public sealed record LoaderStatistics(
    TimeSpan TimeWaiting, long Batches, long Clips, long Bytes, long Failures, long BuffersAllocated, long ClipsDecoded, TimeSpan TimeDecoding, TimeSpan TimeIdle, long WorkersAllocated);
