namespace Duet.Reports.Clusters;

/// <summary>
/// Which clusters carry pictures and sound: from the best down, one cluster of each clustering in turn, until the page is as large as
/// it may be. A page with a thousand clusters stays one that a browser opens.
/// </summary>
internal sealed class MediaPlan
{
    private readonly Dictionary<(string Features, int Cluster), MediaOfClip?[]> carried = [];

    private MediaPlan(long budget) => Budget = budget;

    /// <summary>How much the media may take, bytes.</summary>
    public long Budget { get; }

    /// <summary>How much they take.</summary>
    public long Bytes { get; private set; }

    /// <summary>Clips whose pictures couldn't be decoded.</summary>
    public int Undecodable { get; private set; }

    /// <summary>Whether clusters are without media only because the page is full.</summary>
    public bool Full { get; private set; }

    /// <summary>The cluster's media in the order of its nearest clips; null where it carries none.</summary>
    public IReadOnlyList<MediaOfClip?>? Of(string features, int cluster) => carried.GetValueOrDefault((features, cluster));

    /// <summary>How many clusters of a clustering carry media.</summary>
    public int Clusters(string features) => carried.Keys.Count(k => string.Equals(k.Features, features, StringComparison.Ordinal));

    /// <summary>Collects the media.</summary>
    /// <param name="clusterings">The ranked clusterings.</param>
    /// <param name="media">Where from; null: there are none.</param>
    /// <param name="top">At most so many clusters of each clustering; 0 for no limit but the page's size.</param>
    /// <param name="budget">Bytes.</param>
    /// <param name="cancel">Stops it.</param>
    public static MediaPlan Make(IReadOnlyList<ClusteringResult> clusterings, IClipMedia? media, int top, long budget, CancellationToken cancel)
    {
        var plan = new MediaPlan(budget);
        if (media is null)
        {
            return plan;
        }

        int ranks = clusterings.Max(c => c.Clusters.Count);
        for (int rank = 0; rank < (top > 0 ? Math.Min(top, ranks) : ranks); rank++)
        {
            foreach (var clustering in clusterings.Where(c => rank < c.Clusters.Count))
            {
                cancel.ThrowIfCancellationRequested();
                if (!plan.Add(clustering.Features, clustering.Clusters[rank], media))
                {
                    plan.Full = true;
                    return plan;
                }
            }
        }

        return plan;
    }

    /// <summary>What a page of these would take if every cluster within <paramref name="top"/> carried its media.</summary>
    public static long Estimate(IReadOnlyList<ClusteringResult> clusterings, int top, double seconds, int rate) =>
        clusterings.Sum(c => c.Clusters.Take(top > 0 ? top : int.MaxValue).Sum(k => (long)k.Nearest.Count)) * (StoreClipMedia.TypicalStrip + SoundBite.Length((long)(seconds * rate))) * 4 / 3;

    private bool Add(string features, RankedCluster cluster, IClipMedia media)
    {
        var clips = cluster.Nearest.Select(n => media.Of(n.Video, n.Start)).ToArray();
        long bytes = clips.Sum(c => c?.PageBytes ?? 0);
        if (Bytes + bytes > Budget)
        {
            return false;
        }

        Bytes += bytes;
        Undecodable += clips.Count(c => c is { Damaged: true });
        if (clips.Any(c => c is not null))
        {
            carried.Add((features, cluster.Cluster), clips);
        }

        return true;
    }
}
