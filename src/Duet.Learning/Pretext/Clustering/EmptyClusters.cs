using Duet.Data.Randomness;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>Gives empty clusters a part of large ones.</summary>
internal static class EmptyClusters
{
    /// <summary>How far a new centroid lies from the one that it was split off, relative to the root mean squared distance of that cluster's rows.</summary>
    private const double Step = 0.1;

    /// <summary>
    /// Puts the centroid of each empty cluster beside that of a large one, drawn with a probability proportional to its size less one, as faiss does; that cluster's own
    /// centroid stays where it is, so that no row gets further from its nearest one and the objective can't rise.
    /// </summary>
    /// <returns>How many were split.</returns>
    public static int Split(float[] centroids, int[] sizes, double[] spread, int columns, KeyedRandom random)
    {
        var (left, splits) = ((int[])sizes.Clone(), 0);
        for (var empty = 0; empty < sizes.Length; empty++)
        {
            if (sizes[empty] > 0)
            {
                continue;
            }

            var large = Draw(left, spread, ref random);
            if (large < 0)
            {
                break;
            }

            var step = Step * Math.Sqrt(spread[large] / columns);
            for (var i = 0; i < columns; i++)
            {
                centroids[(empty * columns) + i] = (float)(centroids[(large * columns) + i] + (random.NextBoolean() ? step : -step));
            }

            left[empty] = left[large] / 2;
            left[large] -= left[empty];
            splits++;
        }

        return splits;
    }

    /// <summary>A cluster with rows apart from each other, or -1 where there is none.</summary>
    private static int Draw(int[] sizes, double[] spread, ref KeyedRandom random)
    {
        long total = 0;
        for (var c = 0; c < sizes.Length; c++)
        {
            total += Weight(c);
        }

        if (total == 0)
        {
            return -1;
        }

        var at = random.NextInteger(total);
        for (var c = 0; ; c++)
        {
            at -= Weight(c);
            if (at < 0)
            {
                return c;
            }
        }

        long Weight(int c) => sizes[c] > 1 && spread[c] > 0 ? sizes[c] - 1 : 0;
    }
}
