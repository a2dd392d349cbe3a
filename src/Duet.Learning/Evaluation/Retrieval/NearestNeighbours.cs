using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Duet.Learning.Pretext.Clustering;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation.Retrieval;

/// <summary>
/// Exact search. A block of queries is multiplied with a block of the gallery in 32-bit floats, and whoever could be among the nearest within their rounding is
/// compared again in doubles, so that the answer is that of doubles and does not depend on blocks or threads; of equally near ones the earlier comes first. The
/// products of all pairs never exist: memory is two blocks and their products per thread.
/// </summary>
internal sealed class NearestNeighbours
{
    /// <summary>Queries of a block.</summary>
    private const int QueryRows = 256;

    /// <summary>Values of a block of the gallery: it stays in the cache while the queries pass.</summary>
    private const int GalleryValues = 1 << 19;

    private readonly FeatureMatrix queries;
    private readonly FeatureMatrix gallery;
    private readonly float[] halves;
    private readonly double[] exactHalves;
    private readonly double longest;
    private readonly int galleryRows;
    private readonly CancellationToken cancel;

    /// <summary>Prepares a search.</summary>
    /// <param name="queries">What neighbours are looked for; with <see cref="RetrievalDistance.Cosine"/> rows of length 1 (<see cref="Normalise"/>).</param>
    /// <param name="gallery">Where; the same.</param>
    /// <param name="distance">How far two rows lie apart.</param>
    /// <param name="cancel">Ends it.</param>
    public NearestNeighbours(FeatureMatrix queries, FeatureMatrix gallery, RetrievalDistance distance, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(gallery.Columns, queries.Columns);
        this.queries = queries;
        this.gallery = gallery;
        this.cancel = cancel;
        exactHalves = new double[gallery.Rows];
        double longestSquare = 0;
        for (var i = 0; i < gallery.Rows; i++)
        {
            var square = RowProducts.SquaredNorm(gallery.Row(i));
            longestSquare = Math.Max(longestSquare, square);

            // The nearest has the largest q.g - |g|^2 / 2; on the unit sphere the second term is the same for all, and left out.
            exactHalves[i] = distance == RetrievalDistance.Euclidean ? square / 2 : 0;
        }

        longest = Math.Sqrt(longestSquare);
        halves = Array.ConvertAll(exactHalves, h => (float)h);
        galleryRows = Math.Clamp(GalleryValues / gallery.Columns, 16, 4096);
    }

    /// <summary>Scales each row to length 1; a row of zeros stays.</summary>
    public static void Normalise(FeatureMatrix rows)
    {
        for (var i = 0; i < rows.Rows; i++)
        {
            var row = rows.Row(i);
            var norm = Math.Sqrt(RowProducts.SquaredNorm(row));
            for (var c = 0; norm > 0 && c < row.Length; c++)
            {
                row[c] = (float)(row[c] / norm);
            }
        }
    }

    /// <summary>Finds each query's nearest rows.</summary>
    /// <param name="k">How many; at most the gallery's rows.</param>
    /// <returns>By query, the gallery's rows, the nearest first, with their scores: products, less half of the gallery row's square for Euclidean distances.</returns>
    public (int Row, double Score)[][] Nearest(int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        k = Math.Min(k, gallery.Rows);
        var found = new (int, double)[queries.Rows][];
        ForEachBlock(() => new Candidates[QueryRows], (best, from, count) =>
        {
            for (var i = 0; i < count; i++)
            {
                best[i] = new Candidates(k, 2 * Margin(from + i));
            }
        }, (best, query, at, products, first, memory) => best[at].Take(products, halves.AsSpan(first, products.Length), first, memory), (best, from, count) =>
        {
            for (var i = 0; i < count; i++)
            {
                found[from + i] = [.. best[i].Rows()
                    .Select(g => (Row: g, Score: Exact(from + i, g)))
                    .OrderByDescending(p => p.Score)
                    .ThenBy(p => p.Row)
                    .Take(k)];
            }
        });
        return found;
    }

    /// <summary>Finds the place of one row of the gallery among all, for each query.</summary>
    /// <param name="truth">By query, the row.</param>
    /// <returns>By query, its rank: 1 where no other is nearer.</returns>
    public int[] RankOf(IReadOnlyList<int> truth)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(truth.Count, queries.Rows);
        var ranks = new int[queries.Rows];
        var exact = new double[queries.Rows];
        for (var i = 0; i < exact.Length; i++)
        {
            exact[i] = Exact(i, truth[i]);
        }

