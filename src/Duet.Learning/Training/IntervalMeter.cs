using System.Diagnostics;

namespace Duet.Learning.Training;

/// <summary>Averages what the steps of an interval measured, and times how much of it was spent waiting for data.</summary>
internal sealed class IntervalMeter(TrainerState state)
{
    private readonly Dictionary<string, double> sums = new(state.IntervalSums, StringComparer.Ordinal);
    private readonly Stopwatch all = new();
    private readonly Stopwatch waiting = new();
    private int steps = state.IntervalSteps;
    private long clips;

    /// <summary>Clips per second, of the steps that this process took.</summary>
    public double ClipsPerSecond => clips / Math.Max(all.Elapsed.TotalSeconds, 1e-9);

    /// <summary>Share of the time spent waiting for data.</summary>
    public double DataWaitShare => Math.Min(1, waiting.Elapsed.TotalSeconds / Math.Max(all.Elapsed.TotalSeconds, 1e-9));

    /// <summary>Starts the clock again where something else than training took place.</summary>
    public void Restart()
    {
        if (clips == 0)
        {
            all.Restart();
            waiting.Reset();
        }
    }

    /// <summary>Passes items on and counts the time that they were waited for.</summary>
    public IEnumerable<T> TimeWaiting<T>(IEnumerable<T> items)
    {
        using var enumerator = items.GetEnumerator();
        while (true)
        {
            waiting.Start();
            var more = enumerator.MoveNext();
            waiting.Stop();
            if (!more)
            {
                yield break;
            }

            yield return enumerator.Current;
        }
    }

    /// <summary>A step was taken.</summary>
    /// <param name="count">Its clips.</param>
    public void Count(int count) => clips += count;

    /// <summary>Adds a step's numbers.</summary>
    public void Add(IEnumerable<KeyValuePair<string, double>> numbers)
    {
        steps++;
        foreach (var (name, value) in numbers)
        {
            sums[name] = sums.GetValueOrDefault(name) + value;
        }
    }

    /// <summary>The means over the steps that were read, in the order in which the numbers first came; empty where none was.</summary>
    public Dictionary<string, double> Means() => sums.ToDictionary(s => s.Key, s => s.Value / steps, StringComparer.Ordinal);

    /// <summary>Begins a new interval.</summary>
    public void Reset()
    {
        sums.Clear();
        steps = 0;
        clips = 0;
        all.Restart();
        waiting.Reset();
    }

    /// <summary>Puts the interval's numbers into a state that is about to be saved.</summary>
    public TrainerState Into(TrainerState state) => state with { IntervalSteps = steps, IntervalSums = new Dictionary<string, double>(sums, StringComparer.Ordinal) };
}
