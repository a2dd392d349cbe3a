namespace Duet.Data.Datasets;

/// <summary>How videos are divided into parts where the catalog does not say: a recipe's <c>data</c> section.</summary>
public sealed record PartitionOptions : IValidated
{
    /// <summary>Share of videos for validation (thresholds, early stopping), 0 to 1.</summary>
    public double ValidationShare { get; init; } = 0.1;

    /// <summary>Share of videos for the test, 0 to 1.</summary>
    public double TestShare { get; init; } = 0.1;

    /// <summary>
    /// A split of the catalog, such as <c>fold1</c>, whose videos are the test: nothing of them is learned, and an evaluation by folds tests this one alone.
    /// Where splits name several divisions (<c>split1=train;split2=test</c>), a division such as <c>split1</c>, whose test videos are the test. Empty: none, or of
    /// several divisions the first.
    /// </summary>
    public string TestSplit { get; init; } = "";

    /// <summary>Which division: independent of the run's seed, so that runs with several seeds are tested on the same videos.</summary>
    public long Seed { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (!(ValidationShare >= 0 && ValidationShare < 1))
        {
            yield return new ValidationError(nameof(ValidationShare), $"A validation share of {ValidationShare}: it must be at least 0 and below 1.");
        }

        if (!(TestShare >= 0 && TestShare < 1))
        {
            yield return new ValidationError(nameof(TestShare), $"A test share of {TestShare}: it must be at least 0 and below 1.");
        }

        if (ValidationShare + TestShare >= 1)
        {
            yield return new ValidationError(nameof(TestShare), $"Validation and test take {ValidationShare + TestShare} of the videos: nothing is left for training.");
        }
    }
}
