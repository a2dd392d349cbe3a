using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Extraction;
using Duet.Learning.Models;
using Duet.Learning.Recipes;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation.Retrieval;

/// <summary>What is searched with: networks with their preprocessing.</summary>
/// <param name="Networks">At most one per modality, on the preprocessor's device.</param>
/// <param name="Clip">What a clip is.</param>
/// <param name="Preprocessor">Makes their inputs.</param>
/// <param name="Device">Where they run.</param>
/// <param name="Loader">Decode workers and queue.</param>
internal sealed record RetrievalSubject(IReadOnlyList<FeatureNetwork> Networks, ClipOptions Clip, ClipPreprocessor Preprocessor, Device Device, ClipLoaderOptions Loader);

/// <summary>What is searched.</summary>
/// <param name="Splits">Divisions of labelled videos, for searches within a modality; empty for none.</param>
/// <param name="Part">The videos that are searched across modalities; empty for none.</param>
/// <param name="LeftOut">Videos that already take no part.</param>
internal sealed record RetrievalVideos(IReadOnlyList<EvaluationSplit> Splits, IReadOnlyList<StoredVideo> Part, IReadOnlyList<LeftOut> LeftOut);

/// <summary>
/// Nearest neighbours of frozen features: test videos among training videos of one modality, where a neighbour of the same class is a hit, and
/// sounds among pictures and back, where the same video is.
/// </summary>
internal static class RetrievalEvaluation
{
    /// <summary>Searches.</summary>
    /// <param name="subject">The networks.</param>
    /// <param name="run">The run that made them.</param>
    /// <param name="store">The store.</param>
    /// <param name="videos">What is searched.</param>
    /// <param name="protocol">How.</param>
    /// <param name="progress">Hears how far the work is.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="UsageException">An option does not hold, there is no such layer, or too few videos can be read.</exception>
    public static RetrievalResult Run(
        RetrievalSubject subject, EvaluatedRun run, EvaluationStore store, RetrievalVideos videos, EvaluationRecipe protocol, IProgress<EvaluationProgress>? progress, CancellationToken cancel)
    {
        var options = protocol.Retrieval;
        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new UsageException($"{error.Property} {error.Message}.");
        }

        var missing = new List<LeftOut>(videos.LeftOut);
        var rows = new List<RetrievalRow>();
        var differences = new Dictionary<string, IReadOnlyList<RecallDifference>>(StringComparer.Ordinal);
        var calibrated = new Dictionary<string, int>(StringComparer.Ordinal);
        var seeds = videos.Splits.Count == 0 ? [] : RandomNetworks.SeedsOf(protocol.Seed, options.RandomSeeds);
        using var loader = new ClipLoader(store.Clips, subject.Clip.Size, subject.Loader);
        var extractor = new FeatureExtractor(subject.Preprocessor, loader, options.Batch, progress, cancel);
        foreach (var network in videos.Splits.Count == 0 ? [] : Served(subject, videos))
        {
            var layer = network.LayerOf(options.Layer);
            using var random = RandomNetworks.Like(
                network.Encoder, seeds, subject.Device, extractor, options.CalibrateBatchNorm && seeds.Length > 0
                    ? ProbeClips.ToCalibrate(
                        [network.Encoder.Modality], videos.Splits[0].Train, subject.Clip, new ProbeOptions { ClipsPerVideo = options.ClipsPerVideo, CalibrationClips = options.CalibrationClips }, protocol.Seed)
                    : []);
            if (random.CalibrationClips > 0)
            {
                calibrated[network.Name] = random.CalibrationClips;
            }

            var name = $"{network.Name}->{network.Name}";
            FeatureTap[] taps = [new(network, layer, options.Pooling), .. layer == FeatureNetwork.Embedding ? [] : random.Encoders.Select(e => new FeatureTap(FeatureNetwork.Of(e), layer, options.Pooling))];
            var all = videos.Splits.SelectMany(s => s.Train.Concat(s.Test)).DistinctBy(v => v.Id, StringComparer.Ordinal).OrderBy(v => v.Id, StringComparer.Ordinal).ToArray();
            var features = VideoFeatures.Read(extractor, $"{network.Name} features", taps, all, v => ClipsOf(network.Encoder.Modality, v, subject.Clip, options), missing);
            progress?.Report(new EvaluationProgress($"{network.Name} neighbours", 0, 0, 0));
            var (learned, neighbours) = Within(features, [0], videos.Splits, options, cancel);
            rows.Add(learned.Row(options.Resamples, ranks: false) with { Modality = name, Weights = "pretrained", Layer = layer, Features = features.Features[0].Columns, Neighbours = neighbours });
            if (taps.Length > 1)
            {
                var (baseline, _) = Within(features, [.. Enumerable.Range(1, taps.Length - 1)], videos.Splits, options with { Neighbours = 0 }, cancel);
                rows.Add(baseline.Row(options.Resamples, ranks: false) with { Modality = name, Weights = "random", Layer = layer, Features = features.Features[1].Columns });
                differences.Add(name, learned.Less(baseline, options.Resamples));
            }
        }

