using System.Text.Json;
using Duet.Data.Store;
using Duet.Data.Tables;
using Duet.Reports.Html;

namespace Duet.Reports.Clusters;

/// <summary>What the page's search looks through: each clip with its video, label and clusters, as JSON inside the page.</summary>
internal static class SearchIndex
{
    /// <summary>More clips than this would make the page heavy: those nearest to their centroids are taken, and the page says so.</summary>
    public const int MostClips = 40_000;

    private const int LongestText = 400;

    /// <summary>The JSON; it holds no character that HTML could take for markup.</summary>
    public static string Write(IReadOnlyList<(ClusteringEntry Entry, PseudoLabelTable Table)> tables, IReadOnlyDictionary<string, StoredVideo>? videos, int most = MostClips)
    {
        var rows = tables.Select(t => t.Table.Rows.ToDictionary(r => r.Clip, StringComparer.Ordinal)).ToList();
        var all = rows.SelectMany(r => r.Keys).Distinct(StringComparer.Ordinal).ToList();
        var kept = all.Count <= most ? all : Nearest(tables, most);
        var clips = kept.Order(StringComparer.Ordinal).Select(clip => rows.Select(r => r.GetValueOrDefault(clip)).ToList()).ToList();
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var clip in clips)
        {
            numbers.TryAdd(clip.OfType<PseudoLabel>().First().Video, numbers.Count);
        }

        var index = new
        {
            total = all.Count,
            sets = tables.Select(t => new { features = t.Entry.Features }),
            videos = numbers.Keys.Select(id => new[] { Text(id), Text(videos?.GetValueOrDefault(id)?.SourcePath), Text(videos?.GetValueOrDefault(id)?.Label) }),
            clips = clips.Select(sets => (First: sets.OfType<PseudoLabel>().First(), sets)).Select(c => new
            {
                v = numbers[c.First.Video],
                n = c.First.Number,
                s = Rounded(c.First.Start, 2),
                t = string.Equals(c.First.Part, ClusterRanking.Training, StringComparison.Ordinal) ? 1 : 0,
                c = c.sets.Select(r => r?.Cluster),
                d = c.sets.Select(r => r is null ? null : Rounded(r.Distance, 4)),
            }),
        };
        return JsonSerializer.Serialize(index); // the default encoder escapes <, > and &
    }

    /// <summary>The clips nearest to their centroids: the first of each cluster, then the second of each, until there are enough.</summary>
    private static List<string> Nearest(IReadOnlyList<(ClusteringEntry Entry, PseudoLabelTable Table)> tables, int most) =>
    [
        .. tables.SelectMany(t => t.Table.Rows.GroupBy(r => r.Cluster).SelectMany(c => c.OrderBy(r => r.Distance).Select((r, place) => (r.Clip, place))))
            .OrderBy(c => c.place).Select(c => c.Clip).Distinct(StringComparer.Ordinal).Take(most),
    ];

    private static double? Rounded(double value, int digits) => double.IsFinite(value) ? Math.Round(value, digits) : null;

    private static string Text(string? text) => text is null ? "" : PlainText.Clean(text.Length <= LongestText ? text : text[..LongestText] + "…");
}
