using Duet.Data.Randomness;
using Duet.Data.Store;
using Duet.Data.Tables;

namespace Duet.Reports.Clusters;

/// <summary>Turns a table of pseudo-labels into ranked clusters (XDC, Table 6 and supplement Tables 12 and 13).</summary>
internal static class ClusterRanking
{
    /// <summary>How many labels of a cluster are listed: the supplement's tables have five.</summary>
    public const int MostLabels = 5;

    /// <summary>The part whose clips form the centroids.</summary>
    public const string Training = "training";

    private const int Shuffles = 10;

    /// <summary>Ranks one clustering.</summary>
    /// <param name="entry">What the run said about it.</param>
    /// <param name="table">Its clips.</param>
    /// <param name="videos">The store's videos; null without a store.</param>
    /// <param name="nearest">How many clips near each centroid.</param>
    public static ClusteringResult Rank(ClusteringEntry entry, PseudoLabelTable table, IReadOnlyDictionary<string, StoredVideo>? videos, int nearest)
    {
        var members = new List<PseudoLabel>?[entry.K];
        int[] validation = new int[entry.K];
        int clips = 0;
        foreach (var row in table.Rows)
        {
            if (string.Equals(row.Part, Training, StringComparison.Ordinal))
            {
                (members[row.Cluster] ??= []).Add(row);
                clips++;
            }
            else
            {
                validation[row.Cluster]++;
            }
        }

        var clusters = members.Select((m, c) => Describe(c, m ?? [], validation[c], videos, nearest)).ToList();
        int labelled = clusters.Sum(c => c.LabelledClips);
        var ranked = (labelled > 0
            ? clusters.OrderByDescending(c => c.Purity ?? -1).ThenByDescending(c => c.LabelledClips).ThenByDescending(c => c.Size)
            : clusters.OrderBy(c => c.Tightness ?? double.PositiveInfinity).ThenByDescending(c => c.Size))
            .ThenBy(c => c.Cluster).Select((c, i) => c with { Rank = i + 1 }).ToList();
        var (classes, purity, chance) = Purities(members, videos, labelled);
        int empty = clusters.Count(c => c.Size == 0), largest = clusters.Max(c => c.Size);
        return new ClusteringResult
        {
            Features = entry.Features!,
            Teaches = entry.Teaches ?? [],
            File = entry.File!,
            K = entry.K,
            Clips = clips,
            ValidationClips = table.Rows.Count - clips,
            RankedBy = labelled > 0 ? "purity" : "tightness",
            LabelledClips = labelled,
            Classes = classes,
            Purity = purity,
            PurityOfShuffledLabels = chance,
            NmiLabels = Finite(entry.NmiLabels),
            NmiPrevious = Finite(entry.NmiPrevious),
            NormalisedEntropy = Finite(entry.NormalisedEntropy) ?? Entropy(clusters, clips, entry.K),
            Empty = empty,
            LargestShare = clips > 0 ? (double)largest / clips : 0,
            Notes = [.. entry.Notes is { Count: > 0 } notes ? notes : Degenerate(entry.K, clips, empty, largest), .. Unreadable(entry)],
            Clusters = ranked,
        };
    }

    private static RankedCluster Describe(int cluster, List<PseudoLabel> members, int validation, IReadOnlyDictionary<string, StoredVideo>? videos, int nearest)
    {
        var labels = members.Select(m => Label(m, videos)).OfType<string>().ToList();
        var shares = labels.CountBy(l => l, StringComparer.Ordinal).OrderByDescending(l => l.Value).ThenBy(l => l.Key, StringComparer.Ordinal)
            .Take(MostLabels).Select(l => new LabelShare(l.Key, (double)l.Value / labels.Count)).ToList();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var near = members.OrderBy(m => float.IsNaN(m.Distance) ? float.PositiveInfinity : m.Distance).ThenBy(m => m.Clip, StringComparer.Ordinal).Where(m => seen.Add(m.Video)).Take(nearest)
            .Select(m => new NearestClip(m.Clip, m.Video, m.Start, m.Distance, videos?.GetValueOrDefault(m.Video)?.SourcePath, Label(m, videos))).ToList();
        return new RankedCluster(0, cluster, members.Count, validation, labels.Count, shares.Count > 0 ? shares[0].Share : null, members.Count > 0 ? members.Average(m => (double)m.Distance) : null, shares, near);
    }

