using System.Numerics;
using System.Runtime.InteropServices;

namespace Duet.Learning.Evaluation;

/// <summary>Products of rows (32-bit floats) and weights (doubles), summed in doubles and always in the same order.</summary>
internal static class RowProducts
{
    /// <summary>Inner product of a row with the first weights.</summary>
    public static double Dot(ReadOnlySpan<float> row, ReadOnlySpan<double> w)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(row.Length, w.Length);
        var sum0 = Vector<double>.Zero;
        var sum1 = Vector<double>.Zero;
        var step = Vector<float>.Count;
        var half = Vector<double>.Count;
        ref var x = ref MemoryMarshal.GetReference(row);
        ref var v = ref MemoryMarshal.GetReference(w);
        var i = 0;
        for (; i <= row.Length - step; i += step)
        {
            Vector.Widen(Vector.LoadUnsafe(ref x, (nuint)i), out var low, out var high);
            sum0 = Vector.FusedMultiplyAdd(low, Vector.LoadUnsafe(ref v, (nuint)i), sum0);
            sum1 = Vector.FusedMultiplyAdd(high, Vector.LoadUnsafe(ref v, (nuint)(i + half)), sum1);
        }

        var sum = Vector.Sum(sum0 + sum1);
        for (; i < row.Length; i++)
        {
            sum += row[i] * w[i];
        }

        return sum;
    }

    /// <summary>Inner product of the first <c>a.Length</c> values.</summary>
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(a.Length, b.Length);
        var sum0 = Vector<double>.Zero;
        var sum1 = Vector<double>.Zero;
        var step = Vector<double>.Count;
        ref var x = ref MemoryMarshal.GetReference(a);
        ref var y = ref MemoryMarshal.GetReference(b);
        var i = 0;
        for (; i <= a.Length - (2 * step); i += 2 * step)
        {
            sum0 = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref x, (nuint)i), Vector.LoadUnsafe(ref y, (nuint)i), sum0);
            sum1 = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref x, (nuint)(i + step)), Vector.LoadUnsafe(ref y, (nuint)(i + step)), sum1);
        }

        var sum = Vector.Sum(sum0 + sum1);
        for (; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }

    /// <summary>Squared length of a row.</summary>
    public static double SquaredNorm(ReadOnlySpan<float> row)
    {
        double sum = 0;
        foreach (var x in row)
        {
            sum += (double)x * x;
        }

        return sum;
    }

    /// <summary>Adds a multiple of a row to the first weights.</summary>
    public static void AddScaled(ReadOnlySpan<float> row, double factor, Span<double> w)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(row.Length, w.Length);
        var scale = new Vector<double>(factor);
        var step = Vector<float>.Count;
        var half = Vector<double>.Count;
        ref var x = ref MemoryMarshal.GetReference(row);
        ref var v = ref MemoryMarshal.GetReference(w);
        var i = 0;
        for (; i <= row.Length - step; i += step)
        {
            Vector.Widen(Vector.LoadUnsafe(ref x, (nuint)i), out var low, out var high);
            Vector.FusedMultiplyAdd(low, scale, Vector.LoadUnsafe(ref v, (nuint)i)).StoreUnsafe(ref v, (nuint)i);
            Vector.FusedMultiplyAdd(high, scale, Vector.LoadUnsafe(ref v, (nuint)(i + half))).StoreUnsafe(ref v, (nuint)(i + half));
        }

        for (; i < row.Length; i++)
        {
            w[i] += factor * row[i];
        }
    }

    /// <summary>Adds a multiple of some values to the first of others.</summary>
    public static void AddScaled(ReadOnlySpan<double> values, double factor, Span<double> sum)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(values.Length, sum.Length);
        var scale = new Vector<double>(factor);
        var step = Vector<double>.Count;
        ref var x = ref MemoryMarshal.GetReference(values);
        ref var v = ref MemoryMarshal.GetReference(sum);
        var i = 0;
        for (; i <= values.Length - step; i += step)
        {
            Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref x, (nuint)i), scale, Vector.LoadUnsafe(ref v, (nuint)i)).StoreUnsafe(ref v, (nuint)i);
        }

        for (; i < values.Length; i++)
        {
            sum[i] += factor * values[i];
        }
    }
}
