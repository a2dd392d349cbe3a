using Duet.Data.Randomness;
using Duet.Learning.Evaluation;
using Duet.Learning.Evaluation.Retrieval;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Evaluation.Retrieval;

/// <summary>The blocked search against sorting everything by distances in doubles.</summary>
public sealed class NearestNeighboursTests
{
    // Blocks are 256 queries and at most 4096 rows of the gallery; small whole numbers make many exact ties.
    [Theory]
    [InlineData(1, 1, 1, 1, false)]
    [InlineData(3, 40, 5, 50, false)]
    [InlineData(300, 900, 7, 10, true)]
    [InlineData(20, 9000, 3, 5, true)]
    [InlineData(20, 5000, 130, 20, false)]
    public void Is_what_sorting_everything_gives(int queries, int gallery, int columns, int k, bool ties)
    {
        foreach (var distance in Enum.GetValues<RetrievalDistance>())
        {
            var (asked, among) = (Random(queries, columns, ties, 1), Random(gallery, columns, ties, 2));
            if (distance == RetrievalDistance.Cosine)
            {
                NearestNeighbours.Normalise(asked);
                NearestNeighbours.Normalise(among);
            }

            var search = new NearestNeighbours(asked, among, distance, TestContext.Current.CancellationToken);
            var nearest = search.Nearest(k);
            int[] truth = [.. Enumerable.Range(0, queries).Select(q => q * 7 % gallery)];
            var ranks = search.RankOf(truth);
            for (var q = 0; q < queries; q++)
            {
                var sorted = Enumerable.Range(0, gallery).OrderBy(g => Distance(asked.Row(q), among.Row(g), distance)).ThenBy(g => g).ToArray();
                nearest[q].Select(n => n.Row).ShouldBe(sorted.Take(k), $"query {q}, {distance}");
                ranks[q].ShouldBe(Array.IndexOf(sorted, truth[q]) + 1, $"query {q}, {distance}");
            }
        }
    }

    [Fact]
    public void Copies_of_one_row_come_in_order()
    {
        var among = new FeatureMatrix(6000, 33);
        for (var row = 0; row < among.Rows; row++)
        {
            for (var c = 0; c < 33; c++)
            {
                among.Row(row)[c] = MathF.Sin(c);
            }
        }

        var search = new NearestNeighbours(among.First(3), among, RetrievalDistance.Euclidean, TestContext.Current.CancellationToken);
        search.Nearest(5).ShouldAllBe(n => n.Select(p => p.Row).SequenceEqual(Enumerable.Range(0, 5)));
        search.RankOf([0, 17, 5999]).ShouldBe([1, 18, 6000]);
    }

    [Fact]
    public void The_number_of_threads_changes_nothing()
    {
        var (asked, among) = (Random(700, 64, false, 3), Random(3000, 64, false, 4));
        var before = torch.get_num_threads();
        try
        {
            var results = new[] { 1, 2, 5 }.Select(threads =>
            {
                torch.set_num_threads(threads);
                return new NearestNeighbours(asked, among, RetrievalDistance.Euclidean, TestContext.Current.CancellationToken).Nearest(9).SelectMany(n => n).ToArray();
            }).ToArray();
            results[1].ShouldBe(results[0]);
            results[2].ShouldBe(results[0]);
        }
        finally
        {
            torch.set_num_threads(before);
        }
    }

    [Fact]
    public void Rows_get_length_one_and_zeros_stay()
    {
        var rows = new FeatureMatrix(2, 2);
        rows.Row(0)[0] = 3;
        rows.Row(0)[1] = -4;
        NearestNeighbours.Normalise(rows);
        rows.Values.ShouldBe([0.6f, -0.8f, 0, 0]);
    }

    private static double Distance(ReadOnlySpan<float> a, ReadOnlySpan<float> b, RetrievalDistance distance)
    {
        var (product, square) = (0.0, 0.0);
        for (var i = 0; i < a.Length; i++)
        {
            product += (double)a[i] * b[i];
            square += (double)b[i] * b[i];
        }

        return distance == RetrievalDistance.Cosine ? -product : (square / 2) - product;
    }

    private static FeatureMatrix Random(int rows, int columns, bool whole, long seed)
    {
        var random = new KeyedRandom(seed, 0, "rows", "test");
        var matrix = new FeatureMatrix(rows, columns);
        for (var i = 0; i < matrix.Values.Length; i++)
        {
            matrix.Values[i] = whole ? random.NextInteger(5) - 2 : (float)(random.NextDouble() - 0.3);
        }

        return matrix;
    }
}
