namespace Duet.Learning.Evaluation.Retrieval;

/// <summary>Who was found how far down, over divisions and seeds, and the numbers that follow.</summary>
internal sealed class RetrievalScores
{
    private const string Purpose = "retrieval";

    private readonly IReadOnlyList<string> folds;
    private readonly int[] ks;
    private readonly List<Answer> answers = [];

    /// <summary>Starts empty.</summary>
    /// <param name="folds">The divisions' names.</param>
    /// <param name="recallAt">Numbers of neighbours.</param>
    /// <param name="gallery">The size of the smallest gallery: more neighbours than it has say nothing.</param>
    public RetrievalScores(IReadOnlyList<string> folds, IReadOnlyList<int> recallAt, int gallery)
    {
        this.folds = folds;
        ks = [.. recallAt.Where(k => k < gallery)];
    }

    /// <summary>Takes one query in.</summary>
    /// <param name="fold">Which division, from 0.</param>
    /// <param name="seed">Which network, from 0.</param>
    /// <param name="video">The query's video.</param>
    /// <param name="label">Its class; null where it has none.</param>
    /// <param name="rank">The place of the first hit; null where it is further down than any k.</param>
    /// <param name="hits">Hits in the whole gallery, by which chance is known.</param>
    /// <param name="gallery">The gallery's size.</param>
    public void Add(int fold, int seed, string video, string? label, int? rank, int hits, int gallery) => answers.Add(new Answer(fold, seed, video, label, rank ?? int.MaxValue, hits, gallery));

    /// <summary>The numbers, as a row that still lacks names and neighbours.</summary>
    /// <param name="resamples">Resamples of the bootstrap.</param>
    /// <param name="ranks">Whether places are known to the end, so that their median is one.</param>
    public RetrievalRow Row(int resamples, bool ranks)
    {
        var table = Table();
        var first = answers.Where(a => a.Seed == 0).ToArray();
        return new RetrievalRow
        {
            Modality = "",
            Weights = "",
            Layer = "",
            Features = 0,
            Queries = first.Length,
            Gallery = first.GroupBy(a => a.Fold).Average(g => (double)g.First().Gallery),
            RecallAt = [.. ks.Select((k, i) => new RecallAt(
                k,
                Mean(table, i, null),
                Ends(Bootstrap.Interval(table.Videos, drawn => Mean(table, i, drawn), 0, Purpose, resamples)),
                first.GroupBy(a => a.Fold).Average(g => g.Average(a => ChanceOf(k, a.Hits, a.Gallery))),
                [.. Enumerable.Range(0, folds.Count).Select(f => MeanOf(table, f, i, null))]))],
            MedianRank = ranks ? Median(table.Ranks, null) : null,
            MedianRankCi95 = ranks ? Ends(Bootstrap.Interval(table.Videos, drawn => Median(table.Ranks, drawn), 0, Purpose, resamples)) : null,
            ChanceMedianRank = ranks ? (first[0].Gallery + 1) / 2.0 : null,
            PerClass = answers.Where(a => a.Label is not null).GroupBy(a => a.Label!, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).ToDictionary(
                g => g.Key,
                g => new RetrievalClass([.. ks.Select(k => g.Average(a => a.Rank <= k ? 1.0 : 0.0))], g.Select(a => a.Video).Distinct(StringComparer.Ordinal).Count()),
                StringComparer.Ordinal),
            Neighbours = [],
        };
    }

    /// <summary>This less another on the same queries, in points, with paired intervals.</summary>
    public IReadOnlyList<RecallDifference> Less(RetrievalScores other, int resamples)
    {
        var (mine, theirs) = (Table(), other.Table());
        return [.. ks.Select((k, i) =>
        {
            var ends = Ends(Bootstrap.Interval(mine.Videos, drawn => Mean(mine, i, drawn) - Mean(theirs, i, drawn), 0, Purpose, resamples));
            return new RecallDifference(k, 100 * (Mean(mine, i, null) - Mean(theirs, i, null)), [100 * ends[0], 100 * ends[1]]);
        })];
    }

    /// <summary>The probability that k drawn without replacement from a gallery have a hit among them.</summary>
    internal static double ChanceOf(int k, int hits, int gallery)
    {
        var miss = 1.0;
        for (var i = 0; i < k; i++)
        {
            miss *= Math.Max(0, (double)(gallery - hits - i) / (gallery - i));
        }

        return 1 - miss;
    }

    /// <summary>Share of hits by division, video and k; over seeds.</summary>
    private ShareTable Table()
    {
        var videos = answers.Select(a => a.Video).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select((v, i) => (v, i)).ToDictionary(p => p.v, p => p.i, StringComparer.Ordinal);
        var shares = new double[folds.Count][][];
        for (var f = 0; f < folds.Count; f++)
        {
            shares[f] = new double[videos.Count][];
            foreach (var group in answers.Where(a => a.Fold == f).GroupBy(a => a.Video, StringComparer.Ordinal))
            {
                shares[f][videos[group.Key]] = [.. ks.Select(k => group.Average(a => a.Rank <= k ? 1.0 : 0.0))];
            }
        }

        (int, int)[] ranks = [.. answers.Where(a => a.Seed == 0).Select(a => (a.Rank, videos[a.Video])).Order()];
        return new ShareTable(videos.Count, shares, ranks);
    }

    private double Mean(ShareTable table, int k, int[]? drawn) => Enumerable.Range(0, folds.Count).Average(f => MeanOf(table, f, k, drawn));

    private static double MeanOf(ShareTable table, int fold, int k, int[]? drawn)
    {
        var (sum, count) = (0.0, 0.0);
        for (var v = 0; v < table.Videos; v++)
        {
            if (table.Shares[fold][v] is { } share)
            {
                var weight = drawn?[v] ?? 1;
                sum += weight * share[k];
                count += weight;
            }
        }

        return sum / count; // NaN where no query of the division was drawn: that draw then does not count
    }

    /// <summary>The median of ranks in ascending order, each counted as often as its video was drawn.</summary>
    private static double Median((int Rank, int Video)[] ranks, int[]? drawn)
    {
        var total = drawn is null ? ranks.Length : ranks.Sum(r => drawn[r.Video]);
        return total == 0 ? double.NaN : (At((total - 1) / 2) + At(total / 2)) / 2.0;

        double At(int place)
        {
            foreach (var (rank, video) in ranks)
            {
                place -= drawn?[video] ?? 1;
                if (place < 0)
                {
                    return rank;
                }
            }

            throw new InvalidOperationException("The median lies beyond the last rank.");
        }
    }

    private static double[] Ends(Interval interval) => [interval.Low, interval.High];

    private readonly record struct Answer(int Fold, int Seed, string Video, string? Label, int Rank, int Hits, int Gallery);

    private sealed record ShareTable(int Videos, double[][][] Shares, (int Rank, int Video)[] Ranks);
}
