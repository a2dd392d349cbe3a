using System.Runtime.InteropServices;
using Duet.Data;
using Duet.Learning.Evaluation;
using Duet.Learning.Native;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>PCA and whitening, fitted on some rows and applied to any: <c>(row - mean) * projection</c>. The l2 scaling needs no fit and no copy; see <see cref="CentredRows"/>.</summary>
internal sealed class FeatureSpace
{
    /// <summary>Components of less than this share of the largest variance are not blown up to variance 1: they hold rounding.</summary>
    private const double LeastVariance = 1e-7;

    private readonly float[] mean;
    private readonly float[] projection;

    private FeatureSpace(float[] mean, float[] projection)
    {
        this.mean = mean;
        this.projection = projection;
    }

    /// <summary>Components.</summary>
    public int Columns => projection.Length / mean.Length;

    /// <summary>Fits the components of largest variance.</summary>
    /// <param name="features">Finite rows.</param>
    /// <param name="mean">Their mean.</param>
    /// <param name="components">How many; 0 for all.</param>
    /// <param name="whiten">Whether each gets variance 1.</param>
    /// <param name="workers">Threads.</param>
    public static FeatureSpace Fit(FeatureMatrix features, float[] mean, int components, bool whiten, BlockWorkers workers)
    {
        var columns = features.Columns;
        components = components == 0 ? columns : components;
        if (components > Math.Min(columns, features.Rows))
        {
            throw new UsageException($"There can't be {components} principal components of {features.Rows} rows with {columns} features: take at most {Math.Min(columns, features.Rows)}.");
        }

        var rows = CentredRows.Around(features, l2: false, mean, workers);
        using var scope = NewDisposeScope();
        var (values, vectors) = linalg.eigh(Covariance(rows, workers));
        var variances = values.data<double>().ToArray();
        var least = variances[^1] * LeastVariance;
        var usable = variances.Count(v => v > least);
        if (whiten && components > usable)
        {
            throw new UsageException($"Only {usable} principal components of these features vary, so {components} can't be whitened: take --pca {usable} or less.");
        }

        var from = vectors.contiguous().data<double>().ToArray();
        var weights = new float[columns * components];
        for (var p = 0; p < components; p++)
        {
            // Ascending order; the sign of a component is free, so the largest weight is made positive.
            var column = columns - 1 - p;
            var largest = 0;
            for (var i = 1; i < columns; i++)
            {
                largest = Math.Abs(from[(i * columns) + column]) > Math.Abs(from[(largest * columns) + column]) ? i : largest;
            }

            var factor = Math.Sign(from[(largest * columns) + column]) * (whiten ? 1 / Math.Sqrt(variances[column]) : 1);
            for (var i = 0; i < columns; i++)
            {
                weights[(i * components) + p] = (float)(from[(i * columns) + column] * factor);
            }
        }

        return new FeatureSpace(mean, weights);
    }

    /// <summary>Projects rows into a matrix of their own.</summary>
    public FeatureMatrix Apply(FeatureMatrix features, BlockWorkers workers)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(features.Columns, mean.Length);
        var result = new FeatureMatrix(features.Rows, Columns);
        var rows = CentredRows.Around(features, l2: false, mean, workers);
        using var factor = tensor(projection, [mean.Length, Columns]);
        workers.ForEach(rows.Blocks, (_, block) =>
        {
            using var memory = empty([rows.BlockRows, rows.Columns], ScalarType.Float32);
            var (from, count) = rows.Load(block, MemoryMarshal.Cast<byte, float>(memory.bytes));
            using var part = memory.narrow(0, 0, count);
            using var products = part.mm(factor);
            MemoryMarshal.Cast<byte, float>(products.bytes).CopyTo(result.Values.AsSpan(from * Columns));
        });
        return result;
    }

    /// <summary>The covariance in doubles: products of blocks in 32-bit floats, added up in the blocks' order.</summary>
    private static TorchSharp.torch.Tensor Covariance(CentredRows rows, BlockWorkers workers)
    {
        var columns = rows.Columns;
        var sum = zeros([columns, columns], ScalarType.Float64);
        // A wave holds as many products as there are workers, and its sum does not depend on how many those are.
        for (var wave = 0; wave < rows.Blocks; wave += workers.Count)
        {
            var parts = new TorchSharp.torch.Tensor?[Math.Min(workers.Count, rows.Blocks - wave)];
            var first = wave;
            workers.ForEach(parts.Length, (_, i) =>
            {
                using var memory = empty([rows.BlockRows, columns], ScalarType.Float32);
                var (_, count) = rows.Load(first + i, MemoryMarshal.Cast<byte, float>(memory.bytes));
                using var part = memory.narrow(0, 0, count);
                using var across = part.t();
                using var product = across.mm(part);
                parts[i] = product.to(ScalarType.Float64);
            });
            foreach (var part in parts)
            {
                sum.AddInPlace(part!);
                part!.Dispose();
            }
        }

        return sum.DivideInPlace(rows.Rows);
    }
}