        ForEachBlock(() => (object?)null, static (_, _, _) => { }, (_, query, _, products, first, memory) =>
        {
            var margin = Margin(query);
            var candidates = RowKernels.AtLeast(products, halves.AsSpan(first, products.Length), (float)(exact[query] - (2 * margin)), memory);
            var nearer = 0;
            foreach (var j in memory.AsSpan(0, candidates))
            {
                var score = products[j] - halves[first + j];
                if (score > exact[query] + (2 * margin) || (first + j != truth[query] && IsNearer(Exact(query, first + j), first + j, exact[query], truth[query])))
                {
                    nearer++;
                }
            }

            ranks[query] += nearer;
        }, static (_, _, _) => { });
        return Array.ConvertAll(ranks, r => r + 1);

        static bool IsNearer(double score, int row, double other, int otherRow) => score > other || (score == other && row < otherRow);
    }

    /// <summary>A pair's score in doubles.</summary>
    public double Exact(int query, int row)
    {
        var a = queries.Row(query);
        var b = gallery.Row(row);
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
        {
            sum += (double)a[i] * b[i];
        }

        return sum - exactHalves[row];
    }

    /// <summary>A bound on a product's rounding: each of its sums and products is off by half a unit at most.</summary>
    private double Margin(int query) => (queries.Columns + 2) * 1.2e-7 * Math.Max(Math.Sqrt(RowProducts.SquaredNorm(queries.Row(query))), longest) * longest;

    private delegate void Score<T>(T state, int query, int place, ReadOnlySpan<float> products, int firstRow, int[] memory);

    /// <summary>Every block of queries passes the whole gallery, on one thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ForEachBlock<T>(Func<T> make, Action<T, int, int> begin, Score<T> score, Action<T, int, int> end)
    {
        var blocks = (queries.Rows + QueryRows - 1) / QueryRows;
        using var workers = new BlockWorkers(Math.Clamp(get_num_threads(), 1, Math.Max(1, blocks)), cancel);
        workers.ForEach(blocks, (_, block) =>
        {
            var from = block * QueryRows;
            var count = Math.Min(QueryRows, queries.Rows - from);
            var state = make();
            begin(state, from, count);
            var memory = new int[galleryRows];
            using var asked = Load(queries, from, count);
            for (var first = 0; first < gallery.Rows; first += galleryRows)
            {
                var rows = Math.Min(galleryRows, gallery.Rows - first);
                using var part = Load(gallery, first, rows);
                using var turned = part.t();
                using var products = asked.mm(turned);
                var values = MemoryMarshal.Cast<byte, float>(products.bytes);
                for (var i = 0; i < count; i++)
                {
                    score(state, from + i, i, values.Slice(i * rows, rows), first, memory);
                }
            }

            end(state, from, count);
        });
    }

    private static Tensor Load(FeatureMatrix matrix, int from, int count)
    {
        var block = empty([count, matrix.Columns], ScalarType.Float32);
        matrix.Values.AsSpan(from * matrix.Columns, count * matrix.Columns).CopyTo(MemoryMarshal.Cast<byte, float>(block.bytes));
        return block;
    }

    /// <summary>The rows that may be among a query's nearest: those within a margin of the k-th best so far.</summary>
    private sealed class Candidates(int k, double margin)
    {
        private readonly List<(float Score, int Row)> kept = [];
        private int limit = (4 * k) + 64;
        private float least = float.NegativeInfinity;

        public void Take(ReadOnlySpan<float> products, ReadOnlySpan<float> halves, int first, int[] memory)
        {
            var count = RowKernels.AtLeast(products, halves, least, memory);
            foreach (var j in memory.AsSpan(0, count))
            {
                kept.Add((products[j] - halves[j], first + j));
            }

            if (kept.Count > limit)
            {
                Prune();
                limit = Math.Max((4 * k) + 64, 2 * kept.Count);
            }
        }

        public IEnumerable<int> Rows()
        {
            Prune();
            return kept.Select(c => c.Row);
        }

        private void Prune()
        {
            if (kept.Count <= k)
            {
                return;
            }

            kept.Sort(static (a, b) => b.Score.CompareTo(a.Score));
            least = (float)Math.Min(kept[k - 1].Score - margin, float.MaxValue);
            least = MathF.BitDecrement(least);
            kept.RemoveAll(c => c.Score < least);
        }
    }
}