        if (videos.Part.Count > 0)
        {
            rows.AddRange(Across(subject, extractor, videos.Part, options, missing, progress, cancel));
        }

        return new RetrievalResult(run, store.Path, store.Fingerprint)
        {
            Dataset = protocol.Dataset,
            Protocol = protocol.Name,
            Pooling = options.Pooling,
            ClipsPerVideo = options.ClipsPerVideo,
            Distance = options.Distance,
            Folds = [.. videos.Splits.Select(s => new ClassificationFold(s.Name, s.Train.Count, s.Test.Count))],
            RandomBaseline = differences.Count == 0 ? null : new RandomBaseline(seeds, options.CalibrateBatchNorm ? "calibrated" : "initial", calibrated),
            Results = rows,
            Differences = differences,
            LeftOut = [.. missing.Distinct()],
        };
    }

    private static IReadOnlyList<FeatureNetwork> Served(RetrievalSubject subject, RetrievalVideos videos)
    {
        var all = videos.Splits.SelectMany(s => s.Train.Concat(s.Test)).ToArray();
        IReadOnlyList<FeatureNetwork> served = [.. subject.Networks.Where(n => all.Any(v => n.Encoder.Modality == Modality.Audio ? v.HasSound : v.HasFrames))];
        return served.Count > 0 ? served : throw new UsageException(
            $"The store has nothing that the run's {subject.Networks[0].Name} encoder takes. Ingest with --streams both into a new store.");
    }

    private static (IReadOnlyList<ClipRequest> Clips, string? Why) ClipsOf(Modality modality, StoredVideo video, ClipOptions clip, RetrievalOptions options)
    {
        var own = ProbeClips.Of([modality], video, clip, options.ClipsPerVideo);
        return own.Count > 0 ? (own, null) : ([], $"{ProbeClips.WhyNone([modality], video)}; not searched by {(modality == Modality.Audio ? "sound" : "pictures")}");
    }

    /// <summary>Test videos among training videos.</summary>
    private static (RetrievalScores Scores, List<RetrievalQuery> Neighbours) Within(
        VideoFeatures features, IReadOnlyList<int> taps, IReadOnlyList<EvaluationSplit> splits, RetrievalOptions options, CancellationToken cancel)
    {
        var smallest = splits.Min(s => s.Train.Count(v => features.Has(v)));
        var scores = new RetrievalScores([.. splits.Select(s => s.Name)], options.RecallAt, smallest);
        var neighbours = new List<RetrievalQuery>();
        for (var seed = 0; seed < taps.Count; seed++)
        {
            for (var f = 0; f < splits.Count; f++)
            {
                var (gallery, among) = features.Of(splits[f].Train, taps[seed]);
                var (queries, asked) = features.Of(splits[f].Test, taps[seed]);
                if (among.Count == 0 || asked.Count == 0)
                {
                    throw new UsageException($"No {(among.Count == 0 ? "training" : "test")} video of '{splits[f].Name}' is as long as a clip and can be read; take shorter clips or another split.");
                }

                var perLabel = among.CountBy(v => v.Label!, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
                var nearest = Search(queries, gallery, options.Distance, cancel).Nearest(Math.Max(options.RecallAt[^1], options.Neighbours));
                for (var q = 0; q < asked.Count; q++)
                {
                    var place = Array.FindIndex(nearest[q], n => among[n.Row].Label == asked[q].Label);
                    int? rank = place < 0 ? null : place + 1;
                    scores.Add(f, seed, asked[q].Id, asked[q].Label, rank, perLabel.GetValueOrDefault(asked[q].Label!), among.Count);
                    if (options.Neighbours > 0)
                    {
                        neighbours.Add(new RetrievalQuery(asked[q].Id, asked[q].Label, splits[f].Name, rank, Name(nearest[q], among, queries.Row(q), options)));
                    }
                }
            }
        }

        return (scores, neighbours);
    }

    /// <summary>Sound among pictures and pictures among sound.</summary>
    private static IEnumerable<RetrievalRow> Across(
        RetrievalSubject subject, FeatureExtractor extractor, IReadOnlyList<StoredVideo> part, RetrievalOptions options, List<LeftOut> missing, IProgress<EvaluationProgress>? progress, CancellationToken cancel)
    {
        FeatureTap[] taps = [.. new[] { Modality.Audio, Modality.Video }.Select(m => new FeatureTap(subject.Networks.First(n => n.Encoder.Modality == m), FeatureNetwork.Embedding, FeaturePooling.Average))];
        var plan = new ExtractPlan(part, ExtractModality.Both, subject.Clip, options.ClipsPerVideo, 0);
        var left = new List<LeftOut>();
        var features = VideoFeatures.Read(extractor, "embeddings", taps, part, plan.ClipsOf, left);
        missing.AddRange(left.Select(l => l with { Reason = l.Reason + "; not searched across modalities" }));
        if (features.Videos.Count < 2)
        {
            throw new UsageException($"{features.Videos.Count} of the {part.Count} videos of the part '{options.Part}' can be searched across modalities; at least 2 are needed. Name another part with --part, or take shorter clips.");
        }

        progress?.Report(new EvaluationProgress("neighbours across modalities", 0, 0, 0));
        int[] truth = [.. Enumerable.Range(0, features.Videos.Count)];
        for (var from = 0; from < 2; from++)
        {
            var (queries, gallery) = (features.Features[from], features.Features[1 - from]);
            var search = Search(queries, gallery, options.Distance, cancel);
            var ranks = search.RankOf(truth);
            var nearest = options.Neighbours > 0 ? search.Nearest(options.Neighbours) : [];
            var scores = new RetrievalScores([options.Part], options.RecallAt, features.Videos.Count);
            var neighbours = new List<RetrievalQuery>();
            for (var q = 0; q < ranks.Length; q++)
            {
                var video = features.Videos[q];
                var label = string.IsNullOrEmpty(video.Label) ? null : video.Label;
                scores.Add(0, 0, video.Id, label, ranks[q], 1, features.Videos.Count);
                if (options.Neighbours > 0)
                {
                    neighbours.Add(new RetrievalQuery(video.Id, label, options.Part, ranks[q], Name(nearest[q], features.Videos, queries.Row(q), options)));
                }
            }

            yield return scores.Row(options.Resamples, ranks: true) with
            {
                Modality = from == 0 ? "audio->video" : "video->audio",
                Weights = "pretrained",
                Layer = FeatureNetwork.Embedding,
                Features = queries.Columns,
                Neighbours = neighbours,
            };
        }
    }

    private static NearestNeighbours Search(FeatureMatrix queries, FeatureMatrix gallery, RetrievalDistance distance, CancellationToken cancel)
    {
        if (distance == RetrievalDistance.Cosine)
        {
            NearestNeighbours.Normalise(queries);
            NearestNeighbours.Normalise(gallery);
        }

        return new NearestNeighbours(queries, gallery, distance, cancel);
    }

    private static RetrievedVideo[] Name((int Row, double Score)[] nearest, IReadOnlyList<StoredVideo> among, ReadOnlySpan<float> query, RetrievalOptions options)
    {
        var square = RowProducts.SquaredNorm(query);
        return [.. nearest.Take(options.Neighbours).Select(n => new RetrievedVideo(
            among[n.Row].Id,
            string.IsNullOrEmpty(among[n.Row].Label) ? null : among[n.Row].Label,
            options.Distance == RetrievalDistance.Cosine ? 1 - n.Score : Math.Sqrt(Math.Max(0, square - (2 * n.Score)))))];
    }
}
