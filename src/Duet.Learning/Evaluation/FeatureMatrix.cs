using Duet.Data;

namespace Duet.Learning.Evaluation;

/// <summary>Features, one row per clip, in one block of memory.</summary>
public sealed class FeatureMatrix
{
    /// <summary>An empty matrix.</summary>
    /// <param name="rows">Clips.</param>
    /// <param name="columns">Values per clip.</param>
    /// <exception cref="UsageException">It does not fit into one block.</exception>
    public FeatureMatrix(int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if ((long)rows * columns > Array.MaxLength)
        {
            throw new UsageException(
                $"{rows} clips with {columns} features each need {(long)rows * columns * sizeof(float) / 1e9:0.0} GB, more than one block of memory holds; take --pooling average, or fewer --clips.");
        }

        Rows = rows;
        Columns = columns;
        Values = new float[rows * columns];
    }

    /// <summary>Clips.</summary>
    public int Rows { get; }

    /// <summary>Values per clip.</summary>
    public int Columns { get; }

    /// <summary>The values, row by row.</summary>
    public float[] Values { get; }

    /// <summary>One clip's values.</summary>
    /// <param name="index">Which clip.</param>
    public Span<float> Row(int index) => Values.AsSpan(index * Columns, Columns);

    /// <summary>The first rows, copied.</summary>
    /// <param name="count">How many.</param>
    public FeatureMatrix First(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Rows);
        var result = new FeatureMatrix(count, Columns);
        Values.AsSpan(0, count * Columns).CopyTo(result.Values);
        return result;
    }

    /// <summary>Matrices of equally many rows side by side; one alone is given back as it is.</summary>
    /// <param name="parts">At least one.</param>
    public static FeatureMatrix SideBySide(IReadOnlyList<FeatureMatrix> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Count == 1)
        {
            return parts[0];
        }

        var result = new FeatureMatrix(parts[0].Rows, parts.Sum(p => p.Columns));
        for (var r = 0; r < result.Rows; r++)
        {
            var at = 0;
            foreach (var part in parts)
            {
                part.Row(r).CopyTo(result.Row(r)[at..]);
                at += part.Columns;
            }
        }

        return result;
    }

    /// <summary>Some of the rows, copied.</summary>
    /// <param name="rows">Which, in their new order.</param>
    public FeatureMatrix Take(IReadOnlyList<int> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var result = new FeatureMatrix(rows.Count, Columns);
        for (var i = 0; i < rows.Count; i++)
        {
            Row(rows[i]).CopyTo(result.Row(i));
        }

        return result;
    }
}

/// <summary>Centres every feature and scales it to standard deviation 1, by the numbers of the rows that it was fitted on.</summary>
public sealed class Standardiser
{
    private readonly double[] means;
    private readonly double[] factors;

    private Standardiser(double[] means, double[] factors)
    {
        this.means = means;
        this.factors = factors;
    }

    /// <summary>Measures the training rows, in double precision. A feature that never changes becomes 0.</summary>
    /// <param name="train">Training rows only: a test row here would be a leak.</param>
    public static Standardiser Fit(FeatureMatrix train)
    {
        ArgumentNullException.ThrowIfNull(train);
        if (train.Rows == 0)
        {
            throw new ArgumentException("There are no rows to measure.", nameof(train));
        }

        var mean = new double[train.Columns];
        var scale = new double[train.Columns];
        for (var r = 0; r < train.Rows; r++)
        {
            var row = train.Row(r);
            for (var c = 0; c < row.Length; c++)
            {
                mean[c] += row[c];
            }
        }

        for (var c = 0; c < mean.Length; c++)
        {
            mean[c] /= train.Rows;
        }

        for (var r = 0; r < train.Rows; r++)
        {
            var row = train.Row(r);
            for (var c = 0; c < row.Length; c++)
            {
                scale[c] += (row[c] - mean[c]) * (row[c] - mean[c]);
            }
        }

        for (var c = 0; c < scale.Length; c++)
        {
            var std = Math.Sqrt(scale[c] / train.Rows);
            // A constant float column still shows the rounding of its mean: below that it carries nothing.
            scale[c] = std > 1e-6 * (1e-6 + Math.Abs(mean[c])) ? 1 / std : 0;
        }

        return new Standardiser(mean, scale);
    }

    /// <summary>Changes rows in place.</summary>
    /// <param name="features">Rows with as many columns as those it was fitted on.</param>
    public void Apply(FeatureMatrix features)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentOutOfRangeException.ThrowIfNotEqual(features.Columns, means.Length);
        Parallel.For(0, features.Rows, r =>
        {
            var row = features.Row(r);
            for (var c = 0; c < row.Length; c++)
            {
                row[c] = (float)((row[c] - means[c]) * factors[c]);
            }
        });
    }
}
