using System.Numerics;
using System.Runtime.CompilerServices;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>
/// The means of the clusters, in doubles. Where few rows changed, they are moved from their old clusters' sums to their new ones'; else all rows are summed anew. Either
/// way the rows are first put in order by cluster; then stretches of one cluster are summed in row order, and the stretches in theirs: the order is a function
/// of the assignments alone, so the bits don't depend on the threads.
/// </summary>
internal sealed class CentroidSums
{
    private const int StretchRows = 4096;

    /// <summary>A row that changed is read twice, so that moving pays where fewer than this share changed.</summary>
    private const double MovedShare = 0.4;

    private readonly CentredRows rows;
    private readonly BlockWorkers workers;
    private readonly int[] before;
    private readonly int[] order;
    private readonly double[] sums;
    private readonly double[] norms;

    /// <summary>Prepares memory for an order of the rows and for the sums.</summary>
    public CentroidSums(CentredRows rows, int k, BlockWorkers workers)
    {
        this.rows = rows;
        this.workers = workers;
        before = new int[rows.Rows];
        order = new int[rows.Rows];
        sums = new double[k * rows.Columns];
        norms = new double[k];
        Sizes = new int[k];
        Spread = new double[k];
    }

    /// <summary>Rows of each cluster.</summary>
    public int[] Sizes { get; }

    /// <summary>Mean squared distance of each cluster's rows to its mean.</summary>
    public double[] Spread { get; }

    /// <summary>Forgets the assignment before.</summary>
    public void Clear() => Array.Fill(before, -1);

    /// <summary>Puts the clusters' means in place of the centroids; an empty cluster's centroid stays.</summary>
    /// <param name="clusters">Each row's cluster.</param>
    /// <param name="changed">How many rows have another one than at the call before.</param>
    /// <param name="centroids">Centroids around the rows' origin.</param>
    /// <returns>The sum of squared distances of the rows to these means.</returns>
    public double Update(int[] clusters, int changed, float[] centroids)
    {
        if (changed > MovedShare * rows.Rows)
        {
            Clear();
            Array.Clear(sums);
            Array.Clear(norms);
            Array.Clear(Sizes);
        }

        var ends = Sort(clusters);
        var stretches = Stretches(ends);
        var partial = new (double[] Sum, double Norms)[stretches.Count];
        workers.ForEach(stretches.Count, (_, s) => partial[s] = Sum(order.AsSpan(stretches[s].From, stretches[s].Count)));
        for (var s = 0; s < stretches.Count; s++)
        {
            var sum = sums.AsSpan(stretches[s].Cluster * rows.Columns, rows.Columns);
            for (var i = 0; i < sum.Length; i++)
            {
                sum[i] += partial[s].Sum[i];
            }

            norms[stretches[s].Cluster] += partial[s].Norms;
        }

        clusters.CopyTo(before, 0);
        return Divide(centroids);
    }

    /// <summary>Adds rows up; one that is noted as its complement is taken away.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (double[] Sum, double Norms) Sum(ReadOnlySpan<int> entries)
    {
        var sum = new double[rows.Columns];
        double norm = 0;
        var i = 0;
        for (; i <= entries.Length - 4; i += 4)
        {
            var (a, b, c, d) = (Row(entries[i]), Row(entries[i + 1]), Row(entries[i + 2]), Row(entries[i + 3]));
            var features = rows.Features;
            RowKernels.Add(
                features.Row(a), features.Row(b), features.Row(c), features.Row(d), new Vector4(Scale(entries[i]), Scale(entries[i + 1]), Scale(entries[i + 2]), Scale(entries[i + 3])), sum);
        }

        for (; i < entries.Length; i++)
        {
            RowKernels.Add(rows.Features.Row(Row(entries[i])), Scale(entries[i]), sum);
        }

        foreach (var entry in entries)
        {
            norm += entry >= 0 ? rows.Norms[entry] : -rows.Norms[~entry];
        }

        return (sum, norm);
    }

    private float Scale(int entry) => entry >= 0 ? rows.Scale(entry) : -rows.Scale(~entry);

    private static int Row(int entry) => entry >= 0 ? entry : ~entry;

    private double Divide(float[] centroids)
    {
        var columns = rows.Columns;
        double explained = 0;
        for (var c = 0; c < Sizes.Length; c++)
        {
            if (Sizes[c] == 0)
            {
                // What subtraction left of it is rounding.
                sums.AsSpan(c * columns, columns).Clear();
                (norms[c], Spread[c]) = (0, 0);
                continue;
            }

            double norm = 0;
            for (var i = 0; i < columns; i++)
            {
                var mean = (sums[(c * columns) + i] / Sizes[c]) - rows.Centre[i];
                norm += mean * mean;
                centroids[(c * columns) + i] = (float)mean;
            }

            explained += norm * Sizes[c];
            Spread[c] = Math.Max(0, (norms[c] / Sizes[c]) - norm);
        }

        // Huygens: what the means don't explain of the squared total is the distance to them.
        return Math.Max(0, rows.SquaredTotal - explained);
    }

    /// <summary>A counting sort of what changed, by cluster, rows of a cluster in their order; a row leaves its old cluster as its complement.</summary>
    /// <returns>Where each cluster's entries end.</returns>
    private int[] Sort(int[] clusters)
    {
        var ends = new int[Sizes.Length];
        for (var r = 0; r < clusters.Length; r++)
        {
            if (clusters[r] == before[r])
            {
                continue;
            }

            ends[clusters[r]]++;
            Sizes[clusters[r]]++;
            if (before[r] >= 0)
            {
                ends[before[r]]++;
                Sizes[before[r]]--;
            }
        }

        for (int c = 0, at = 0; c < ends.Length; c++)
        {
            (ends[c], at) = (at, at + ends[c]);
        }

        for (var r = 0; r < clusters.Length; r++)
        {
            if (clusters[r] == before[r])
            {
                continue;
            }

            order[ends[clusters[r]]++] = r;
            if (before[r] >= 0)
            {
                order[ends[before[r]]++] = ~r;
            }
        }

        return ends;
    }

    private static List<(int Cluster, int From, int Count)> Stretches(int[] ends)
    {
        var stretches = new List<(int Cluster, int From, int Count)>();
        for (var c = 0; c < ends.Length; c++)
        {
            var start = c == 0 ? 0 : ends[c - 1];
            for (var from = start; from < ends[c]; from += StretchRows)
            {
                stretches.Add((c, from, Math.Min(StretchRows, ends[c] - from)));
            }
        }

        return stretches;
    }
}
