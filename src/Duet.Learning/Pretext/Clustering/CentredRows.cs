using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Duet.Learning.Evaluation;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>
/// Rows as they are clustered, <c>row * scale - centre</c>, computed a block at a time: the features themselves are neither changed nor copied. Moving the
/// origin to the mean leaves distances as they are and makes the products small, which is what bf16 and 32-bit sums need.
/// </summary>
internal sealed class CentredRows
{
    private readonly float[]? scales;

    private CentredRows(FeatureMatrix features, float[]? scales, float[] centre, float[] norms, double total)
    {
        Features = features;
        this.scales = scales;
        Centre = centre;
        Norms = norms;
        SquaredTotal = total;
        BlockRows = BlockRowsFor(features.Columns);
    }

    /// <summary>The features.</summary>
    public FeatureMatrix Features { get; }

    /// <summary>Rows.</summary>
    public int Rows => Features.Rows;

    /// <summary>Values per row.</summary>
    public int Columns => Features.Columns;

    /// <summary>The origin.</summary>
    public float[] Centre { get; }

    /// <summary>The squared length of each centred row.</summary>
    public float[] Norms { get; }

    /// <summary>Sum of the squared lengths, in doubles.</summary>
    public double SquaredTotal { get; }

    /// <summary>Rows of a block. A function of the shape alone, so that the same features fall into the same blocks everywhere.</summary>
    public int BlockRows { get; }

    /// <summary>Blocks.</summary>
    public int Blocks => (Rows + BlockRows - 1) / BlockRows;

    /// <summary>Prepares rows around a known origin.</summary>
    public static CentredRows Around(FeatureMatrix features, bool l2, float[] centre, BlockWorkers workers)
    {
        var lengths = l2 ? new float[features.Rows] : null;
        var norms = new float[features.Rows];
        var rows = BlockRowsFor(features.Columns);
        var totals = new double[(features.Rows + rows - 1) / rows];
        workers.ForEach(totals.Length, (_, block) =>
        {
            var end = Math.Min(features.Rows, (block + 1) * rows);
            double total = 0;
            for (var r = block * rows; r < end; r++)
            {
                var row = features.Row(r);
                var scale = 1f;
                if (lengths is not null)
                {
                    var length = Math.Sqrt(SquaredNorm(row, default));
                    scale = lengths[r] = length > 0 ? (float)(1 / length) : 0;
                }

                var norm = lengths is null ? SquaredNorm(row, centre) : ScaledNorm(row, scale, centre);
                norms[r] = (float)norm;
                total += norm;
            }

            totals[block] = total;
        });
        return new CentredRows(features, lengths, centre, norms, totals.Sum());
    }

    /// <summary>The mean of the rows after scaling, in doubles, whatever the number of threads; checks that every value is finite.</summary>
    /// <exception cref="FeatureValueException">A value is not finite, or too large to be squared.</exception>
    public static float[] Mean(FeatureMatrix features, bool l2, BlockWorkers workers)
    {
        var rows = BlockRowsFor(features.Columns);
        var blocks = (features.Rows + rows - 1) / rows;
        var sums = new double[blocks][];
        var bad = new int[blocks];
        workers.ForEach(blocks, (_, block) =>
        {
            var sum = sums[block] = new double[features.Columns];
            bad[block] = -1;
            var end = Math.Min(features.Rows, (block + 1) * rows);
            for (var r = block * rows; r < end && bad[block] < 0; r++)
            {
                var row = features.Row(r);
                var norm = SquaredNorm(row, default);
                if (!(norm < MostSquaredNorm))
                {
                    bad[block] = r;
                    return;
                }

                RowKernels.Add(row, !l2 ? 1 : norm > 0 ? (float)(1 / Math.Sqrt(norm)) : 0, sum);
            }
        });
        foreach (var row in bad.Where(r => r >= 0))
        {
            throw BadValue(features, row);
        }

        var mean = new double[features.Columns];
        foreach (var sum in sums)
        {
            for (var c = 0; c < mean.Length; c++)
            {
                mean[c] += sum[c];
            }
        }

        return Array.ConvertAll(mean, m => (float)(m / features.Rows));
    }

