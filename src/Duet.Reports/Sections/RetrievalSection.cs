using System.Globalization;
using System.Xml.Linq;
using Duet.Reports.Charts;
using Duet.Reports.Input;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Sections;

/// <summary>What lies next to what: nearest neighbours within a modality and across.</summary>
internal static class RetrievalSection
{
    /// <summary>Queries shown for each kind, one of each class at most: they carry pictures.</summary>
    private const int MostQueries = 6;

    private const int MostNeighbours = 5;

    public static Section? Draw(ReportContext context)
    {
        if (context.Files.Retrieval is not { Results: { Count: > 0 } rows } retrieval)
        {
            return null;
        }

        List<XElement> body = [E("p", Protocol(retrieval)), Table(rows)];
        body.AddRange(rows.Where(IsLearned).Select(r => Examples(context, r)).OfType<XElement>());
        if (context.StoreProblem is { } problem)
        {
            body.Insert(1, C("p", "hint", problem));
        }

        return new Section("retrieval", "What lies next to what?", body);
    }

    private static string Protocol(RetrievalResult retrieval)
    {
        var rows = retrieval.Results!;
        var parts = new List<string>
        {
            $"Each video is one point: {(retrieval.ClipsPerVideo switch { null => "the mean over its clips", 1 => "one clip", { } clips => $"the mean over {Numbers.Count(clips)} clips" })}. Recall at k is the share of queries that have a hit among their k nearest points by {(retrieval.Distance is "euclidean" ? "Euclidean" : "cosine")} distance.",
        };
        if (rows.Any(r => IsWithin(r.Modality)))
        {
            string folds = string.Join(", ", (retrieval.Folds ?? []).Select(f => $"{f.Name}: {Numbers.Count(f.Test)} among {Numbers.Count(f.Train)}"));
            parts.Add($"Within a modality test videos look for training videos of their class{(folds.Length > 0 ? $" ({folds})" : "")}, beside the same network with random weights.");
        }

        if (rows.FirstOrDefault(r => !IsWithin(r.Modality)) is { } across)
        {
            parts.Add($"Across modalities each of {Numbers.Count(across.Queries)} videos is looked for among all of them by its other half: only the same video is a hit.");
        }

        return string.Join(' ', parts);
    }

    private static XElement Table(IReadOnlyList<RetrievalRow> rows)
    {
        long[] ks = [.. rows.SelectMany(r => r.RecallAt ?? []).Select(a => a.K).OfType<long>().Distinct().Order()];
        bool ranks = rows.Any(r => r.MedianRank is not null);
        return Tables.Draw(
            ["query → searched", "weights", "layer", .. ks.Select(k => $"recall at {Numbers.Count(k)}"), .. ranks ? new object[] { "median place" } : []],
            rows.Select(r => (IReadOnlyList<object?>)
            [
                new object?[] { C("span", IsLearned(r) ? "swatch" : "swatch hollow", Plot.Colour(Terms.Colour(r.Modality?.Split("->")[0]))), Outside(Words(r.Modality)) },
                Outside(r.Weights),
                Code(r.Layer ?? Numbers.None),
                .. ks.Select(k => r.RecallAt?.FirstOrDefault(a => a.K == k) is { } at ? Cell(E("b", Numbers.Percent(at.Recall)), Numbers.PercentInterval(at.Ci95), $"chance {Numbers.Percent(at.Chance)}") : (object)Numbers.None),
                .. !ranks ? [] : new object?[]
                {
                    r.MedianRank is { } median ? Cell(E("b", Numbers.Plain(median)), r.MedianRankCi95 is { } i ? $"{Numbers.Plain(i.Low)}\u2009–\u2009{Numbers.Plain(i.High)}" : "", $"chance {Numbers.Plain(r.ChanceMedianRank)}") : "",
                },
            ]));
    }

    private static object[] Cell(XElement number, string interval, string chance) => [number, C("span", "under", interval), C("span", "under", chance)];

    private static XElement? Examples(ReportContext context, RetrievalRow row)
    {
        // The first query of each class by id, never chosen by how well it went.
        var queries = (row.Neighbours ?? [])
            .Where(q => q is { VideoId: not null, Nearest.Count: > 0 })
            .DistinctBy(q => q.Label ?? q.VideoId, StringComparer.Ordinal)
            .Take(MostQueries)
            .Select(q => Query(context, row, q))
            .OfType<XElement>()
            .ToList();
        return queries.Count == 0 ? null : C(
            "details",
            "fold",
            E("summary", $"{Words(row.Modality)}: some queries and their nearest"),
            E("p", $"The first video of each class by its id. {(IsWithin(row.Modality) ? "A frame marks a neighbour of the same class" : "A frame marks the same video")}; the number is the distance."),
            C("div", "neighbours", queries));
    }

    private static XElement? Query(ReportContext context, RetrievalRow row, RetrievalQuery query)
    {
        bool within = IsWithin(row.Modality);
        if (Picture(context, query.VideoId, query.Label) is not { } picture)
        {
            return null;
        }

        string place = query.Rank is { } rank ? $"first hit at {Numbers.Count(rank)}" : "no hit among the nearest";
        var nearest = query.Nearest!.Take(MostNeighbours).Select(n =>
        {
            bool hit = within ? n.Label is not null && string.Equals(n.Label, query.Label, StringComparison.Ordinal) : string.Equals(n.VideoId, query.VideoId, StringComparison.Ordinal);
            return C(
                "figure",
                hit ? "hit" : "miss",
                Picture(context, n.VideoId, n.Label) ?? E("span", Numbers.None),
                E("figcaption", Outside(n.Label), " ", n.Distance is { } d ? d.ToString("0.000", CultureInfo.InvariantCulture) : "", C("span", "sr-only", hit ? " (hit)" : "")));
        });
        return C("div", "query", C("figure", "asked", picture, E("figcaption", Outside(query.Label ?? query.VideoId), C("span", "under", place))), nearest);
    }

    /// <summary>The frame in the middle of a strip over the video's first seconds.</summary>
    private static XElement? Picture(ReportContext context, string? video, string? label) =>
        video is not null && context.Store?.Frames(video, 0, 4) is { Jpegs: { Count: > 0 } jpegs, Aspect: var aspect }
            ? E("img", A("loading", "lazy"), A("alt", $"A frame of {label ?? video}"), A("width", Math.Round(84 * aspect)), A("height", 84), A("src", "data:image/jpeg;base64," + Convert.ToBase64String(jpegs[jpegs.Count / 2])))
            : null;

    private static bool IsLearned(RetrievalRow row) => string.Equals(row.Weights, "pretrained", StringComparison.Ordinal);

    private static bool IsWithin(string? modality) => modality?.Split("->") is [var from, var to] && string.Equals(from, to, StringComparison.Ordinal);

    private static string Words(string? modality) => modality?.Replace("->", " → ", StringComparison.Ordinal) ?? Numbers.None;
}
