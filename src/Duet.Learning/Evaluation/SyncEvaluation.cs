using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Store;
using TorchSharp;

namespace Duet.Learning.Evaluation;

/// <summary>
/// How well a run tells sound that is in sync from sound that is not: the threshold is chosen on the validation part, and everything
/// else is measured on videos that neither taught the run nor chose the threshold.
/// </summary>
public static class SyncEvaluation
{
    /// <summary>Judges a run.</summary>
    /// <param name="model">The run's networks.</param>
    /// <param name="run">The run.</param>
    /// <param name="store">The store.</param>
    /// <param name="parts">Its videos.</param>
    /// <param name="options">How to judge.</param>
    /// <param name="progress">Hears how far the work is.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="UsageException">An option does not hold, or a part can't serve a pair.</exception>
    /// <exception cref="DuetException">The networks' distances are not finite.</exception>
    public static SyncResult Run(
        ISyncModel model,
        EvaluatedRun run,
        EvaluationStore store,
        EvaluationParts parts,
        SyncOptions options,
        IProgress<EvaluationProgress>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new UsageException($"{error.Property} {error.Message}.");
        }

        if (!parts.Validation.Any(v => UniformClips.CanServe(v, model.Clip)))
        {
            throw new UsageException(
                $"The threshold is chosen on validation videos, and {(parts.Validation.Count == 0 ? "this store has none" : "none is as long as a clip")}. Ingest with a list that names a validation split, or give the recipe's data.validation_share more.");
        }

        using var loader = new ClipLoader(store.Clips, model.Clip.Size, options.Loader);
        var meter = new SyncMeter(model, loader, options.Batch, progress, cancel);
        var leftOut = new List<LeftOut>(parts.LeftOut);

        var validationPairs = EvaluationPairs.Of(parts.Validation, model.Clip, model.Pairs, options.ClipsPerVideo, options.Seed);
        var validation = meter.Measure("validation", [.. validationPairs.Requests.Where(r => r.Audio[1].Kind is PairKind.Easy or PairKind.Hard)], leftOut);
        if (validation.Count == 0)
        {
            throw new UsageException("The validation part serves neither an easy nor a hard pair: it needs two videos that are as long as a clip, or one long enough for two clips.");
        }

        var (threshold, validationAccuracy, thresholdKinds) = SyncJudge.ChooseThreshold(validation);

        var testPairs = EvaluationPairs.Of(parts.Test, model.Clip, model.Pairs, options.ClipsPerVideo, options.Seed);
        leftOut.AddRange(testPairs.Feasibility.TooShort.Select(v => new LeftOut(v.Id, v.SourcePath, v.HasFrames && v.HasSound ? "shorter than a clip" : "without pictures or without sound")));
        leftOut.AddRange(testPairs.Feasibility.WithoutHard.Select(v => new LeftOut(v.Id, v.SourcePath, "too short for a hard negative; the other kinds count")));
        leftOut.AddRange(testPairs.Feasibility.WithoutSuperHard.Select(v => new LeftOut(v.Id, v.SourcePath, "too short for a super-hard negative; the other kinds count")));
        var test = meter.Measure("test", testPairs.Requests, leftOut);
        if (test.Count == 0)
        {
            throw new UsageException($"No pair of the part '{options.Split}' could be judged: {leftOut.Select(l => l.Reason).FirstOrDefault() ?? "it needs two videos that are as long as a clip"}.");
        }

        var kinds = new Dictionary<string, SyncKindResult>(StringComparer.Ordinal);
        foreach (var kind in SyncJudge.Kinds)
        {
            if (SyncJudge.Judge(test, kind, threshold, options.Seed, options.Resamples) is { } result)
            {
                kinds.Add(SyncJudge.NameOf(kind), result);
            }
        }

