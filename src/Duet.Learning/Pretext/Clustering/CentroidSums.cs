namespace Duet.Learning.Pretext.Clustering;

/// <summary>
/// The means of the clusters, in doubles. Rows are first put in order by cluster; then stretches of one cluster are summed in row order, and the stretches in
/// theirs: the order is a function of the assignment alone, so the bits don't depend on the threads.
/// </summary>
internal sealed class CentroidSums
{
    private const int StretchRows = 4096;

    private readonly CentredRows rows;
    private readonly BlockWorkers workers;
    private readonly int[] order;
    private readonly double[] sums;

    /// <summary>Prepares memory for an order of the rows and for the sums.</summary>
    public CentroidSums(CentredRows rows, int k, BlockWorkers workers)
    {
        this.rows = rows;
        this.workers = workers;
        order = new int[rows.Rows];
        sums = new double[k * rows.Columns];
        Sizes = new int[k];
        Spread = new double[k];
    }

    /// <summary>Rows of each cluster.</summary>
    public int[] Sizes { get; }

    /// <summary>Mean squared distance of each cluster's rows to its mean.</summary>
    public double[] Spread { get; }

    /// <summary>Puts the clusters' means in place of the centroids; an empty cluster's centroid stays.</summary>
    /// <param name="clusters">Each row's cluster.</param>
    /// <param name="centroids">Centroids around the rows' origin.</param>
    /// <returns>The sum of squared distances of the rows to these means.</returns>
    public double Update(int[] clusters, float[] centroids)
    {
        var starts = Sort(clusters);
        var stretches = Stretches(starts);
        var columns = rows.Columns;
        var partial = new (double[] Sum, double Norms)[stretches.Count];
        workers.ForEach(stretches.Count, (_, s) =>
        {
            var sum = new double[columns];
            double norms = 0;
            foreach (var r in order.AsSpan(stretches[s].From, stretches[s].Count))
            {
                RowKernels.Add(rows.Features.Row(r), rows.Scale(r), sum);
                norms += rows.Norms[r];
            }

            partial[s] = (sum, norms);
        });
        Array.Clear(sums);
        Array.Clear(Spread);
        for (var s = 0; s < stretches.Count; s++)
        {
            var c = stretches[s].Cluster;
            for (var i = 0; i < columns; i++)
            {
                sums[(c * columns) + i] += partial[s].Sum[i];
            }

            Spread[c] += partial[s].Norms;
        }

        return Divide(centroids);
    }

    private double Divide(float[] centroids)
    {
        var columns = rows.Columns;
        double explained = 0;
        for (var c = 0; c < Sizes.Length; c++)
        {
            if (Sizes[c] == 0)
            {
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
            Spread[c] = Math.Max(0, (Spread[c] / Sizes[c]) - norm);
        }

        // Huygens: what the means don't explain of the squared total is the distance to them.
        return Math.Max(0, rows.SquaredTotal - explained);
    }

    /// <summary>A counting sort: rows of a cluster stay in their order.</summary>
    private int[] Sort(int[] clusters)
    {
        Array.Clear(Sizes);
        foreach (var c in clusters)
        {
            Sizes[c]++;
        }

        var starts = new int[Sizes.Length];
        for (var c = 1; c < starts.Length; c++)
        {
            starts[c] = starts[c - 1] + Sizes[c - 1];
        }

        var next = (int[])starts.Clone();
        for (var r = 0; r < clusters.Length; r++)
        {
            order[next[clusters[r]]++] = r;
        }

        return starts;
    }

    private List<(int Cluster, int From, int Count)> Stretches(int[] starts)
    {
        var stretches = new List<(int Cluster, int From, int Count)>();
        for (var c = 0; c < Sizes.Length; c++)
        {
            for (var done = 0; done < Sizes[c]; done += StretchRows)
            {
                stretches.Add((c, starts[c] + done, Math.Min(StretchRows, Sizes[c] - done)));
            }
        }

        return stretches;
    }
}
