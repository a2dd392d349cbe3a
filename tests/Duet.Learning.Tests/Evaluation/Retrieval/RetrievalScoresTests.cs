using Duet.Learning.Evaluation.Retrieval;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Evaluation.Retrieval;

public sealed class RetrievalScoresTests
{
    [Fact]
    public void Recall_is_the_mean_of_the_divisions()
    {
        // Two divisions of different sizes: the mean of 1/2 and 1/1 is not 2/3.
        var scores = new RetrievalScores(["split1", "split2"], [1, 5, 20], 10);
        scores.Add(0, 0, "a", "x", 1, 3, 10);
        scores.Add(0, 0, "b", "y", 4, 2, 10);
        scores.Add(1, 0, "c", "x", 1, 3, 12);
        var row = scores.Row(200, ranks: false);

        row.RecallAt.Select(r => r.K).ShouldBe([1, 5], "20 of 10 says nothing");
        row.RecallAt[0].Recall.ShouldBe(0.75);
        row.RecallAt[0].PerFold.ShouldBe([0.5, 1]);
        row.RecallAt[1].Recall.ShouldBe(1);
        row.RecallAt[1].Ci95.ShouldBe([1, 1]);
        row.RecallAt[0].Ci95[0].ShouldBeLessThan(0.75);
        row.RecallAt[0].Chance.ShouldBe((((0.3 + 0.2) / 2) + 0.25) / 2, 1e-12);
        (row.Queries, row.Gallery).ShouldBe((3, 11));
        row.PerClass["x"].Recall.ShouldBe([1, 1]);
        row.PerClass["y"].Recall.ShouldBe([0, 1]);
        row.PerClass["x"].Support.ShouldBe(2);
        row.MedianRank.ShouldBeNull();
    }

    [Fact]
    public void Seeds_are_averaged_and_differences_are_paired()
    {
        var (learned, random) = (new RetrievalScores(["test"], [1], 9), new RetrievalScores(["test"], [1], 9));
        for (var v = 0; v < 8; v++)
        {
            learned.Add(0, 0, $"v{v}", null, v < 6 ? 1 : null, 1, 9);
            for (var seed = 0; seed < 2; seed++)
            {
                random.Add(0, seed, $"v{v}", null, v + seed < 6 ? 1 : 2, 1, 9);
            }
        }

        random.Row(100, ranks: false).RecallAt[0].Recall.ShouldBe((6 + 5) / 16.0);
        random.Row(100, ranks: false).Queries.ShouldBe(8);
        var difference = learned.Less(random, 500).Single();
        difference.Points.ShouldBe(100 * (0.75 - (11 / 16.0)), 1e-9);

        // Only v5 differs, by half a hit: paired, no draw can say less than nothing.
        difference.Ci95[0].ShouldBe(0, 1e-9);
        learned.Less(learned, 100).Single().Ci95.ShouldBe([0, 0]);
    }

    [Fact]
    public void The_median_rank_is_that_of_the_ranks()
    {
        var scores = new RetrievalScores(["test"], [1], 100);
        foreach (var (rank, i) in new[] { 9, 1, 4, 2 }.Select((r, i) => (r, i)))
        {
            scores.Add(0, 0, $"v{i}", null, rank, 1, 100);
        }

        var row = scores.Row(500, ranks: true);
        row.MedianRank.ShouldBe(3);
        row.ChanceMedianRank.ShouldBe(50.5);
        row.MedianRankCi95![0].ShouldBeInRange(1, 3);
        row.MedianRankCi95[1].ShouldBeInRange(3, 9);
        row.PerClass.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1, 3, 10)]
    [InlineData(4, 2, 7)]
    [InlineData(6, 2, 7)]
    [InlineData(3, 0, 5)]
    public void Chance_is_what_counting_all_draws_gives(int k, int hits, int gallery)
    {
        var (with, all) = (0, 0);
        for (var drawn = 0; drawn < 1 << gallery; drawn++)
        {
            if (int.PopCount(drawn) == k)
            {
                all++;
                with += (drawn & ((1 << hits) - 1)) != 0 ? 1 : 0;
            }
        }

        RetrievalScores.ChanceOf(k, hits, gallery).ShouldBe((double)with / all, 1e-12);
    }
}
