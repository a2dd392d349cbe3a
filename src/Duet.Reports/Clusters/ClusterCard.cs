using System.Globalization;
using System.Xml.Linq;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Clusters;

/// <summary>One cluster on the page: rank, labels with shares, and its nearest clips to see and hear.</summary>
internal static class ClusterCard
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <param name="clustering">Whose cluster.</param>
    /// <param name="cluster">Which.</param>
    /// <param name="media">Pictures and sound of its nearest clips; null where it carries none.</param>
    public static XElement Draw(ClusteringResult clustering, RankedCluster cluster, IReadOnlyList<MediaOfClip?>? media)
    {
        string? top = cluster.Labels.Count > 0 ? cluster.Labels[0].Label : null;
        bool sound = media?.Any(m => m?.Sound is not null) == true;
        return E(
            "article",
            A("class", media is null ? "cluster bare" : "cluster"),
            A("id", $"{clustering.Features}-{cluster.Cluster}"),
            A("data-features", clustering.Features),
            A("data-cluster", cluster.Cluster),
            A("data-rank", cluster.Rank),
            A("data-size", -cluster.Size),
            A("data-tightness", (cluster.Tightness ?? double.MaxValue).ToString("R", Invariant)),
            C(
                "div",
                "cluster-head",
                C("span", "rank", cluster.Rank),
                E("h4", Heading(cluster)),
                sound ? C("button", "listen", A("type", "button"), A("title", "Play its clips one after another"), "▶ listen") : null,
                cluster.Size + cluster.ValidationClips > 0
                    ? C("button", "members", A("type", "button"), A("data-query", $"{clustering.Features}:{cluster.Cluster}"), A("title", "List its clips"), "clips")
                    : null),
            C("p", "meta", Meta(cluster), C("span", "hits")),
            cluster.Labels.Count > 0 ? C("div", "shares", A("aria-hidden", "true"), cluster.Labels.Select(l => E("span", A("style", $"width:{Numbers.Coordinate(l.Share * 100)}%")))) : null,
            media is null ? null : C("div", "clips", cluster.Nearest.Zip(media, (n, m) => Clip(n, m, top))));
    }

    private static IEnumerable<object> Heading(RankedCluster cluster)
    {
        if (cluster.Labels.Count == 0)
        {
            return [cluster.Size == 0 ? "no training clip" : $"cluster {cluster.Cluster.ToString(Invariant)}"];
        }

        return
        [
            Outside(cluster.Labels[0].Label), C("span", "share", " " + Share(cluster.Labels[0])),
            C("span", "others", cluster.Labels.Skip(1).Select(l => (object)new object[] { ", ", Outside(l.Label), C("span", "share", " " + Share(l)) })),
        ];
    }

    private static string Share(LabelShare label) => label.Share.ToString("0.00", Invariant);

    private static string Meta(RankedCluster cluster)
    {
        var facts = new List<string> { $"cluster {cluster.Cluster}", cluster.Size == 1 ? "1 clip" : $"{Numbers.Count(cluster.Size)} clips" };
        if (cluster.ValidationClips > 0)
        {
            facts.Add($"{Numbers.Count(cluster.ValidationClips)} validation");
        }

        if (cluster.LabelledClips > 0 && cluster.LabelledClips < cluster.Size)
        {
            facts.Add($"{Numbers.Count(cluster.LabelledClips)} labelled");
        }

        if (cluster.Tightness is { } tightness)
        {
            facts.Add($"mean distance {Numbers.Plain(tightness)}");
        }

        return string.Join(" · ", facts) + " ";
    }

    private static XElement Clip(NearestClip clip, MediaOfClip? media, string? topLabel)
    {
        string name = clip.Label ?? (clip.Path is { } path ? Path.GetFileName(path) : clip.Video);
        string about = $"{clip.Path ?? "not in the store"}\n{clip.Clip}, from {Numbers.Plain(Math.Round(clip.Start, 2))} s\ndistance {Numbers.Plain(clip.Distance)}";
        return E(
            "figure",
            A("class", "clip"),
            A("title", about),
            C(
                "div",
                "window",
                media switch
                {
                    { Strip: { } strip } => C("img", "strip", A("loading", "lazy"), A("decoding", "async"), A("alt", $"Frames of {name}"), A("src", "data:image/jpeg;base64," + Convert.ToBase64String(strip))),
                    { Loudness: { } loudness } => Wave(loudness, name),
                    _ => C("span", "no-picture", media is null ? "not in the store" : "damaged picture"),
                }),
            media?.Sound is { } sound
                ? E("audio", A("controls", "controls"), A("preload", "none"), A("controlslist", "nodownload noplaybackrate"), A("aria-label", $"Sound of {name}"), A("src", "data:audio/wav;base64," + Convert.ToBase64String(sound)))
                : null,
            C("figcaption", topLabel is null || string.Equals(clip.Label, topLabel, StringComparison.Ordinal) ? "same" : "other", Outside(name)));
    }

    /// <summary>The sound's peaks around a middle line: what stands for a clip that has no pictures.</summary>
    private static XElement Wave(IReadOnlyList<double> loudness, string name)
    {
        var upper = loudness.Select((l, i) => $"{i} {Numbers.Coordinate(18 - (17 * Math.Sqrt(l)))}");
        var lower = loudness.Select((l, i) => $"{i} {Numbers.Coordinate(18 + (17 * Math.Sqrt(l)))}").Reverse();
        return C(
            "svg",
            "wave",
            A("viewBox", $"0 0 {loudness.Count - 1} 36"),
            A("preserveAspectRatio", "none"),
            A("role", "img"),
            A("aria-label", $"Loudness of {name}"),
            E("path", A("d", "M" + string.Join('L', upper.Concat(lower)) + "Z")));
    }
}
