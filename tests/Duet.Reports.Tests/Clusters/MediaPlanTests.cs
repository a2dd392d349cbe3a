using Duet.Reports.Clusters;
using Duet.Reports.Tests.Synthetic;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Clusters;

public sealed class MediaPlanTests
{
    private const int ClipBytes = 3000; // 4000 in base64, and 2 x 32

    [Fact]
    public void ThePageStaysWithinItsBudgetAndTheBestClustersComeFirst()
    {
        var clusterings = new[] { Clustering("audio", 5, 2), Clustering("video", 3, 2) };

        var plan = MediaPlan.Make(clusterings, new Fake(), 0, 5 * 2 * (4000 + 64), CancellationToken.None);

        plan.Full.ShouldBeTrue();
        plan.Bytes.ShouldBe(5 * 2 * (4000 + 64));
        plan.Clusters("audio").ShouldBe(3);
        plan.Clusters("video").ShouldBe(2);
        plan.Of("audio", 2).ShouldNotBeNull();
        plan.Of("audio", 3).ShouldBeNull();
    }

    [Fact]
    public void TopLimitsEachClusteringAndIsNoFullPage()
    {
        var plan = MediaPlan.Make([Clustering("audio", 5, 2), Clustering("video", 1, 2)], new Fake(), 2, long.MaxValue, CancellationToken.None);

        (plan.Clusters("audio"), plan.Clusters("video"), plan.Full).ShouldBe((2, 1, false));
    }

    [Fact]
    public void ClustersWhoseVideosAreAllGoneCarryNothing()
    {
        var plan = MediaPlan.Make([Clustering("audio", 2, 2)], new Fake { Has = _ => false }, 0, long.MaxValue, CancellationToken.None);

        plan.Clusters("audio").ShouldBe(0);
    }

    [Fact]
    public void WithoutAStoreThereIsNothing() => MediaPlan.Make([Clustering("audio", 2, 2)], null, 0, 1000, CancellationToken.None).Bytes.ShouldBe(0);

    internal static ClusteringResult Clustering(string features, int k, int clips) => new()
    {
        Features = features,
        Teaches = [],
        File = "f",
        K = k,
        Clips = k * clips,
        ValidationClips = 0,
        RankedBy = "tightness",
        LabelledClips = 0,
        Classes = 0,
        Empty = 0,
        LargestShare = 1.0 / k,
        Notes = [],
        Clusters = [.. Enumerable.Range(0, k).Select(c => new RankedCluster(c + 1, c, clips, 0, 0, null, 1, [], [.. Enumerable.Range(0, clips).Select(i => new NearestClip($"{i}", ClusterRunBuilder.Id(i), 0, 1, null, null))]))],
    };

    private sealed class Fake : IClipMedia
    {
        public Func<string, bool> Has { get; init; } = _ => true;

        public MediaOfClip? Of(string video, double start) => Has(video) ? new MediaOfClip(new byte[ClipBytes / 2], new byte[ClipBytes / 2]) : null;
    }
}
