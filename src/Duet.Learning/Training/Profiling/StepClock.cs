using System.Diagnostics;
using TorchSharp;

namespace Duet.Learning.Training.Profiling;

/// <summary>What a training step spends time on.</summary>
public enum StepPhase
{
    /// <summary>Waiting for the loader's next batch.</summary>
    Waiting,

    /// <summary>Turning a batch's bytes into the networks' inputs: normalised frames, log-mel spectrograms, copies to a device.</summary>
    Inputs,

    /// <summary>The networks' forward pass, the loss, and what is measured beside it.</summary>
    Forward,

    /// <summary>The backward pass.</summary>
    Backward,

    /// <summary>Clipping the gradient and updating the weights.</summary>
    Optimiser,

    /// <summary>Everything else: metrics, progress, checkpoints.</summary>
    Other,
}

/// <summary>One step's time.</summary>
/// <param name="Ticks">By phase, in <see cref="Stopwatch"/>'s ticks.</param>
/// <param name="Allocated">Managed bytes that the loop's thread allocated.</param>
public sealed record StepTimes(IReadOnlyList<long> Ticks, long Allocated)
{
    /// <summary>Seconds of a phase.</summary>
    /// <param name="phase">Which.</param>
    public double Seconds(StepPhase phase) => Ticks[(int)phase] / (double)Stopwatch.Frequency;

    /// <summary>Seconds of the whole step.</summary>
    public double Total => Ticks.Sum() / (double)Stopwatch.Frequency;
}

/// <summary>
/// Divides training steps into phases. The loop marks where each one ends; a loop without a clock does nothing of the kind. For the loop's thread alone.
/// </summary>
public sealed class StepClock
{
    private readonly bool synchronise;
    private readonly List<StepTimes> steps = [];
    private long[] ticks = new long[Enum.GetValues<StepPhase>().Length];
    private long last;
    private TimeSpan prepared;
    private long allocated;

    /// <summary>Makes a clock.</summary>
    /// <param name="synchronise">Whether a mark waits for the GPU's work, as the times of a GPU need: without it a phase would last as long as giving its orders.</param>
    public StepClock(bool synchronise = false) => this.synchronise = synchronise;

    /// <summary>The steps so far.</summary>
    public IReadOnlyList<StepTimes> Steps => steps;

    /// <summary>Begins a row of steps: the time before it belongs to none.</summary>
    /// <param name="preparing">What the method has spent on inputs so far (<see cref="ITrainingTask.TimePreparing"/>).</param>
    public void Start(TimeSpan preparing)
    {
        Array.Clear(ticks);
        last = Now();
        prepared = preparing;
        allocated = GC.GetAllocatedBytesForCurrentThread();
    }

    /// <summary>A phase ends: all time since the last mark was its.</summary>
    /// <param name="phase">Which.</param>
    public void Mark(StepPhase phase)
    {
        var now = Now();
        ticks[(int)phase] += now - last;
        last = now;
    }

    /// <summary>The forward pass ends. What the method spent on inputs meanwhile is theirs.</summary>
    /// <param name="preparing">What the method has spent on inputs so far.</param>
    public void MarkForward(TimeSpan preparing)
    {
        Mark(StepPhase.Forward);
        var inputs = (long)((preparing - prepared).TotalSeconds * Stopwatch.Frequency);
        prepared = preparing;
        ticks[(int)StepPhase.Forward] -= inputs;
        ticks[(int)StepPhase.Inputs] += inputs;
    }

    /// <summary>A step ends.</summary>
    public void EndStep()
    {
        Mark(StepPhase.Other);
        var total = GC.GetAllocatedBytesForCurrentThread();
        steps.Add(new StepTimes(ticks, total - allocated));
        ticks = new long[ticks.Length];
        allocated = GC.GetAllocatedBytesForCurrentThread();
    }

    private long Now()
    {
        if (synchronise)
        {
            torch.cuda.synchronize();
        }

        return Stopwatch.GetTimestamp();
    }
}
