using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Randomness;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using Duet.Learning.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation;

/// <summary>What is probed: encoders with their preprocessing.</summary>
/// <param name="Encoders">Pretrained encoders, at most one per modality, on the preprocessor's device. They are left in evaluation mode.</param>
/// <param name="Clip">What a clip is.</param>
/// <param name="Preprocessor">Makes their inputs.</param>
/// <param name="Device">Where they run.</param>
/// <param name="Loader">Decode workers and queue.</param>
public sealed record ProbeSubject(IReadOnlyList<Encoder> Encoders, ClipOptions Clip, ClipPreprocessor Preprocessor, Device Device, ClipLoaderOptions Loader);

/// <summary>
/// What encoders know without having been told (AVTS, section 4: frozen features, one-vs-all linear SVM, clip scores averaged
/// per video), beside the same networks with their first weights.
/// </summary>
public static class ProbeEvaluation
{
    /// <summary>Probes encoders.</summary>
    /// <param name="subject">The encoders.</param>
    /// <param name="run">The run that made them.</param>
    /// <param name="store">The store.</param>
    /// <param name="splits">Which videos teach and which test.</param>
    /// <param name="leftOut">Videos that already take no part.</param>
    /// <param name="protocol">How to probe.</param>
    /// <param name="progress">Hears how far the work is.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="UsageException">An option does not hold, there is no such layer, or no video is long enough.</exception>
    public static ProbeResult Run(
        ProbeSubject subject,
        EvaluatedRun run,
        EvaluationStore store,
        IReadOnlyList<EvaluationSplit> splits,
        IReadOnlyList<LeftOut> leftOut,
        EvaluationRecipe protocol,
        IProgress<EvaluationProgress>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(splits);
        ArgumentNullException.ThrowIfNull(leftOut);
        ArgumentNullException.ThrowIfNull(protocol);
        var options = protocol.Probe;
        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new UsageException($"{error.Property} {error.Message}.");
        }

        var encoders = Served(subject.Encoders, splits);
        var layers = encoders.ToDictionary(e => Name(e.Modality), e => FeatureNetwork.Of(e).LayerOf(options.Layer), StringComparer.Ordinal);
        var missing = new List<LeftOut>(leftOut);
        var rows = new List<ClassificationRow>();
        var differences = new Dictionary<string, ClassificationDifference>(StringComparer.Ordinal);
        var calibrated = new Dictionary<string, int>(StringComparer.Ordinal);
        long[] seeds = [.. Enumerable.Range(0, options.RandomSeeds).Select(i => protocol.Seed + 1 + i)];
        foreach (var encoder in encoders)
        {
            var modality = Name(encoder.Modality);
            using var loader = new ClipLoader(store.Clips, subject.Clip.Size, subject.Loader);
            var extractor = new FeatureExtractor(subject.Preprocessor, loader, options.Batch, progress, cancel);
            var random = seeds.Select(s => RandomTwin(encoder, s, subject.Device)).ToArray();
            try
            {
                if (options.CalibrateBatchNorm && random.Length > 0)
                {
                    calibrated[modality] = extractor.Calibrate($"{modality} baseline", random, CalibrationClips(encoder.Modality, splits[0].Train, subject.Clip, protocol));
                    if (calibrated[modality] == 0)
                    {
                        throw new DuetException("The random baseline could not be calibrated: no batch of training clips could be read. Verify the store with 'duet store verify'.");
                    }
                }

                var data = ProbeData.Read(extractor, [encoder, .. random], layers[modality], splits, subject.Clip, options, missing);
                progress?.Report(new EvaluationProgress($"{modality} classifiers", 0, 0, 0));
                var (learned, row) = Judge(data, 0, null, splits, protocol, cancel);
                rows.Add(row with { Modality = modality, Weights = "pretrained", Layer = layers[modality] });
                if (random.Length > 0)
                {
                    var (baseline, baselineRow) = Judge(data, 1, seeds, splits, protocol, cancel);
                    rows.Add(baselineRow with { Modality = modality, Weights = "random", Layer = layers[modality] });
                    differences.Add(modality, learned.Less(baseline, options.Resamples));
                }
            }
            finally
            {
                foreach (var twin in random)
                {
                    twin.Dispose();
                }
            }
        }

