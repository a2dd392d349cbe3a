using System.Numerics;
using System.Runtime.InteropServices;

namespace Duet.Learning.Evaluation;

/// <summary>
/// All inner products of the rows with each other, the bias's constant counted in: where there are more features than rows, the smaller
/// form of a linear problem, and the same one for every class.
/// </summary>
internal sealed class GramMatrix
{
    private const int Tile = 4; // rows whose products are summed at once: each value read serves four sums

    private readonly double[] values;

    private GramMatrix(int size)
    {
        Size = size;
        values = new double[(long)size * size];
    }

    /// <summary>Rows.</summary>
    public int Size { get; }

    /// <summary>A row's products with all rows.</summary>
    public ReadOnlySpan<double> Row(int index) => values.AsSpan(index * Size, Size);

    /// <summary>A row's product with itself.</summary>
    public double Diagonal(int index) => values[(index * Size) + index];

    /// <summary>Computes the products, in doubles and always in the same order whatever the number of threads.</summary>
    /// <param name="features">Rows, at most 46340 of them.</param>
    /// <param name="interceptScaling">The constant that is appended to every row.</param>
    /// <param name="cancel">Ends the work early.</param>
    public static GramMatrix Of(FeatureMatrix features, double interceptScaling, CancellationToken cancel)
    {
        var result = new GramMatrix(features.Rows);
        var tiles = (features.Rows + Tile - 1) / Tile;
        Parallel.For(0, tiles, new ParallelOptions { CancellationToken = cancel }, () => new double[Tile * features.Columns], (tile, _, four) =>
        {
            var first = tile * Tile;
            var count = Math.Min(Tile, features.Rows - first);
            Array.Clear(four);
            for (var t = 0; t < count; t++)
            {
                var row = features.Row(first + t);
                for (var c = 0; c < row.Length; c++)
                {
                    four[(t * row.Length) + c] = row[c];
                }
            }

            Span<double> products = stackalloc double[Tile];
            for (var j = 0; j < first + count; j++)
            {
                Products(four, features.Row(j), products);
                for (var t = 0; t < count; t++)
                {
                    result.values[((first + t) * result.Size) + j] = products[t] + (interceptScaling * interceptScaling);
                }
            }

            return four;
        }, static _ => { });

        Parallel.For(0, result.Size, i =>
        {
            for (var j = ((i / Tile) + 1) * Tile; j < result.Size; j++)
            {
                result.values[(i * result.Size) + j] = result.values[(j * result.Size) + i];
            }
        });
        return result;
    }

    /// <summary>The products of four rows of doubles with one of floats.</summary>
    private static void Products(double[] four, ReadOnlySpan<float> row, Span<double> products)
    {
        var (s0, s1, s2, s3) = (Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero);
        var (step, half, size) = (Vector<float>.Count, (nuint)Vector<double>.Count, (nuint)row.Length);
        ref var x = ref MemoryMarshal.GetReference(row);
        ref var v = ref MemoryMarshal.GetArrayDataReference(four);
        var i = 0;
        for (; i <= row.Length - step; i += step)
        {
            var at = (nuint)i;
            Vector.Widen(Vector.LoadUnsafe(ref x, at), out var low, out var high);
            s0 = Vector.FusedMultiplyAdd(low, Vector.LoadUnsafe(ref v, at), Vector.FusedMultiplyAdd(high, Vector.LoadUnsafe(ref v, at + half), s0));
            s1 = Vector.FusedMultiplyAdd(low, Vector.LoadUnsafe(ref v, at + size), Vector.FusedMultiplyAdd(high, Vector.LoadUnsafe(ref v, at + size + half), s1));
            s2 = Vector.FusedMultiplyAdd(low, Vector.LoadUnsafe(ref v, at + (2 * size)), Vector.FusedMultiplyAdd(high, Vector.LoadUnsafe(ref v, at + (2 * size) + half), s2));
            s3 = Vector.FusedMultiplyAdd(low, Vector.LoadUnsafe(ref v, at + (3 * size)), Vector.FusedMultiplyAdd(high, Vector.LoadUnsafe(ref v, at + (3 * size) + half), s3));
        }

        (products[0], products[1], products[2], products[3]) = (Vector.Sum(s0), Vector.Sum(s1), Vector.Sum(s2), Vector.Sum(s3));
        for (; i < row.Length; i++)
        {
            for (var t = 0; t < Tile; t++)
            {
                products[t] += row[i] * four[(t * row.Length) + i];
            }
        }
    }
}
