namespace Duet.Learning.Training;

/// <summary>
/// Where a run stands, beside the tensors: a handful of numbers. Randomness and schedules are pure functions of them, so there
/// is no generator and no scheduler to save.
/// </summary>
public sealed record TrainerState
{
    /// <summary>Steps taken.</summary>
    public long Step { get; init; }

    /// <summary>Whether the method has measured what it must know of its data; it does so once in a run.</summary>
    public bool Begun { get; init; }

    /// <summary>The epoch that the next step belongs to, from 0.</summary>
    public int Epoch { get; init; }

    /// <summary>Batches of that epoch taken already, <c>training.accumulate</c> in each step; all of them where only its validation is left.</summary>
    public int Batch { get; init; }

    /// <summary>The step at which the present round of the schedule began.</summary>
    public long RoundStart { get; init; }

    /// <summary>The optimiser's updates in the present round.</summary>
    public long Updates { get; init; }

    /// <summary>The plateau schedule's memory.</summary>
    public PlateauState Plateau { get; init; } = PlateauState.Start;

    /// <summary>The sum of the losses of this epoch's steps so far.</summary>
    public double EpochLoss { get; init; }

    /// <summary>Steps since the last line of metrics.</summary>
    public int IntervalSteps { get; init; }

    /// <summary>Sums over those steps, by name.</summary>
    public IReadOnlyDictionary<string, double> IntervalSums { get; init; } = new Dictionary<string, double>(StringComparer.Ordinal);

    /// <summary>Seconds of work so far, over all processes that worked on the run.</summary>
    public double Seconds { get; init; }

    /// <summary>Samples that could not be read so far.</summary>
    public int BadSamples { get; init; }

    /// <summary>Bytes of metrics.jsonl that belong to this state.</summary>
    public long MetricsBytes { get; init; }

    /// <summary>Whether the run has come to its end.</summary>
    public bool Finished { get; init; }
}
