using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Duet.Learning.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>
/// Finds each row's nearest centroid: the largest <c>x.c - |c|^2 / 2</c>, by matrix products of a block of rows with all centroids. In bf16, rounding can hide the nearest
/// one; so every centroid whose score lies within the rounding of the best is compared again in 32-bit floats by its exact distance.
/// </summary>
internal sealed class NearestCentroids : IDisposable
{
    /// <summary>Candidates of a row that are compared again; more are only possible where a row is equally far from very many centroids.</summary>
    private const int MostCandidates = 64;

    /// <summary>The spacing of bf16 relative to its value is at most 2^-7, a rounding error at most half of that.</summary>
    private const float HalfUlp = 1f / 256;

    private readonly CentredRows rows;
    private readonly BlockWorkers workers;
    private readonly int k;
    private readonly Scratch?[] scratch;

    /// <summary>Prepares memory for blocks.</summary>
    public NearestCentroids(CentredRows rows, int k, BlockWorkers workers)
    {
        this.rows = rows;
        this.k = k;
        this.workers = workers;
        scratch = new Scratch?[workers.Count];
    }

    /// <summary>Assigns rows to centroids.</summary>
    /// <param name="centroids">Centroids around the rows' origin, <c>[k, columns]</c>.</param>
    /// <param name="precision"><see cref="Precision.Fp32"/> or <see cref="Precision.Bf16"/>.</param>
    /// <param name="clusters">The clusters before, and after; may hold anything.</param>
    /// <param name="only">The blocks to assign; all where null.</param>
    /// <returns>How many rows changed.</returns>
    public int Assign(float[] centroids, Precision precision, int[] clusters, IReadOnlyList<int>? only = null)
    {
        var halves = new float[k];
        float longest = 0;
        for (var c = 0; c < k; c++)
        {
            double norm = 0;
            foreach (var v in centroids.AsSpan(c * rows.Columns, rows.Columns))
            {
                norm += (double)v * v;
            }

            halves[c] = (float)(norm / 2);
            longest = Math.Max(longest, (float)Math.Sqrt(norm));
        }

        using var wide = tensor(centroids, [k, rows.Columns]);
        using var narrow = precision == Precision.Bf16 ? wide.to(ScalarType.BFloat16) : null;
        using var factor = (narrow ?? wide).t();
        var changed = 0;
        workers.ForEach(only?.Count ?? rows.Blocks, (worker, index) =>
        {
            var memory = scratch[worker] ??= new Scratch(rows, k);
            var block = only?[index] ?? index;
            var different = precision == Precision.Bf16
                ? Narrow(memory, block, factor, centroids, halves, longest, clusters)
                : Wide(memory, block, factor, halves, clusters);
            Interlocked.Add(ref changed, different);
        });
        return changed;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var memory in scratch)
        {
            memory?.Dispose();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Wide(Scratch memory, int block, Tensor factor, float[] halves, int[] clusters)
    {
        var (from, count) = rows.Load(block, memory.Wide);
        using var part = memory.WideTensor.narrow(0, 0, count);
        using var products = part.mm(factor);
        var values = MemoryMarshal.Cast<byte, float>(products.bytes);
        var changed = 0;
        for (var r = 0; r < count; r++)
        {
            var (best, _) = RowKernels.Best(values.Slice(r * k, k), halves);
            changed += clusters[from + r] == best ? 0 : 1;
            clusters[from + r] = best;
        }

        return changed;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Narrow(Scratch memory, int block, Tensor factor, float[] centroids, float[] halves, float longest, int[] clusters)
    {
        var (from, count) = rows.Load(block, memory.Narrow);
        using var part = memory.NarrowTensor.narrow(0, 0, count);
        using var products = part.mm(factor);
        var values = MemoryMarshal.Cast<byte, ushort>(products.bytes);
        Span<int> candidates = stackalloc int[MostCandidates];
        var spread = 4 * HalfUlp * longest / MathF.Sqrt(rows.Columns);
        var changed = 0;
        for (var r = 0; r < count; r++)
        {
            RowKernels.Widen(values.Slice(r * k, k), memory.Scores);
            var (best, score) = RowKernels.Best(memory.Scores, halves);

            // Both scores were rounded when they were stored, and the factors before that: errors of columns that don't know of each other grow with the root of
            // their number.
            var margin = (2 * HalfUlp * MathF.Abs(memory.Scores[best])) + (spread * MathF.Sqrt(rows.Norms[from + r]));
            var found = RowKernels.AtLeast(memory.Scores, halves, score - margin, candidates);
            if (found > 1)
            {
                best = Nearest(from + r, candidates[..Math.Min(found, MostCandidates)], centroids);
            }

            changed += clusters[from + r] == best ? 0 : 1;
            clusters[from + r] = best;
        }

        return changed;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Nearest(int row, ReadOnlySpan<int> candidates, float[] centroids)
    {
        var (best, least) = (candidates[0], float.PositiveInfinity);
        foreach (var c in candidates)
        {
            var distance = rows.SquaredDistance(row, centroids.AsSpan(c * rows.Columns, rows.Columns));
            if (distance < least)
            {
                (best, least) = (c, distance);
            }
        }

        return best;
    }

    /// <summary>One worker's memory.</summary>
    private sealed class Scratch(CentredRows rows, int k) : IDisposable
    {
        private Tensor? wide;
        private Tensor? narrow;

        public Tensor WideTensor => wide ??= empty([rows.BlockRows, rows.Columns], ScalarType.Float32);

        public Tensor NarrowTensor => narrow ??= empty([rows.BlockRows, rows.Columns], ScalarType.BFloat16);

        public float[] Scores { get; } = new float[k];

        public Span<float> Wide => MemoryMarshal.Cast<byte, float>(WideTensor.bytes);

        public Span<ushort> Narrow => MemoryMarshal.Cast<byte, ushort>(NarrowTensor.bytes);

        public void Dispose()
        {
            wide?.Dispose();
            narrow?.Dispose();
        }
    }
}
