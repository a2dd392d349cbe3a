using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using Duet.Data.Native;
using Duet.Data.Store;

namespace Duet.Data.Clips;

/// <summary>
/// One enumeration of a <see cref="ClipLoader"/>: its threads and the batches between them and the consumer. Workers take the
/// next sample of the earliest batch that has one left; a further batch is opened while the open ones fit into the queue.
/// </summary>
internal sealed class ClipLoaderRun : IDisposable
{
    private readonly IClipStore store;
    private readonly BufferPool<byte> framePool;
    private readonly BufferPool<short> samplePool;
    private readonly ClipLoader loader;
    private readonly IReadOnlyList<ClipRequest> requests;
    private readonly BatchShape[] shapes;
    private readonly CancellationToken cancellationToken;
    private readonly CancellationTokenRegistration registration;
    private readonly Thread[] threads;
    private readonly object gate = new(); // guards all below; pulsed when a batch is done or taken, and when the run ends
    private readonly Queue<OpenBatch> open = new();
    private OpenBatch? filling; // the last opened batch, while it has samples that no worker has taken
    private int nextBatch;
    private long openBytes;
    private bool stopped;
    private bool started;
    private ExceptionDispatchInfo? failure;

    public ClipLoaderRun(
        IClipStore store,
        BufferPool<byte> framePool,
        BufferPool<short> samplePool,
        ClipLoader loader,
        IReadOnlyList<ClipRequest> requests,
        BatchShape[] shapes,
        int firstBatch,
        CancellationToken cancellationToken)
    {
        this.store = store;
        this.framePool = framePool;
        this.samplePool = samplePool;
        this.loader = loader;
        this.requests = requests;
        this.shapes = shapes;
        this.cancellationToken = cancellationToken;
        nextBatch = firstBatch;
        threads = new Thread[loader.Workers];
        for (var i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(Work) { IsBackground = true, Name = string.Create(CultureInfo.InvariantCulture, $"duet clips {i}") };
        }

        registration = cancellationToken.Register(static state => ((ClipLoaderRun)state!).Stop(), this);
    }

    public void Start()
    {
        started = true;
        foreach (var thread in threads)
        {
            thread.Start();
        }
    }

    /// <summary>Waits for the next batch in order; null after the last.</summary>
    public ClipBatch? Take()
    {
        OpenBatch? taken;
        lock (gate)
        {
            while (true)
            {
                failure?.Throw();
                cancellationToken.ThrowIfCancellationRequested();
                ObjectDisposedException.ThrowIf(stopped, loader);
                if (open.TryPeek(out taken) ? taken.Left == 0 : nextBatch >= shapes.Length)
                {
                    break;
                }

                Monitor.Wait(gate);
            }

            if (taken is null)
            {
                return null;
            }

            open.Dequeue();
            openBytes -= taken.Shape.Bytes;
            Monitor.PulseAll(gate);
        }

        return taken.Deliver(loader.Size, requests, Release);
    }

    /// <summary>Ends the workers, waits for them, and gives the buffers of undelivered batches back.</summary>
    public void Dispose()
    {
        Stop();
        registration.Dispose();
        if (started)
        {
            foreach (var thread in threads)
            {
                thread.Join();
            }
        }

        lock (gate)
        {
            while (open.TryDequeue(out var batch))
            {
                framePool.Return(batch.Frames);
                samplePool.Return(batch.Samples);
            }
        }
    }

    private void Release(ClipBatch batch)
    {
        framePool.Return(batch.Frames);
        samplePool.Return(batch.Samples);
    }

    private void Stop()
    {
        lock (gate)
        {
            stopped = true;
            Monitor.PulseAll(gate);
        }
    }

