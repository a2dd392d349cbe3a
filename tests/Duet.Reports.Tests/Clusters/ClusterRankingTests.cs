using Duet.Data.Tables;
using Duet.Reports.Clusters;
using Shouldly;
using Xunit;
using static Duet.Reports.Tests.Synthetic.ClusterRunBuilder;

namespace Duet.Reports.Tests.Clusters;

public sealed class ClusterRankingTests
{
    [Fact]
    public void PurityIsTheMostFrequentLabelsShareAndRanks()
    {
        // Cluster 0: a a b c; cluster 1: b b b; cluster 2: empty; cluster 3: c.
        var ranked = Rank(
            4,
            [Row(0, 0, 1), Row(1, 0, 2), Row(2, 0, 3), Row(3, 0, 4), Row(4, 1, 1), Row(5, 1, 1), Row(6, 1, 1), Row(7, 3, 1)],
            (0, "a"), (1, "a"), (2, "b"), (3, "c"), (4, "b"), (5, "b"), (6, "b"), (7, "c"));

        ranked.RankedBy.ShouldBe("purity");
        ranked.Clusters.Select(c => c.Cluster).ShouldBe([1, 3, 0, 2]); // of two pure clusters the larger comes first
        ranked.Clusters.Select(c => c.Rank).ShouldBe([1, 2, 3, 4]);
        ranked.Clusters.Select(c => c.Purity).ShouldBe([1, 1, 0.5, null]);
        ranked.Clusters[2].Labels.ShouldBe([new LabelShare("a", 0.5), new LabelShare("b", 0.25), new LabelShare("c", 0.25)]);
        ranked.Clusters[2].Tightness.ShouldBe(2.5);
        ranked.Purity.ShouldBe(6.0 / 8);
        ranked.Classes.ShouldBe(3);
        ranked.Empty.ShouldBe(1);
        ranked.LargestShare.ShouldBe(0.5);
    }

    [Fact]
    public void WithoutLabelsTheTightestClusterIsFirst()
    {
        var ranked = Rank(3, [Row(0, 0, 3), Row(1, 0, 1), Row(2, 1, 1.5), Row(3, 2, 9)], (0, null), (1, ""), (2, null), (3, null));

        ranked.RankedBy.ShouldBe("tightness");
        ranked.Clusters.Select(c => c.Cluster).ShouldBe([1, 0, 2]);
        ranked.Purity.ShouldBeNull();
    }

    [Fact]
    public void OnlyTrainingClipsCount()
    {
        var ranked = Rank(2, [Row(0, 0, 1), Row(1, 0, 0.1, "validation"), Row(2, 1, 1)], (0, "a"), (1, "b"), (2, "a"));

        var first = ranked.Clusters.Single(c => c.Cluster == 0);
        (first.Size, first.ValidationClips, first.Purity).ShouldBe((1, 1, 1.0));
        first.Nearest.Select(n => n.Video).ShouldBe([Id(0)]);
        (ranked.Clips, ranked.ValidationClips).ShouldBe((2, 1));
    }

    [Fact]
    public void NearestAreTheNearestWithAtMostOneOfEachVideo()
    {
        var ranked = Rank(1, [Row(0, 0, 3), Row(1, 0, 1), Row(1, 0, 0.5, number: 1), Row(2, 0, 2), Row(3, 0, 4)], (0, "a"), (1, "a"), (2, "a"));

        ranked.Clusters[0].Nearest.Select(n => n.Clip).ShouldBe([$"{Id(1)}/1", $"{Id(2)}/0", $"{Id(0)}/0", $"{Id(3)}/0"]);
        ranked.Clusters[0].Nearest[0].Path.ShouldBe("a/1.mp4");
        ranked.Clusters[0].Nearest[3].Path.ShouldBeNull(); // the store lacks it
    }

    [Fact]
    public void LabelsOfSomeVideosOnlyAreSharesOfThese()
    {
        var ranked = Rank(1, [Row(0, 0, 1), Row(1, 0, 1), Row(2, 0, 1)], (0, "a"), (1, null), (2, "a"));

        (ranked.Clusters[0].LabelledClips, ranked.Clusters[0].Purity).ShouldBe((2, 1.0));
    }

    [Fact]
    public void ShuffledLabelsSayWhatSmallClustersReachByChance()
    {
        const int Clips = 600;
        var videos = Enumerable.Range(0, Clips).Select(i => (i, (string?)$"label {i % 4}")).ToArray();
        var random = new Random(3);

        var large = Rank(2, [.. Enumerable.Range(0, Clips).Select(i => Row(i, random.Next(2), 1))], videos);
        var small = Rank(300, [.. Enumerable.Range(0, Clips).Select(i => Row(i, i / 2, 1))], videos);

        large.PurityOfShuffledLabels!.Value.ShouldBeInRange(0.25, 0.32);
        small.PurityOfShuffledLabels!.Value.ShouldBe(0.5 + (0.25 / 2), 0.03); // two clips agree with probability 1/4
        large.PurityOfShuffledLabels!.Value.ShouldBe(Rank(2, [.. Enumerable.Range(0, Clips).Select(i => Row(i, i % 2, 1))], videos).PurityOfShuffledLabels!.Value, 0.02);
    }

    [Theory]
    [InlineData(4, 0, "Degenerate: all clips are in one cluster.")]
    [InlineData(4, 1, "Degenerate: one cluster holds 90\u00A0% of the clips.")]
    [InlineData(12, 2, "Degenerate: 7 of 12 clusters are empty.")]
    [InlineData(4, 4, null)]
    public void DegenerateClusteringsAreNamed(int k, int kind, string? note)
    {
        var rows = Enumerable.Range(0, 10).Select(i => Row(i, kind switch { 0 => 0, 1 => i == 0 ? 1 : 0, 2 => i % 5, _ => i % 4 }, 1)).ToList();

        Rank(k, rows).Notes.ShouldBe(note is null ? [] : [note]);
    }

    [Fact]
    public void WhatTheRunNotedStandsInsteadOfOurOwnWords() =>
        ClusterRanking.Rank(Entry(4) with { Notes = ["degenerate: as the run says"] }, Table([Row(0, 0, 1)]), null, 10).Notes.ShouldBe(["degenerate: as the run says"]);

    [Fact]
    public void ClipsThatCouldNotBeReadAreCounted() =>
        ClusterRanking.Rank(Entry(4) with { Unreadable = 3 }, Table([.. Enumerable.Range(0, 4).Select(i => Row(i, i, 1))]), null, 10).Notes.ShouldBe(["3 clips couldn't be read when the run clustered, and are in no cluster."]);

    private static ClusteringResult Rank(int k, List<PseudoLabel> rows, params (int Video, string? Label)[] videos) =>
        ClusterRanking.Rank(Entry(k), Table(rows), Videos(videos), 10);

    private static ClusteringEntry Entry(int k) => new() { Features = "audio", File = "f", K = k };

    private static PseudoLabelTable Table(List<PseudoLabel> rows) => new(new Dictionary<string, string>(), rows);
}
