using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>
/// Vector loops over one row. Each sums in an order that depends on the row's length and on the width of the processor's vectors only. They are compiled
/// once and for good, not warmed up: a short clustering would be over before.
/// </summary>
internal static class RowKernels
{
    /// <summary><c>to = row * scale - centre</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Centre(ReadOnlySpan<float> row, float scale, ReadOnlySpan<float> centre, Span<float> to)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(centre.Length, row.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(to.Length, row.Length);
        ref var x = ref MemoryMarshal.GetReference(row);
        ref var m = ref MemoryMarshal.GetReference(centre);
        ref var y = ref MemoryMarshal.GetReference(to);
        var scales = new Vector<float>(scale);
        var i = 0;
        for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            ((Vector.LoadUnsafe(ref x, (nuint)i) * scales) - Vector.LoadUnsafe(ref m, (nuint)i)).StoreUnsafe(ref y, (nuint)i);
        }

        for (; i < row.Length; i++)
        {
            to[i] = (row[i] * scale) - centre[i];
        }
    }

    /// <summary>The same, rounded to bf16 (nearest, ties to even).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CentreBf16(ReadOnlySpan<float> row, float scale, ReadOnlySpan<float> centre, Span<ushort> to)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(centre.Length, row.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(to.Length, row.Length);
        ref var x = ref MemoryMarshal.GetReference(row);
        ref var m = ref MemoryMarshal.GetReference(centre);
        ref var y = ref MemoryMarshal.GetReference(to);
        var scales = new Vector<float>(scale);
        var step = Vector<float>.Count;
        var i = 0;
        for (; i <= row.Length - (2 * step); i += 2 * step)
        {
            var low = (Vector.LoadUnsafe(ref x, (nuint)i) * scales) - Vector.LoadUnsafe(ref m, (nuint)i);
            var high = (Vector.LoadUnsafe(ref x, (nuint)(i + step)) * scales) - Vector.LoadUnsafe(ref m, (nuint)(i + step));
            Vector.Narrow(Round(low), Round(high)).StoreUnsafe(ref y, (nuint)i);
        }

        for (; i < row.Length; i++)
        {
            to[i] = ToBf16((row[i] * scale) - centre[i]);
        }
    }

    /// <summary>A float's nearest bf16.</summary>
    public static ushort ToBf16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary><c>|row * scale - centre - centroid|^2</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float SquaredDistance(ReadOnlySpan<float> row, float scale, ReadOnlySpan<float> centre, ReadOnlySpan<float> centroid)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(centre.Length, row.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(centroid.Length, row.Length);
        ref var x = ref MemoryMarshal.GetReference(row);
        ref var m = ref MemoryMarshal.GetReference(centre);
        ref var c = ref MemoryMarshal.GetReference(centroid);
        var scales = new Vector<float>(scale);
        var (sum0, sum1) = (Vector<float>.Zero, Vector<float>.Zero);
        var step = Vector<float>.Count;
        var i = 0;
        for (; i <= row.Length - (2 * step); i += 2 * step)
        {
            var a = (Vector.LoadUnsafe(ref x, (nuint)i) * scales) - Vector.LoadUnsafe(ref m, (nuint)i) - Vector.LoadUnsafe(ref c, (nuint)i);
            var b = (Vector.LoadUnsafe(ref x, (nuint)(i + step)) * scales) - Vector.LoadUnsafe(ref m, (nuint)(i + step)) - Vector.LoadUnsafe(ref c, (nuint)(i + step));
            sum0 = Vector.FusedMultiplyAdd(a, a, sum0);
            sum1 = Vector.FusedMultiplyAdd(b, b, sum1);
        }

        var sum = Vector.Sum(sum0 + sum1);
        for (; i < row.Length; i++)
        {
            var d = (row[i] * scale) - centre[i] - centroid[i];
            sum += d * d;
        }

        return sum;
    }

    /// <summary><c>sums += row * scale</c>, in doubles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(ReadOnlySpan<float> row, float scale, Span<double> sums)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(sums.Length, row.Length);
        ref var x = ref MemoryMarshal.GetReference(row);
        ref var s = ref MemoryMarshal.GetReference(sums);
        var scales = new Vector<float>(scale);
        var half = Vector<double>.Count;
        var i = 0;
        for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(Vector.LoadUnsafe(ref x, (nuint)i) * scales, out var low, out var high);
            (Vector.LoadUnsafe(ref s, (nuint)i) + low).StoreUnsafe(ref s, (nuint)i);
            (Vector.LoadUnsafe(ref s, (nuint)(i + half)) + high).StoreUnsafe(ref s, (nuint)(i + half));
        }

        for (; i < row.Length; i++)
        {
            sums[i] += row[i] * scale;
        }
    }

    /// <summary>Adds four rows of as many values at once: the sums pass through memory once, which is what adding costs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> c, ReadOnlySpan<float> d, Vector4 scales, Span<double> sums)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(sums.Length, a.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(b.Length, a.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(c.Length, a.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(d.Length, a.Length);
        ref var w = ref MemoryMarshal.GetReference(a);
        ref var x = ref MemoryMarshal.GetReference(b);
        ref var y = ref MemoryMarshal.GetReference(c);
        ref var z = ref MemoryMarshal.GetReference(d);
        ref var s = ref MemoryMarshal.GetReference(sums);
        var (sa, sb, sc, sd) = (new Vector<float>(scales.X), new Vector<float>(scales.Y), new Vector<float>(scales.Z), new Vector<float>(scales.W));
        var half = Vector<double>.Count;
        var i = 0;
        for (; i <= a.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(Vector.LoadUnsafe(ref w, (nuint)i) * sa, out var low0, out var high0);
            Vector.Widen(Vector.LoadUnsafe(ref x, (nuint)i) * sb, out var low1, out var high1);
            Vector.Widen(Vector.LoadUnsafe(ref y, (nuint)i) * sc, out var low2, out var high2);
            Vector.Widen(Vector.LoadUnsafe(ref z, (nuint)i) * sd, out var low3, out var high3);
            (Vector.LoadUnsafe(ref s, (nuint)i) + (low0 + low1 + (low2 + low3))).StoreUnsafe(ref s, (nuint)i);
            (Vector.LoadUnsafe(ref s, (nuint)(i + half)) + (high0 + high1 + (high2 + high3))).StoreUnsafe(ref s, (nuint)(i + half));
        }

        for (; i < a.Length; i++)
        {
            sums[i] += ((double)(a[i] * scales.X) + (b[i] * scales.Y)) + ((double)(c[i] * scales.Z) + (d[i] * scales.W));
        }
    }

    /// <summary>Where <c>products - halves</c> is largest, and that value; of equal ones the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (int Index, float Value) Best(ReadOnlySpan<float> products, ReadOnlySpan<float> halves)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(halves.Length, products.Length);
        ref var p = ref MemoryMarshal.GetReference(products);
        ref var h = ref MemoryMarshal.GetReference(halves);
        var (index, value) = (0, float.NegativeInfinity);
        var i = 0;
        var step = Vector<float>.Count;
        if (products.Length >= step)
        {
            var best = new Vector<float>(float.NegativeInfinity);
            var (where, at, steps) = (Vector<int>.Zero, Vector<int>.Indices, new Vector<int>(step));
            for (; i <= products.Length - step; i += step)
            {
                var score = Vector.LoadUnsafe(ref p, (nuint)i) - Vector.LoadUnsafe(ref h, (nuint)i);
                var better = Vector.GreaterThan(score, best);
                best = Vector.ConditionalSelect(better, score, best);
                where = Vector.ConditionalSelect(better, at, where);
                at += steps;
            }

            for (var lane = 0; lane < step; lane++)
            {
                if (best[lane] > value || (best[lane] == value && where[lane] < index))
                {
                    (index, value) = (where[lane], best[lane]);
                }
            }
        }

        for (; i < products.Length; i++)
        {
            if (products[i] - halves[i] > value)
            {
                (index, value) = (i, products[i] - halves[i]);
            }
        }

        return (index, value);
    }

    /// <summary>Widens bf16 values to floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(ReadOnlySpan<ushort> from, Span<float> to)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(to.Length, from.Length);
        ref var x = ref MemoryMarshal.GetReference(from);
        ref var y = ref MemoryMarshal.GetReference(to);
        var step = Vector<float>.Count;
        var i = 0;
        for (; i <= from.Length - (2 * step); i += 2 * step)
        {
            Vector.Widen(Vector.LoadUnsafe(ref x, (nuint)i), out var low, out var high);
            Vector.AsVectorSingle(low << 16).StoreUnsafe(ref y, (nuint)i);
            Vector.AsVectorSingle(high << 16).StoreUnsafe(ref y, (nuint)(i + step));
        }

        for (; i < from.Length; i++)
        {
            to[i] = BitConverter.UInt32BitsToSingle((uint)from[i] << 16);
        }
    }

    /// <summary>The indices whose <c>products - halves</c> reaches a value, as many as there is room for.</summary>
    /// <returns>How many there are, which may be more than there is room for.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int AtLeast(ReadOnlySpan<float> products, ReadOnlySpan<float> halves, float value, Span<int> indices)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(halves.Length, products.Length);
        ref var p = ref MemoryMarshal.GetReference(products);
        ref var h = ref MemoryMarshal.GetReference(halves);
        var limits = new Vector<float>(value);
        var found = 0;
        var step = Vector<float>.Count;
        var i = 0;
        for (; i <= products.Length - step; i += step)
        {
            var score = Vector.LoadUnsafe(ref p, (nuint)i) - Vector.LoadUnsafe(ref h, (nuint)i);
            if (!Vector.GreaterThanOrEqualAny(score, limits))
            {
                continue;
            }

            for (var lane = 0; lane < step; lane++)
            {
                if (score[lane] >= value)
                {
                    Note(i + lane, indices);
                }
            }
        }

        for (; i < products.Length; i++)
        {
            if (products[i] - halves[i] >= value)
            {
                Note(i, indices);
            }
        }

        return found;

        void Note(int index, Span<int> to)
        {
            if (found < to.Length)
            {
                to[found] = index;
            }

            found++;
        }
    }

    private static Vector<uint> Round(Vector<float> value)
    {
        var bits = Vector.AsVectorUInt32(value);
        return (bits + new Vector<uint>(0x7FFF) + ((bits >>> 16) & Vector<uint>.One)) >>> 16;
    }
}
