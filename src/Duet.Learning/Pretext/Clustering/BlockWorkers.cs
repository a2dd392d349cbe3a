using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>
/// Threads that work through blocks of rows, each with libtorch confined to itself. So a block's bits do not depend on how many threads there are, nothing waits
/// inside a block, and a block stays in one core's cache from the conversion to the choice of the nearest centroid.
/// </summary>
internal sealed class BlockWorkers : IDisposable
{
    private readonly Thread[] threads;
    private readonly Barrier barrier;
    private readonly int threadsBefore;
    private readonly CancellationToken cancel;
    private Action<int, int>? body;
    private int blocks;
    private int next;
    private ExceptionDispatchInfo? failure;

    /// <summary>Starts the threads.</summary>
    /// <param name="count">How many.</param>
    /// <param name="cancel">Stops between blocks.</param>
    public BlockWorkers(int count, CancellationToken cancel)
    {
        this.cancel = cancel;
        threadsBefore = get_num_threads();
        barrier = new Barrier(count + 1);
        threads = new Thread[count];
        for (var i = 0; i < count; i++)
        {
            var worker = i;
            threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"k-means {i}" };
            threads[i].Start();
        }
    }

    /// <summary>How many threads.</summary>
    public int Count => threads.Length;

    /// <summary>Does every block, in any order.</summary>
    /// <param name="count">How many blocks.</param>
    /// <param name="work">Does one: the worker's number, and the block's.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void ForEach(int count, Action<int, int> work)
    {
        (body, blocks, next, failure) = (work, count, 0, null);
        barrier.SignalAndWait(CancellationToken.None);
        barrier.SignalAndWait(CancellationToken.None);
        failure?.Throw();
        cancel.ThrowIfCancellationRequested();
    }

    /// <summary>Ends the threads and gives libtorch its own back.</summary>
    public void Dispose()
    {
        body = null;
        barrier.SignalAndWait(CancellationToken.None);
        foreach (var thread in threads)
        {
            thread.Join();
        }

        barrier.Dispose();
        set_num_threads(threadsBefore);
    }

    private void Work(int worker)
    {
        // OpenMP keeps the number per thread; libtorch's own default, which is the process's, is restored at the end.
        set_num_threads(1);
        while (true)
        {
            barrier.SignalAndWait(CancellationToken.None);
            if (body is not { } work)
            {
                return;
            }

            try
            {
                for (var block = Interlocked.Increment(ref next) - 1; block < blocks && !cancel.IsCancellationRequested; block = Interlocked.Increment(ref next) - 1)
                {
                    work(worker, block);
                }
            }
            catch (Exception e)
            {
                // The first failure is thrown on the caller's thread; the others stop.
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
                Volatile.Write(ref next, blocks);
            }

            barrier.SignalAndWait(CancellationToken.None);
        }
    }
}
