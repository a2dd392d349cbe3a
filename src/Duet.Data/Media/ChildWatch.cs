using System.ComponentModel;
using System.Diagnostics;

namespace Duet.Data.Media;

/// <summary>Looks at a child process again and again, and kills it where it is over a limit.</summary>
/// <param name="process">The child.</param>
/// <param name="limits">What it may use.</param>
/// <param name="otherProgress">A number that changes with progress that its output does not show.</param>
/// <param name="kill">Kills it.</param>
internal sealed class ChildWatch(Process process, ChildLimits limits, Func<long>? otherProgress, Action kill)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly TimeSpan pause = TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, Math.Min(limits.Stall.Ticks, limits.ProcessorTime.Ticks) / 4));
    private long bytes;
    private volatile int exceeded;

    /// <summary>The limit for which the child was killed.</summary>
    public ChildLimit Exceeded => (ChildLimit)exceeded;

    /// <summary>The child has put out some more bytes.</summary>
    public void Add(int count) => Interlocked.Add(ref bytes, count);

    /// <summary>Watches until told to end.</summary>
    /// <param name="ended">Ends the watch.</param>
    public async Task RunAsync(CancellationToken ended)
    {
        // Pauses are counted, not the clock: a laptop that slept, or a job that was stopped and continued, did not stall.
        var (alive, quiet, last) = (TimeSpan.Zero, TimeSpan.Zero, long.MinValue);
        while (!ended.IsCancellationRequested)
        {
            await Task.Delay(pause, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            alive += pause;
            var now = Interlocked.Read(ref bytes) + (otherProgress?.Invoke() ?? 0);
            quiet = now == last ? quiet + pause : TimeSpan.Zero;
            last = now;
            if (Judge(alive, quiet) is not ChildLimit.None and var limit && !ended.IsCancellationRequested)
            {
                exceeded = (int)limit;
                kill();
                return;
            }
        }
    }

    private ChildLimit Judge(TimeSpan alive, TimeSpan quiet)
    {
        if (quiet >= limits.Stall)
        {
            return ChildLimit.Stall;
        }

        if (alive >= limits.LifeTime)
        {
            return ChildLimit.Time;
        }

        try
        {
            process.Refresh();
            return process.TotalProcessorTime >= limits.ProcessorTime ? ChildLimit.Time
                : process.WorkingSet64 > limits.MemoryBytes ? ChildLimit.Memory
                : ChildLimit.None;
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            return ChildLimit.None; // it has ended
        }
    }
}