    private void Work()
    {
        try
        {
            ThreadPolicy.WaitForTurn(); // a batch that is ready must not wait for the next one's first clips
            var decoder = new ClipDecoder(store, loader.Size);
            while (Claim() is var (batch, index) && batch is not null)
            {
                var request = requests[batch.Shape.First + index];
                var shape = batch.Shape;
                var (started, allocated) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
                var reason = decoder.Decode(
                    request,
                    batch.Frames.AsSpan(index * shape.ClipFrameBytes, shape.ClipFrameBytes),
                    batch.Samples.AsSpan(index * shape.ClipSamples, shape.ClipSamples));
                Interlocked.Add(ref loader.Work.Allocated, GC.GetAllocatedBytesForCurrentThread() - allocated);
                Interlocked.Add(ref loader.Work.Busy, Stopwatch.GetTimestamp() - started);
                Interlocked.Increment(ref loader.Work.Decoded);
                lock (gate)
                {
                    if (reason is not null)
                    {
                        batch.Failures.Add(new SampleFailure(index, request.Video.Id, reason));
                    }

                    if (--batch.Left == 0)
                    {
                        Monitor.PulseAll(gate);
                    }
                }
            }
        }
#pragma warning disable CA1031 // whatever a worker dies of is thrown again at the consumer
        catch (Exception e)
#pragma warning restore CA1031
        {
            lock (gate)
            {
                failure ??= ExceptionDispatchInfo.Capture(e);
                stopped = true;
                Monitor.PulseAll(gate);
            }
        }
    }

    /// <summary>The next sample to decode; no batch when there is nothing left to do.</summary>
    private (OpenBatch? Batch, int Index) Claim()
    {
        lock (gate)
        {
            while (!stopped)
            {
                if (filling is not null)
                {
                    var batch = filling;
                    var index = batch.Claimed++;
                    if (batch.Claimed == batch.Shape.Count)
                    {
                        filling = null;
                    }

                    return (batch, index);
                }

                if (nextBatch >= shapes.Length)
                {
                    break;
                }

                var shape = shapes[nextBatch];
                if (open.Count == 0 || openBytes + shape.Bytes <= loader.QueueBytes)
                {
                    // The last, smaller batch takes a buffer of the full size: a buffer of its own would be garbage.
                    var full = nextBatch > 0 && shapes[nextBatch - 1].ClipFrameBytes == shape.ClipFrameBytes && shapes[nextBatch - 1].ClipSamples == shape.ClipSamples
                        ? shapes[nextBatch - 1].Count
                        : shape.Count;
                    filling = new OpenBatch(shape, framePool.Rent(full * shape.ClipFrameBytes), samplePool.Rent(full * shape.ClipSamples));
                    open.Enqueue(filling);
                    openBytes += shape.Bytes;
                    nextBatch++;
                    continue;
                }

                var waiting = Stopwatch.GetTimestamp();
                Monitor.Wait(gate);
                Interlocked.Add(ref loader.Work.Idle, Stopwatch.GetTimestamp() - waiting);
            }

            return (null, 0);
        }
    }

    private sealed class OpenBatch(BatchShape shape, byte[] frames, short[] samples)
    {
        public BatchShape Shape { get; } = shape;

        public byte[] Frames { get; } = frames;

        public short[] Samples { get; } = samples;

        /// <summary>Samples that workers have taken.</summary>
        public int Claimed { get; set; }

        /// <summary>Samples not yet done.</summary>
        public int Left { get; set; } = shape.Count;

        public List<SampleFailure> Failures { get; } = [];

        public ClipBatch Deliver(int size, IReadOnlyList<ClipRequest> requests, Action<ClipBatch> release)
        {
            var own = new ClipRequest[Shape.Count];
            for (var i = 0; i < own.Length; i++)
            {
                own[i] = requests[Shape.First + i];
            }

            // Workers finish in any order; what is delivered must not show it.
            Failures.Sort(static (a, b) => a.Index.CompareTo(b.Index));
            return new ClipBatch(own, size, Frames, Samples, Failures, release);
        }
    }
}