    private static string? Label(PseudoLabel row, IReadOnlyDictionary<string, StoredVideo>? videos) =>
        videos?.GetValueOrDefault(row.Video)?.Label is { Length: > 0 } label ? label : null;

    /// <summary>Purity over all clusters, and what the same sizes reach with shuffled labels.</summary>
    private static (int Classes, double? Purity, double? Chance) Purities(List<PseudoLabel>?[] members, IReadOnlyDictionary<string, StoredVideo>? videos, int labelled)
    {
        if (labelled == 0)
        {
            return (0, null, null);
        }

        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        int[] labels = new int[labelled], sizes = new int[members.Length];
        int at = 0;
        for (int cluster = 0; cluster < members.Length; cluster++)
        {
            foreach (string label in (members[cluster] ?? []).Select(m => Label(m, videos)).OfType<string>())
            {
                if (!numbers.TryGetValue(label, out int number))
                {
                    numbers.Add(label, number = numbers.Count);
                }

                labels[at++] = number;
                sizes[cluster]++;
            }
        }

        double purity = Purity(labels, sizes, numbers.Count), chance = 0;
        for (int i = 0; i < Shuffles; i++)
        {
            var random = new KeyedRandom(0, i, "", "clusters.shuffled-labels");
            random.Shuffle(labels.AsSpan());
            chance += Purity(labels, sizes, numbers.Count) / Shuffles;
        }

        return (numbers.Count, purity, chance);
    }

    private static double Purity(int[] labels, int[] sizes, int classes)
    {
        int[] counts = new int[classes];
        long right = 0;
        int at = 0;
        foreach (int size in sizes)
        {
            int most = 0;
            for (int i = at; i < at + size; i++)
            {
                most = Math.Max(most, ++counts[labels[i]]);
            }

            for (int i = at; i < at + size; i++)
            {
                counts[labels[i]] = 0;
            }

            at += size;
            right += most;
        }

        return (double)right / labels.Length;
    }

    private static double? Entropy(List<RankedCluster> clusters, int clips, int k) =>
        clips == 0 || k < 2 ? null : -clusters.Where(c => c.Size > 0).Sum(c => (double)c.Size / clips * Math.Log2((double)c.Size / clips)) / Math.Log2(k);

    /// <summary>Clusterings that teach little, where the run itself noted nothing: said in words, so that nobody has to read it off a chart.</summary>
    private static IEnumerable<string> Degenerate(int k, int clips, int empty, int largest)
    {
        if (clips == 0)
        {
            yield return "Degenerate: it has no training clip.";
        }
        else if (k - empty == 1 && k > 1)
        {
            yield return "Degenerate: all clips are in one cluster.";
        }
        else if (2 * (long)largest > clips && k > 2)
        {
            yield return $"Degenerate: one cluster holds {Numbers.WholePercent((double)largest / clips)} of the clips.";
        }
        else if (2 * (long)empty > k)
        {
            yield return $"Degenerate: {empty} of {k} clusters are empty.";
        }
    }

    private static IEnumerable<string> Unreadable(ClusteringEntry entry)
    {
        if (entry.Unreadable is > 0 and var clips)
        {
            yield return $"{clips} {(clips == 1 ? "clip" : "clips")} couldn't be read when the run clustered, and {(clips == 1 ? "is" : "are")} in no cluster.";
        }
    }

    private static double? Finite(double? value) => value is { } v && double.IsFinite(v) ? v : null;
}
