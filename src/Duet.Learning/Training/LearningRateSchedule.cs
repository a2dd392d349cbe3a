namespace Duet.Learning.Training;

/// <summary>
/// The learning rate as a pure function of the step (and, for a plateau, of how often the loss has stalled so far): nothing
/// to save, so nothing that a resumed run could get wrong.
/// </summary>
/// <param name="options">The recipe's section.</param>
/// <param name="stepsPerEpoch">Steps per epoch.</param>
/// <param name="epochs">Epochs of the whole schedule.</param>
public sealed class LearningRateSchedule(LearningRateOptions options, long stepsPerEpoch, int epochs)
{
    private readonly double warmupSteps = options.WarmupEpochs * stepsPerEpoch;
    private readonly double totalSteps = (double)stepsPerEpoch * epochs;

    /// <summary>The rate of one step.</summary>
    /// <param name="step">Steps taken before it.</param>
    /// <param name="plateaus">How often the loss has stalled, see <see cref="PlateauState"/>.</param>
    public double At(long step, int plateaus = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (step < warmupSteps)
        {
            return options.Base * (options.WarmupFrom + ((1 - options.WarmupFrom) * (step / warmupSteps)));
        }

        var sinceWarmup = step - warmupSteps;
        return options.Base * options.Schedule switch
        {
            LearningRateShape.Constant => 1,
            LearningRateShape.Step => Math.Pow(options.Gamma, Math.Floor(sinceWarmup / ((double)options.StepEpochs * stepsPerEpoch))),
            LearningRateShape.Cosine => Cosine(sinceWarmup / Math.Max(1, totalSteps - warmupSteps)),
            LearningRateShape.Plateau => Math.Pow(options.Gamma, plateaus),
            _ => throw new ArgumentOutOfRangeException(nameof(step), options.Schedule, "Unknown schedule."),
        };
    }

    private double Cosine(double share) => options.FinalShare + ((1 - options.FinalShare) * (1 + Math.Cos(Math.PI * Math.Min(1, share))) / 2);
}

/// <summary>What a plateau schedule remembers: a function of the epochs' losses in their order.</summary>
/// <param name="Best">The lowest loss so far; null before the first epoch.</param>
/// <param name="Stalled">Epochs in a row that were not below it.</param>
/// <param name="Reductions">How often the rate has been reduced.</param>
public sealed record PlateauState(double? Best, int Stalled, int Reductions)
{
    /// <summary>Before the first epoch.</summary>
    public static PlateauState Start { get; } = new(null, 0, 0);

    /// <summary>The state after one more epoch: reduced when the loss has not fallen for more than <paramref name="patience"/> epochs.</summary>
    /// <param name="loss">The epoch's loss.</param>
    /// <param name="patience">Epochs without a fall that are borne.</param>
    public PlateauState After(double loss, int patience) => Best is null || loss < Best
        ? new(loss, 0, Reductions)
        : Stalled < patience ? this with { Stalled = Stalled + 1 } : this with { Stalled = 0, Reductions = Reductions + 1 };
}
