using System.Runtime.InteropServices;
using Duet.Data.Randomness;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>
/// Rows for the first centroids. k-means++ draws row after row, each with a probability proportional to its squared distance to the nearest one before, which taken
/// literally reads all features k times. Here several are proposed from one state of the distances, and each is kept with the probability that its distance has
/// not shrunk by those kept since: rejection sampling, which draws from exactly the same distribution. The features are read once per round, about log2(k) times.
/// </summary>
internal sealed class Seeds(CentredRows rows, BlockWorkers workers)
{
    private const int FirstRound = 8;

    /// <summary>Proposals per row that a round wants.</summary>
    private const int Patience = 4;

    /// <summary>A squared distance of less than this share of the squared lengths is lost in the rounding of a 32-bit product: the row counts as the centroid itself.</summary>
    private const float Noise = 1e-6f;

    /// <summary>Rows drawn evenly, none twice.</summary>
    public static int[] Random(int count, int k, KeyedRandom random)
    {
        // Floyd's: each step adds one, evenly among those not yet in.
        var chosen = new HashSet<int>(k);
        var order = new List<int>(k);
        for (var top = count - k; top < count; top++)
        {
            var row = (int)random.NextInteger(top + 1);
            row = chosen.Add(row) ? row : top;
            chosen.Add(row);
            order.Add(row);
        }

        return [.. order];
    }

    /// <summary>k-means++.</summary>
    /// <param name="k">How many; there must be as many distinct rows.</param>
    /// <param name="random">The draws.</param>
    public int[] PlusPlus(int k, KeyedRandom random)
    {
        var near = new float[rows.Rows];
        Array.Fill(near, float.PositiveInfinity);
        var chosen = new List<int>(k) { (int)random.NextInteger(rows.Rows) };
        var done = 0;
        while (chosen.Count < k)
        {
            var sums = Update(near, [.. chosen.Skip(done)]);
            done = chosen.Count;
            var wanted = Math.Min(k - done, Math.Max(FirstRound, done));
            Round(chosen, wanted, near, sums, ref random);
            if (chosen.Count == done)
            {
                // Only noise is left: the other rows lie, as far as 32-bit products can tell, on the centroids.
                Fill(chosen, k);
            }
        }

        return [.. chosen];
    }

    private void Round(List<int> chosen, int wanted, float[] near, double[] sums, ref KeyedRandom random)
    {
        var total = sums.Sum();
        var before = chosen.Count;
        var point = new float[rows.Columns];
        for (var proposal = 0; proposal < Patience * wanted && total > 0 && chosen.Count < before + wanted; proposal++)
        {
            var row = Draw(near, sums, random.NextDouble() * total);
            rows.Copy(row, point);
            // An old centroid matters only where the product may have hidden that the row equals it.
            var from = near[row] < 1e-3f * rows.Norms[row] ? 0 : before;
            var least = near[row];
            for (var c = from; c < chosen.Count; c++)
            {
                least = Math.Min(least, rows.SquaredDistance(chosen[c], point));
            }

            if (random.NextDouble() * near[row] < least)
            {
                chosen.Add(row);
            }
        }
    }

    /// <summary>Lowers the squared distances by new centroids.</summary>
    /// <returns>Their sum over each block.</returns>
    private double[] Update(float[] near, int[] added)
    {
        var columns = rows.Columns;
        var centroids = new float[added.Length * columns];
        var halves = new float[added.Length];
        for (var i = 0; i < added.Length; i++)
        {
            rows.Copy(added[i], centroids.AsSpan(i * columns, columns));
            halves[i] = rows.Norms[added[i]] / 2;
        }

        using var wide = tensor(centroids, [added.Length, columns]);
        using var factor = wide.t();
        var sums = new double[rows.Blocks];
        workers.ForEach(rows.Blocks, (worker, block) =>
        {
            using var memory = empty([rows.BlockRows, columns], ScalarType.Float32);
            var (from, count) = rows.Load(block, MemoryMarshal.Cast<byte, float>(memory.bytes));
            using var part = memory.narrow(0, 0, count);
            using var products = part.mm(factor);
            var values = MemoryMarshal.Cast<byte, float>(products.bytes);
            for (var r = 0; r < count; r++)
            {
                var norm = rows.Norms[from + r];
                var (best, score) = RowKernels.Best(values.Slice(r * added.Length, added.Length), halves);
                var distance = norm - (2 * score);
                distance = distance > Noise * (norm + (2 * halves[best])) ? distance : 0;
                near[from + r] = Math.Min(near[from + r], distance);
                sums[block] += near[from + r];
            }
        });
        return sums;
    }

    private int Draw(float[] near, double[] sums, double at)
    {
        var block = 0;
        while (block < sums.Length - 1 && at >= sums[block])
        {
            at -= sums[block++];
        }

        var (from, count) = rows.Range(block);
        var last = from;
        for (var r = from; r < from + count; r++)
        {
            if (near[r] <= 0)
            {
                continue;
            }

            last = r;
            at -= near[r];
            if (at < 0)
            {
                break;
            }
        }

        // Rounding may carry the sum past the block's end: then its last row with any weight is the one.
        return last;
    }

    /// <summary>Adds rows, in their order, that equal none of those chosen.</summary>
    private void Fill(List<int> chosen, int k)
    {
        var point = new float[rows.Columns];
        for (var row = 0; row < rows.Rows && chosen.Count < k; row++)
        {
            rows.Copy(row, point);
            if (chosen.TrueForAll(c => rows.SquaredDistance(c, point) > 0))
            {
                chosen.Add(row);
            }
        }

        // Rows that differ before they are centred may be equal after: an empty cluster is split later.
        for (var row = 0; chosen.Count < k; row++)
        {
            chosen.Add(row);
        }
    }
}
