namespace Duet.Learning.Pretext.Avts;

/// <summary>The mix of negatives as a pure function of the epoch (AVTS: easy ones first, then a share of hard ones).</summary>
/// <param name="stages">The stages, each at least one epoch long.</param>
public sealed class Curriculum(IReadOnlyList<CurriculumStage> stages)
{
    /// <summary>Epochs of all stages together.</summary>
    public int Epochs { get; } = checked(stages.Sum(s => s.Epochs));

    /// <summary>The stages.</summary>
    public IReadOnlyList<CurriculumStage> Stages => stages;

    /// <summary>The stage of an epoch.</summary>
    /// <param name="epoch">From 0 to <see cref="Epochs"/> - 1.</param>
    /// <returns>The stage's number, from 0, and the stage.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The epoch lies outside the curriculum.</exception>
    public (int Index, CurriculumStage Stage) At(int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(epoch, Epochs);
        var index = 0;
        while (epoch >= stages[index].Epochs)
        {
            epoch -= stages[index++].Epochs;
        }

        return (index, stages[index]);
    }

    /// <summary>A stage in words: <c>75 % easy, 25 % hard</c>.</summary>
    public static string Describe(CurriculumStage stage)
    {
        ArgumentNullException.ThrowIfNull(stage);
        (string Name, double Share)[] shares = [("easy", stage.Easy), ("hard", stage.Hard), ("super-hard", stage.SuperHard)];
        return string.Join(", ", shares.Where(s => s.Share > 0).Select(s => FormattableString.Invariant($"{s.Share * 100:0.##} % {s.Name}")));
    }
}
