using Duet.Data;
using Duet.Data.Clips;

namespace Duet.Learning.Evaluation;

/// <summary>How synchronisation is judged.</summary>
public sealed record SyncOptions : IValidated
{
    /// <summary>The part to report on: <c>test</c>, <c>all</c> (everything that neither trained nor validated the run), or a split that the catalog names.</summary>
    public string Split { get; init; } = "test";

    /// <summary>Clips per video and kind of negative.</summary>
    public int ClipsPerVideo { get; init; } = 5;

    /// <summary>Clips that pass the networks at once; 0: chosen by memory.</summary>
    public int Batch { get; init; }

    /// <summary>Largest offset of the curves to either side, seconds.</summary>
    public Rational MaxOffsetSeconds { get; init; } = 2;

    /// <summary>Videos whose offset is estimated, evenly over the part.</summary>
    public int OffsetVideos { get; init; } = 100;

    /// <summary>Videos shown with curve and spectrogram.</summary>
    public int Examples { get; init; } = 6;

    /// <summary>Which windows and resamples: fixed, so that runs of different seeds are judged on the same pairs.</summary>
    public long Seed { get; init; }

    /// <summary>Resamples of the bootstrap.</summary>
    public int Resamples { get; init; } = Bootstrap.DefaultResamples;

    /// <summary>Decode workers and queue.</summary>
    public ClipLoaderOptions Loader { get; init; } = new();

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (string.IsNullOrWhiteSpace(Split))
        {
            yield return new ValidationError(nameof(Split), "names no part; take test, all, or a split of the catalog");
        }

        foreach (var (name, value) in new[] { (nameof(ClipsPerVideo), ClipsPerVideo), (nameof(Resamples), Resamples) })
        {
            if (value < 1)
            {
                yield return new ValidationError(name, "must be at least 1");
            }

            if (Batch < 0)
            {
                yield return new ValidationError(nameof(Batch), "must be at least 0; 0 chooses by memory");
            }
        }

        foreach (var (name, value) in new[] { (nameof(OffsetVideos), OffsetVideos), (nameof(Examples), Examples) })
        {
            if (value < 0)
            {
                yield return new ValidationError(name, "must be at least 0");
            }
        }

        if (MaxOffsetSeconds < 0 || MaxOffsetSeconds > 60)
        {
            yield return new ValidationError(nameof(MaxOffsetSeconds), "must be between 0 and 60 seconds");
        }
    }
}

/// <summary>How far an evaluation is.</summary>
/// <param name="Stage">What is going on.</param>
/// <param name="Done">Clips done in this stage.</param>
/// <param name="Total">Clips of this stage.</param>
/// <param name="DataWaitShare">Share of the time spent waiting for data so far.</param>
public sealed record EvaluationProgress(string Stage, long Done, long Total, double DataWaitShare);