        return new ProbeResult
        {
            Run = run.Path,
            Recipe = run.Recipe,
            Method = run.Method,
            Dataset = protocol.Dataset,
            Protocol = protocol.Name,
            Store = store.Path,
            StoreFingerprint = store.Fingerprint,
            Seed = run.Seed,
            Step = run.Step,
            Precision = run.Precision,
            Layer = layers,
            Pooling = options.Pooling,
            ClipsPerVideo = options.ClipsPerVideo,
            VideosPerClass = options.VideosPerClass,
            C = options.C.Count == 1 ? options.C[0] : "auto",
            Folds = [.. splits.Select(s => new ClassificationFold(s.Name, s.Train.Count, s.Test.Count))],
            RandomBaseline = seeds.Length == 0 ? null : new RandomBaseline(seeds, options.CalibrateBatchNorm ? "calibrated" : "initial", calibrated),
            Results = rows,
            Differences = differences,
            LeftOut = [.. missing.Distinct()],
        };
    }

    /// <summary>A modality's name in result files.</summary>
    internal static string Name(Modality modality) => modality == Modality.Video ? "video" : "audio";

    /// <summary>The encoders whose modality the store has: one of sound alone, such as ESC-50's, tests the audio encoder alone.</summary>
    private static IReadOnlyList<Encoder> Served(IReadOnlyList<Encoder> encoders, IReadOnlyList<EvaluationSplit> splits)
    {
        var videos = splits.SelectMany(s => s.Train.Concat(s.Test)).ToArray();
        IReadOnlyList<Encoder> served = [.. encoders.Where(e => videos.Any(v => e.Modality == Modality.Audio ? v.HasSound : v.HasFrames))];
        return served.Count > 0 ? served : throw new UsageException(
            $"The store has no {(encoders[0].Modality == Modality.Audio ? "sound" : "pictures")}, which the {Name(encoders[0].Modality)} encoder is probed with. Ingest with --streams both into a new store.");
    }

    /// <summary>Evenly spaced clips of one modality; none where the video is too short for one or lacks the modality.</summary>
    internal static IReadOnlyList<ClipRequest> Clips(Modality modality, StoredVideo video, ClipOptions clip, int clips)
    {
        if (modality == Modality.Audio)
        {
            if (!video.HasSound)
            {
                return [];
            }

            var room = video.SampleCount - ClipGrid.SamplesIn(clip.AudioSeconds, video.SampleRate);
            return UniformClips.AudioOnly(video, clip, (int)Math.Clamp(room + 1, 1, clips));
        }

        var step = ClipGrid.StepBetween(video.FrameRate, clip.FrameRate);
        var starts = video.FrameCount - ((clip.Frames - 1L) * step);
        return starts <= 0 ? [] : UniformClips.FramesOnly(video, clip, (int)Math.Min(starts, clips));
    }

    private static (ClassificationScores Scores, ClassificationRow Row) Judge(
        ProbeData data, int first, long[]? seeds, IReadOnlyList<EvaluationSplit> splits, EvaluationRecipe protocol, CancellationToken cancel)
    {
        var scores = new ClassificationScores(data.Videos, data.Labels, [.. splits.Select(s => s.Name)], seeds);
        var chosen = new List<double>();
        var allConverged = true;
        for (var s = 0; s < (seeds?.Length ?? 1); s++)
        {
            var classifier = new ProbeClassifier(data.Features[first + s], data.RowsOf, data.LabelOf);
            for (var f = 0; f < splits.Count; f++)
            {
                var train = data.Indices(splits[f].Train);
                var test = data.Indices(splits[f].Test);
                if (train.Select(v => data.LabelOf[v]).Distinct().Take(2).Count() < 2)
                {
                    throw new UsageException($"Fewer than two classes have a training video that is as long as a clip and can be read ('{splits[f].Name}' is tested). Take shorter clips, or label more videos.");
                }

                var (predicted, c, converged) = classifier.Run(train, test, protocol.Probe.C, protocol.Seed, cancel);
                scores.Add(s, f, test, predicted);
                chosen.Add(c);
                allConverged &= converged;
            }
        }

        var row = scores.Row("", "", protocol.Probe.Resamples) with { Features = data.Columns, C = [.. chosen], Converged = allConverged };
        return (scores, row);
    }

    private static Encoder RandomTwin(Encoder encoder, long seed, Device device)
    {
        var twin = EncoderRegistry.Create(encoder.Options, seed);
        twin.to(device);
        twin.Precision = encoder.Precision;
        twin.eval();
        return twin;
    }

    /// <summary>One clip of each training video, drawn anew until there are enough: a fixed choice.</summary>
    private static List<ClipRequest> CalibrationClips(Modality modality, IReadOnlyList<StoredVideo> train, ClipOptions clip, EvaluationRecipe protocol)
    {
        var all = train.SelectMany(v => Clips(modality, v, clip, protocol.Probe.ClipsPerVideo)).ToArray();
        new KeyedRandom(protocol.Seed, 0, "", "probe/calibration").Shuffle(all.AsSpan());
        return [.. all.Take(protocol.Probe.CalibrationClips)];
    }
}
