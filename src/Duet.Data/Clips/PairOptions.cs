namespace Duet.Data.Clips;

/// <summary>How AVTS's pairs of frames and sound are drawn: a recipe's <c>pairs</c> section (arXiv 1807.00230, the choice of negatives).</summary>
public sealed record PairOptions : IValidated
{
    /// <summary>Least distance between the starts of a hard negative's sound and of the clip's own, seconds.</summary>
    public Rational GapSeconds { get; init; } = new(1, 2);

    /// <summary>
    /// Whether a hard negative's sound may share samples with the clip's own. Off: the starts lie at least
    /// <see cref="GapSeconds"/> and one stretch of sound apart, whichever is more.
    /// </summary>
    public bool AllowOverlap { get; init; }

    /// <summary>Least and largest share of its samples that a super-hard negative's sound shares with the clip's own.</summary>
    public IReadOnlyList<double> SuperHardOverlap { get; init; } = [0.25, 0.75];

    /// <summary>Clips per video and epoch, where training sets no epoch size.</summary>
    public int ClipsPerVideo { get; init; } = 1;

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (GapSeconds <= 0)
        {
            yield return new ValidationError(nameof(GapSeconds), $"A gap of {GapSeconds} seconds: it must be above 0, or a hard negative could be in sync.");
        }

        if (SuperHardOverlap.Count != 2 || !(SuperHardOverlap[0] > 0 && SuperHardOverlap[0] <= SuperHardOverlap[1] && SuperHardOverlap[1] < 1))
        {
            yield return new ValidationError(nameof(SuperHardOverlap), "The overlap of super-hard negatives must be two shares, least and largest, above 0 and below 1.");
        }

        if (ClipsPerVideo is < 1 or > 10_000)
        {
            yield return new ValidationError(nameof(ClipsPerVideo), $"{ClipsPerVideo} clips per video: it must lie in 1 to 10000.");
        }
    }
}

/// <summary>The share of each kind of negative. The shares are relative: they need not sum to 1.</summary>
/// <param name="Easy">Sound of another video.</param>
/// <param name="Hard">Sound of the same video, apart.</param>
/// <param name="SuperHard">Sound of the same video, overlapping.</param>
public sealed record PairMix(double Easy, double Hard, double SuperHard)
{
    /// <summary>Easy negatives only: the first stage of AVTS's curriculum.</summary>
    public static PairMix EasyOnly { get; } = new(1, 0, 0);

    /// <summary>The same mix with shares that sum to 1.</summary>
    /// <exception cref="UsageException">A share is negative or not finite, or all are zero.</exception>
    public PairMix Normalised()
    {
        var sum = Easy + Hard + SuperHard;
        if (!(Easy >= 0 && Hard >= 0 && SuperHard >= 0) || !(sum > 0) || !double.IsFinite(sum))
        {
            throw new UsageException($"A mix of negatives of easy {Easy}, hard {Hard}, super-hard {SuperHard}: the shares must be 0 or more, and one of them above 0.");
        }

        return new PairMix(Easy / sum, Hard / sum, SuperHard / sum);
    }
}
