using System.Numerics;
using System.Runtime.InteropServices;

namespace Duet.Learning.Evaluation;

/// <summary>
/// The generalised Hessian I + sum over active rows of 2 cost x x', x with the bias's constant appended, and its Cholesky factor.
/// Late Newton steps move few rows across the margin, so only rows that came or went are added or subtracted.
/// </summary>
internal sealed class ActiveHessian(FeatureMatrix features, double interceptScaling)
{
    private const int Block = 4; // rows added at once: four products for each time that the matrix is read and written

    private readonly int size = features.Columns + 1;
    private readonly double[] lower = new double[(features.Columns + 1) * (features.Columns + 1)];
    private readonly double[] factor = new double[(features.Columns + 1) * (features.Columns + 1)];
    private readonly double[] block = new double[Block * (features.Columns + 1)];
    private readonly double[] blockCosts = new double[Block];
    private readonly double[] included = new double[features.Rows];
    private int waiting;

    /// <summary>Starts another problem: no row is active.</summary>
    public void Reset()
    {
        Array.Clear(lower);
        Array.Clear(included);
        for (var j = 0; j < size; j++)
        {
            lower[(j * size) + j] = 1;
        }
    }

    /// <summary>Brings the matrix up to date and factors it.</summary>
    /// <param name="curvatures">Per row twice its cost where it is active, 0 where it is not.</param>
    public void Update(ReadOnlySpan<double> curvatures)
    {
        var (changed, active) = (0, 0);
        for (var i = 0; i < included.Length; i++)
        {
            changed += curvatures[i] == included[i] ? 0 : 1;
            active += curvatures[i] == 0 ? 0 : 1;
        }

        if (changed > active)
        {
            Reset();
        }

        for (var i = 0; i < included.Length; i++)
        {
            if (curvatures[i] != included[i])
            {
                Add(features.Row(i), curvatures[i] - included[i]);
                included[i] = curvatures[i];
            }
        }

        Flush();
        Factor();
    }

    /// <summary>Replaces a vector b with the solution of Hx = b.</summary>
    public void Solve(Span<double> b)
    {
        for (var i = 0; i < size; i++)
        {
            var row = factor.AsSpan(i * size, i);
            b[i] = (b[i] - RowProducts.Dot(row, b)) / factor[(i * size) + i];
        }

        for (var i = size - 1; i >= 0; i--)
        {
            b[i] /= factor[(i * size) + i];
            RowProducts.AddScaled(factor.AsSpan(i * size, i), -b[i], b);
        }
    }

    private void Add(ReadOnlySpan<float> row, double cost)
    {
        var target = block.AsSpan(waiting * size, size);
        for (var j = 0; j < row.Length; j++)
        {
            target[j] = row[j];
        }

        target[^1] = interceptScaling;
        blockCosts[waiting++] = cost;
        if (waiting == Block)
        {
            Flush();
        }
    }

    private void Flush()
    {
        for (; waiting is > 0 and < Block; waiting++)
        {
            blockCosts[waiting] = 0;
            block.AsSpan(waiting * size, size).Clear();
        }

        if (waiting == 0)
        {
            return;
        }

        waiting = 0;
        var step = Vector<double>.Count;
        ref var x0 = ref MemoryMarshal.GetArrayDataReference(block);
        var (s1, s2, s3) = ((nuint)size, (nuint)(2 * size), (nuint)(3 * size));
        for (var a = 0; a < size; a++)
        {
            var (f0, f1, f2, f3) =
                (blockCosts[0] * block[a], blockCosts[1] * block[size + a], blockCosts[2] * block[(2 * size) + a], blockCosts[3] * block[(3 * size) + a]);
            var (v0, v1, v2, v3) = (new Vector<double>(f0), new Vector<double>(f1), new Vector<double>(f2), new Vector<double>(f3));
            ref var h = ref lower[a * size];
            var b = 0;
            for (; b <= a + 1 - step; b += step)
            {
                var at = (nuint)b;
                var sum = Vector.FusedMultiplyAdd(v0, Vector.LoadUnsafe(ref x0, at), Vector.LoadUnsafe(ref h, at));
                sum = Vector.FusedMultiplyAdd(v1, Vector.LoadUnsafe(ref x0, at + s1), sum);
                sum = Vector.FusedMultiplyAdd(v2, Vector.LoadUnsafe(ref x0, at + s2), sum);
                Vector.FusedMultiplyAdd(v3, Vector.LoadUnsafe(ref x0, at + s3), sum).StoreUnsafe(ref h, at);
            }

            for (; b <= a; b++)
            {
                lower[(a * size) + b] += (f0 * block[b]) + (f1 * block[size + b]) + (f2 * block[(2 * size) + b]) + (f3 * block[(3 * size) + b]);
            }
        }
    }

    private void Factor()
    {
        for (var i = 0; i < size; i++)
        {
            var row = factor.AsSpan(i * size, size);
            for (var j = 0; j < i; j++)
            {
                row[j] = (lower[(i * size) + j] - RowProducts.Dot(row[..j], factor.AsSpan(j * size, j))) / factor[(j * size) + j];
            }

            // Every exact pivot is at least 1. Only where costs near 1/epsilon swallow the identity can rounding take one below.
            var diagonal = lower[(i * size) + i];
            row[i] = Math.Sqrt(Math.Max(diagonal - RowProducts.Dot(row[..i], row), 1e-15 * diagonal));
        }
    }
}
