using Duet.Data;

namespace Duet.Learning.Pretext.Avts;

/// <summary>How the two streams are judged.</summary>
public enum AvtsLoss
{
    /// <summary>The contrastive loss with margin on the embeddings' distance.</summary>
    Contrastive,

    /// <summary>Binary cross-entropy on fused features: the paper's control, which it reports to fail from scratch.</summary>
    CrossEntropy,
}

/// <summary>Some epochs with one mix of negatives: <c>easy + hard + super_hard = 1</c>.</summary>
public sealed record CurriculumStage : IValidated
{
    /// <summary>How many epochs this stage lasts.</summary>
    public int Epochs { get; init; }

    /// <summary>Share of negatives from another video.</summary>
    public double Easy { get; init; }

    /// <summary>Share of negatives from the same video, apart in time.</summary>
    public double Hard { get; init; }

    /// <summary>Share of negatives from the same video, overlapping.</summary>
    public double SuperHard { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (Epochs < 1)
        {
            yield return new(nameof(Epochs), "must be at least 1");
        }

        foreach (var (name, share) in new[] { (nameof(Easy), Easy), (nameof(Hard), Hard), (nameof(SuperHard), SuperHard) })
        {
            if (share is not (>= 0 and <= 1))
            {
                yield return new(name, "must be between 0 and 1");
            }
        }

        if (Math.Abs(Easy + Hard + SuperHard - 1) > 1e-9)
        {
            yield return new(nameof(Easy), $"easy + hard + super_hard must be 1, not {Easy + Hard + SuperHard:0.######}");
        }
    }
}

/// <summary>The pretext task of AVTS (arXiv 1807.00230): a recipe's <c>avts</c> section.</summary>
public sealed record AvtsOptions : IValidated
{
    /// <summary>Which loss.</summary>
    public AvtsLoss Loss { get; init; } = AvtsLoss.Contrastive;

    /// <summary>The contrastive loss's margin: negatives that are further apart than this cost nothing.</summary>
    public double Margin { get; init; } = 0.99;

    /// <summary>Units of the hidden layer that judges the fused embeddings; for <see cref="AvtsLoss.CrossEntropy"/>.</summary>
    public int FusionHidden { get; init; } = 128;

    /// <summary>The mixes of negatives, stage after stage. The run has as many epochs as all stages together.</summary>
    public IReadOnlyList<CurriculumStage> Curriculum { get; init; } =
        [new() { Epochs = 50, Easy = 1 }, new() { Epochs = 40, Easy = 0.75, Hard = 0.25 }];

    /// <summary>A collapse is announced when a modality's l2-normalised embeddings spread less than this share of what directions drawn at random would (standard deviation times the root of the dimensions; 1 is uniform, 0 is one point). 0: never.</summary>
    public double CollapseThreshold { get; init; } = 0.05;

    /// <summary>How many intervals in a row must be below the threshold.</summary>
    public int CollapsePatience { get; init; } = 5;

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (!(Margin > 0) || double.IsInfinity(Margin))
        {
            yield return new(nameof(Margin), "must be above 0");
        }

        if (FusionHidden is < 1 or > 65536)
        {
            yield return new(nameof(FusionHidden), "must be between 1 and 65536");
        }

        if (Curriculum.Count == 0)
        {
            yield return new(nameof(Curriculum), "needs at least one stage");
        }

        if (CollapseThreshold is not (>= 0 and < 1))
        {
            yield return new(nameof(CollapseThreshold), "must be at least 0 and below 1");
        }

        if (CollapsePatience < 1)
        {
            yield return new(nameof(CollapsePatience), "must be at least 1");
        }
    }
}