    /// <summary>What scales a row.</summary>
    public float Scale(int row) => scales is null ? 1 : scales[row];

    /// <summary>Centres a block.</summary>
    /// <param name="block">Which.</param>
    /// <param name="to">Room for a block.</param>
    /// <returns>Its first row and how many it has.</returns>
    public (int From, int Count) Load(int block, Span<float> to)
    {
        var (from, count) = Range(block);
        for (var r = 0; r < count; r++)
        {
            RowKernels.Centre(Features.Row(from + r), Scale(from + r), Centre, to.Slice(r * Columns, Columns));
        }

        return (from, count);
    }

    /// <summary>Centres a block and rounds it to bf16.</summary>
    public (int From, int Count) Load(int block, Span<ushort> to)
    {
        var (from, count) = Range(block);
        for (var r = 0; r < count; r++)
        {
            RowKernels.CentreBf16(Features.Row(from + r), Scale(from + r), Centre, to.Slice(r * Columns, Columns));
        }

        return (from, count);
    }

    /// <summary>The squared distance of a row to a point, without cancellation.</summary>
    public float SquaredDistance(int row, ReadOnlySpan<float> point) => RowKernels.SquaredDistance(Features.Row(row), Scale(row), Centre, point);

    /// <summary>A row, centred.</summary>
    public void Copy(int row, Span<float> to) => RowKernels.Centre(Features.Row(row), Scale(row), Centre, to);

    /// <summary>The first row of a block and how many it has.</summary>
    public (int From, int Count) Range(int block) => (block * BlockRows, Math.Min(BlockRows, Rows - (block * BlockRows)));

    /// <summary>Squares of larger numbers would leave the range of 32-bit floats.</summary>
    private const double MostSquaredNorm = 1e30;

    private static int BlockRowsFor(int columns) => Math.Clamp((1 << 19) / columns / 64 * 64, 64, 4096);

    private static double ScaledNorm(ReadOnlySpan<float> row, float scale, ReadOnlySpan<float> centre)
    {
        double sum = 0;
        for (var c = 0; c < row.Length; c++)
        {
            double d = (row[c] * scale) - centre[c];
            sum += d * d;
        }

        return sum;
    }

    /// <summary>Squared length of <c>row - centre</c> in doubles; an empty centre is the origin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SquaredNorm(ReadOnlySpan<float> row, ReadOnlySpan<float> centre)
    {
        ref var x = ref MemoryMarshal.GetReference(row);
        ref var m = ref MemoryMarshal.GetReference(centre);
        var (sum0, sum1) = (Vector<double>.Zero, Vector<double>.Zero);
        var step = Vector<float>.Count;
        var i = 0;
        for (; i <= row.Length - step; i += step)
        {
            var d = Vector.LoadUnsafe(ref x, (nuint)i);
            d = centre.IsEmpty ? d : d - Vector.LoadUnsafe(ref m, (nuint)i);
            Vector.Widen(d, out var low, out var high);
            sum0 = Vector.FusedMultiplyAdd(low, low, sum0);
            sum1 = Vector.FusedMultiplyAdd(high, high, sum1);
        }

        var sum = Vector.Sum(sum0 + sum1);
        for (; i < row.Length; i++)
        {
            double d = row[i] - (centre.IsEmpty ? 0 : centre[i]);
            sum += d * d;
        }

        return sum;
    }

    private static FeatureValueException BadValue(FeatureMatrix features, int row)
    {
        var values = features.Row(row);
        for (var c = 0; c < values.Length; c++)
        {
            if (!float.IsFinite(values[c]))
            {
                return new FeatureValueException(row, c, float.IsNaN(values[c]) ? "is not a number (NaN)" : "is infinite");
            }
        }

        var largest = 0;
        for (var c = 1; c < values.Length; c++)
        {
            largest = MathF.Abs(values[c]) > MathF.Abs(values[largest]) ? c : largest;
        }

        return new FeatureValueException(row, largest, FormattableString.Invariant($"is {values[largest]:g3}, whose square is too large for 32-bit floats"));
    }
}
