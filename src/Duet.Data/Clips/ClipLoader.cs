using System.Diagnostics;

namespace Duet.Data.Clips;

/// <summary>
/// Carries out requests: worker threads read and decode the samples of the coming batches, several at once, and batches are
/// delivered in order. What is delivered depends on the requests alone, never on the workers or their number.
/// One enumeration runs at a time; the batches of an earlier one may still be held.
/// </summary>
public sealed class ClipLoader : IDisposable
{
    private readonly IClipStore store;
    private readonly BufferPool<byte> framePool = new();
    private readonly BufferPool<short> samplePool = new();
    private readonly Lock gate = new();
    private ClipLoaderRun? run;
    private bool disposed;
    private long waiting;
    private long batches;
    private long clips;
    private long bytes;
    private long failures;

    /// <summary>Makes a loader; threads start with an enumeration and end with it.</summary>
    /// <param name="store">What to read from; the caller keeps it and disposes of it later than the loader.</param>
    /// <param name="size">Height and width of the frames to deliver, pixels.</param>
    /// <param name="options">Workers and queue.</param>
    /// <exception cref="UsageException">An option is out of range.</exception>
    public ClipLoader(IClipStore store, int size, ClipLoaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new UsageException(error.Message);
        }

        this.store = store;
        Size = size;
        Workers = options.Workers > 0 ? options.Workers : Environment.ProcessorCount;
        QueueBytes = options.QueueMegabytes * (1L << 20);
    }

    /// <summary>Height and width of the frames, pixels.</summary>
    public int Size { get; }

    /// <summary>Threads that decode.</summary>
    public int Workers { get; }

    /// <summary>Bound on the decoded clips that wait, bytes.</summary>
    public long QueueBytes { get; }

    /// <summary>Hears of every sample that could not be read, on the consumer's thread, before its batch is delivered; what it throws ends the enumeration.</summary>
    public Action<ClipRequest, SampleFailure>? OnFailure { get; set; }

    /// <summary>What the loader has done so far, over all enumerations.</summary>
    public LoaderStatistics Statistics => new(
        Stopwatch.GetElapsedTime(0, Interlocked.Read(ref waiting)),
        Interlocked.Read(ref batches),
        Interlocked.Read(ref clips),
        Interlocked.Read(ref bytes),
        Interlocked.Read(ref failures),
        framePool.Allocated + samplePool.Allocated,
        Interlocked.Read(ref Work.Decoded),
        Stopwatch.GetElapsedTime(0, Interlocked.Read(ref Work.Busy)),
        Stopwatch.GetElapsedTime(0, Interlocked.Read(ref Work.Idle)),
        Interlocked.Read(ref Work.Allocated));

    /// <summary>What the workers count.</summary>
    internal WorkerCounts Work { get; } = new();

    /// <summary>Loads requests in batches, in their order. The last batch may be smaller.</summary>
    /// <param name="requests">What to load. The requests of one batch have the same number of frames, windows and samples.</param>
    /// <param name="batch">Clips per batch.</param>
    /// <param name="firstBatch">Batches to pass over, unread: a resumed epoch goes on in its middle.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>Batches; the consumer disposes of each, which gives its buffers back.</returns>
    /// <exception cref="ArgumentException">Requests that share a batch differ in shape, or a crop does not lie in its frame.</exception>
    /// <exception cref="UsageException">A batch is larger than 2 GB.</exception>
    /// <exception cref="OperationCanceledException">On enumeration: the token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The loader was disposed of.</exception>
    public IEnumerable<ClipBatch> Load(IReadOnlyList<ClipRequest> requests, int batch, int firstBatch = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        ObjectDisposedException.ThrowIf(disposed, this);
        var shapes = BatchShape.Of(requests, batch, Size);
        return Enumerate(requests, shapes, firstBatch, cancellationToken);
    }

    /// <summary>Ends a running enumeration and joins its workers.</summary>
    public void Dispose()
    {
        ClipLoaderRun? active;
        lock (gate)
        {
            disposed = true;
            active = run;
            run = null;
        }

        active?.Dispose();
    }

    private void Tell(ClipBatch batch)
    {
        if (OnFailure is not { } hear || batch.Failures.Count == 0)
        {
            return;
        }

        try
        {
            foreach (var failure in batch.Failures)
            {
                hear(batch.Requests[failure.Index], failure);
            }
        }
        catch
        {
            batch.Dispose(); // nobody else will: it was not delivered
            throw;
        }
    }

    private IEnumerable<ClipBatch> Enumerate(IReadOnlyList<ClipRequest> requests, BatchShape[] shapes, int firstBatch, CancellationToken cancellationToken)
    {
        ClipLoaderRun active;
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (run is not null)
            {
                throw new InvalidOperationException("This loader is already being enumerated; use a second loader, or end the first enumeration.");
            }

            run = active = new ClipLoaderRun(store, framePool, samplePool, this, requests, shapes, firstBatch, cancellationToken);
        }

        try
        {
            active.Start();
            while (true)
            {
                var before = Stopwatch.GetTimestamp();
                var next = active.Take();
                Interlocked.Add(ref waiting, Stopwatch.GetTimestamp() - before);
                if (next is null)
                {
                    yield break;
                }

                Interlocked.Increment(ref batches);
                Interlocked.Add(ref clips, next.Count);
                Interlocked.Add(ref bytes, next.Bytes);
                Interlocked.Add(ref failures, next.Failures.Count);
                Tell(next);
                yield return next;
            }
        }
        finally
        {
            active.Dispose();
            lock (gate)
            {
                if (ReferenceEquals(run, active))
                {
                    run = null;
                }
            }
        }
    }
}

/// <summary>What all workers of a loader have done together; to be added to atomically.</summary>
internal sealed class WorkerCounts
{
    /// <summary>Clips done.</summary>
    public long Decoded;

    /// <summary>Ticks spent on them.</summary>
    public long Busy;

    /// <summary>Ticks spent waiting for room.</summary>
    public long Idle;

    /// <summary>Managed bytes allocated for them.</summary>
    public long Allocated;
}
