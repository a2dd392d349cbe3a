using Duet.Data;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>A feature that can't be clustered.</summary>
/// <param name="row">Its row, from 0.</param>
/// <param name="column">Its column, from 0.</param>
/// <param name="problem">What is wrong with it.</param>
public sealed class FeatureValueException(int row, int column, string problem)
    : DuetException($"Row {row} (from 0), column {column} of the features {problem}. Features must be finite and of a sensible size.")
{
    /// <summary>The row, from 0.</summary>
    public int Row => row;

    /// <summary>The column, from 0.</summary>
    public int Column => column;

    /// <summary>What is wrong, as a clause.</summary>
    public string Problem => problem;
}
