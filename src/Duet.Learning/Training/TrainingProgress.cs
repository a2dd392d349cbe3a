namespace Duet.Learning.Training;

/// <summary>What a run says while it goes on.</summary>
public abstract record TrainingProgress;

/// <summary>Something to tell the user: a validation's numbers, an unreadable sample, a collapse.</summary>
/// <param name="Text">One line.</param>
public sealed record TrainingNote(string Text) : TrainingProgress;

/// <summary>How far work between steps is, such as reading features.</summary>
/// <param name="Stage">What is done, in words.</param>
/// <param name="Done">Clips done.</param>
/// <param name="Total">Clips in all.</param>
/// <param name="DataWaitShare">Share of the time spent waiting for data, 0 to 1.</param>
public sealed record PassProgress(string Stage, long Done, long Total, double DataWaitShare) : TrainingProgress;

/// <summary>How far the run is: reported after every step.</summary>
public sealed record StepProgress : TrainingProgress
{
    /// <summary>Steps taken.</summary>
    public required long Step { get; init; }

    /// <summary>The most steps that the run can have.</summary>
    public required long Steps { get; init; }

    /// <summary>The epoch, from 0.</summary>
    public required int Epoch { get; init; }

    /// <summary>The most epochs that the run can have.</summary>
    public required int Epochs { get; init; }

    /// <summary>The stage in words.</summary>
    public required string Stage { get; init; }

    /// <summary>Means over the interval so far, by name: <c>loss</c> and the method's own numbers.</summary>
    public required IReadOnlyDictionary<string, double> Means { get; init; }

    /// <summary>The last step's learning rate.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Clips per second over the interval so far.</summary>
    public required double ClipsPerSecond { get; init; }

    /// <summary>Share of the interval's time spent waiting for data, 0 to 1.</summary>
    public required double DataWaitShare { get; init; }

    /// <summary>Time left at this process's pace.</summary>
    public required TimeSpan TimeLeft { get; init; }

    /// <summary>Whether an interval ends here: the same numbers went to the metrics.</summary>
    public required bool EndsInterval { get; init; }
}

/// <summary>How a call of the loop ended.</summary>
/// <param name="Finished">False where it was asked to stop before the end.</param>
/// <param name="Step">Steps taken.</param>
/// <param name="Steps">The most steps that the run can have.</param>
/// <param name="Seconds">Seconds of work, over all processes that worked on the run.</param>
/// <param name="Checkpoint">The newest checkpoint's file.</param>
public sealed record TrainingOutcome(bool Finished, long Step, long Steps, double Seconds, string Checkpoint);