        var usable = testPairs.Feasibility.Usable;
        var curves = new OffsetCurves(meter, store.Clips, options);
        return new SyncResult(run, store.Path, store.Fingerprint)
        {
            Split = options.Split,
            ClipsPerVideo = options.ClipsPerVideo,
            Threshold = threshold,
            ThresholdKinds = [.. thresholdKinds.Select(SyncJudge.NameOf)],
            Validation = Part(validation, validationAccuracy),
            Test = Part(test, SyncJudge.Accuracy(test, thresholdKinds, threshold)),
            Kinds = kinds,
            Histograms = SyncJudge.Histograms(test),
            Offsets = curves.Summary(usable, leftOut),
            Examples = curves.Examples(usable),
            LeftOut = [.. leftOut.Distinct()],
        };
    }

    private static SyncPart Part(IReadOnlyList<PairDistances> distances, double accuracy) =>
        new(distances.Select(d => d.VideoId).Distinct(StringComparer.Ordinal).Count(), 2 * distances.Count, double.IsNaN(accuracy) ? null : accuracy);
}

/// <summary>Passes clips through the networks and gathers distances.</summary>
internal sealed class SyncMeter(ISyncModel model, ClipLoader loader, int batch, IProgress<EvaluationProgress>? progress, CancellationToken cancel)
{
    private readonly long started = System.Diagnostics.Stopwatch.GetTimestamp();

    /// <summary>The networks.</summary>
    public ISyncModel Model => model;

    /// <summary>The distances of requests with two stretches of sound. Clips that could not be read are listed instead.</summary>
    public IReadOnlyList<PairDistances> Measure(string stage, IReadOnlyList<ClipRequest> requests, List<LeftOut> leftOut)
    {
        var result = new List<PairDistances>(requests.Count);
        var size = requests.Count == 0 ? 1 : InferenceBatch.Of(batch, model.Encoders, requests[0], model.Clip.Size, model.Spectrogram);
        foreach (var (request, distances) in Distances(stage, requests, size, leftOut))
        {
            result.Add(new PairDistances(request.Video.Id, request.Audio[1].Kind, distances[0], distances[1]));
        }

        return result;
    }

    /// <summary>For each request that could be read, the distance of its frames to each of its stretches of sound.</summary>
    /// <param name="stage">What is going on, for people.</param>
    /// <param name="requests">The requests, of one shape within each batch.</param>
    /// <param name="clips">Requests per batch.</param>
    /// <param name="leftOut">Receives those that could not be read.</param>
    public IEnumerable<(ClipRequest Request, double[] Distances)> Distances(string stage, IReadOnlyList<ClipRequest> requests, int clips, List<LeftOut> leftOut)
    {
        var done = 0L;
        foreach (var loaded in loader.Load(requests, clips, 0, cancel))
        {
            using (loaded)
            {
                var windows = loaded.WindowsPerClip;
                var values = Forward(loaded);
                var failures = loaded.Failures.ToDictionary(f => f.Index);
                for (var i = 0; i < loaded.Count; i++)
                {
                    var request = loaded.Requests[i];
                    if (failures.TryGetValue(i, out var failure))
                    {
                        leftOut.Add(new LeftOut(failure.VideoId, request.Video.SourcePath, $"a clip can't be read: {failure.Reason}"));
                        continue;
                    }

                    var own = new double[windows];
                    for (var w = 0; w < windows; w++)
                    {
                        own[w] = values[(i * windows) + w];
                        if (!double.IsFinite(own[w]))
                        {
                            throw new DuetException($"The networks' distance for {request.Video.SourcePath} is not a finite number: training diverged. Train again with a smaller learning rate.");
                        }
                    }

                    yield return (request, own);
                }

                done += loaded.Count;
            }

            var elapsed = System.Diagnostics.Stopwatch.GetElapsedTime(started);
            progress?.Report(new EvaluationProgress(stage, done, requests.Count, loader.Statistics.TimeWaiting / elapsed));
        }
    }

    private float[] Forward(ClipBatch loaded)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        var video = model.EmbedVideo(loaded);
        var audio = model.EmbedAudio(loaded);
        return model.Distance(video.repeat_interleave(loaded.WindowsPerClip, 0), audio).cpu().to_type(torch.ScalarType.Float32).data<float>().ToArray();
    }
}
