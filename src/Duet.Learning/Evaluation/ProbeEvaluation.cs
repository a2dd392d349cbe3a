using System.Globalization;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using Duet.Learning.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation;

/// <summary>What is probed: encoders with their preprocessing.</summary>
/// <param name="Encoders">At most one per modality, on the preprocessor's device. They are left in evaluation mode.</param>
/// <param name="Clip">What a clip is.</param>
/// <param name="Preprocessor">Makes their inputs.</param>
/// <param name="Device">Where they run.</param>
/// <param name="Loader">Decode workers and queue.</param>
/// <param name="Weights"><c>pretrained</c>; <c>random</c> where the encoders only say which networks to draw at random; <c>log_mel</c> where there is nothing to draw.</param>
public sealed record ProbeSubject(IReadOnlyList<Encoder> Encoders, ClipOptions Clip, ClipPreprocessor Preprocessor, Device Device, ClipLoaderOptions Loader, string Weights = ProbeSubject.Pretrained)
{
    /// <summary>Weights that a run learned.</summary>
    public const string Pretrained = "pretrained";

    /// <summary>First weights.</summary>
    public const string Random = "random";

    /// <summary>No weights: statistics of spectrograms.</summary>
    public const string LogMel = "log_mel";
}

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

        var groups = Groups(subject.Encoders, splits, options.Modality);
        var layer = options.Features == ProbeFeatures.LogMel ? "" : options.Layer;
        var layers = groups.ToDictionary(g => NameOf(g), g => string.Join(" + ", g.Select(e => FeatureNetwork.Of(e).LayerOf(layer)).Distinct(StringComparer.Ordinal)), StringComparer.Ordinal);
        var seeds = subject.Weights == ProbeSubject.LogMel ? [] : RandomNetworks.SeedsOf(protocol.Seed, options.RandomSeeds);
        if (subject.Weights == ProbeSubject.Random && seeds.Length == 0)
        {
            throw new UsageException("Without a run there are random weights only, and RandomSeeds is 0. Name a run, or take --random-seeds 3.");
        }

        var found = new Findings([.. leftOut]);
        foreach (var group in groups)
        {
            using var loader = new ClipLoader(store.Clips, subject.Clip.Size, subject.Loader);
            var extractor = new FeatureExtractor(subject.Preprocessor, loader, options.Batch, progress, cancel);
            Encoder[][] random = [.. seeds.Select(s => group.Select(e => RandomNetworks.Twin(e, s, subject.Device)).ToArray())];
            try
            {
                Judge(subject, group, random, seeds, extractor, splits, layer, protocol, found, progress, cancel);
            }
            finally
            {
                foreach (var twin in random.SelectMany(t => t))
                {
                    twin.Dispose();
                }
            }
        }

        return new ProbeResult(run, store.Path, store.Fingerprint)
        {
            Dataset = protocol.Dataset,
            Protocol = protocol.Name,
            Features = options.Features,
            Layer = layers,
            Pooling = options.Pooling,
            Normalisation = options.Normalisation,
            Average = options.Average,
            Loss = options.Loss,
            ClassWeights = options.ClassWeights,
            InterceptScaling = options.InterceptScaling,
            ClipsPerVideo = options.ClipsPerVideo,
            VideosPerClass = options.VideosPerClass,
            C = options.C.Count == 1 ? options.C[0] : "auto",
            Folds = [.. splits.Select(s => new ClassificationFold(s.Name, s.Train.Count, s.Test.Count))],
            RandomBaseline = seeds.Length == 0 ? null : new RandomBaseline(seeds, options.CalibrateBatchNorm ? "calibrated" : "initial", found.Calibrated),
            Results = found.Rows,
            Differences = found.Differences,
            LeftOut = [.. found.LeftOut.Distinct()],
        };
    }

    /// <summary>A modality's name in result files.</summary>
    internal static string Name(Modality modality) => modality == Modality.Video ? "video" : "audio";

    private static string NameOf(IReadOnlyList<Encoder> group) => ProbeClips.Name([.. group.Select(e => e.Modality)]);

    /// <summary>What is probed together: encoders whose modality the store has (one of sound alone, such as ESC-50's, tests the audio encoder alone), each by itself or both side by side.</summary>
    private static IReadOnlyList<IReadOnlyList<Encoder>> Groups(IReadOnlyList<Encoder> encoders, IReadOnlyList<EvaluationSplit> splits, ProbeModality modality)
    {
        Encoder[] wanted = [.. encoders.Where(e => modality is ProbeModality.Each or ProbeModality.Both || (modality == ProbeModality.Audio) == (e.Modality == Modality.Audio))];
        if (wanted.Length < (modality == ProbeModality.Both ? 2 : 1))
        {
            throw new UsageException($"probe.modality: {ScalarTypes.Format(modality)} needs {(modality == ProbeModality.Both ? "two encoders" : "that encoder")}; there is {string.Join(" and ", encoders.Select(e => Name(e.Modality)))} alone.");
        }

        var videos = splits.SelectMany(s => s.Train.Concat(s.Test)).ToArray();
        Encoder[] served = [.. wanted.Where(e => videos.Any(v => e.Modality == Modality.Audio ? v.HasSound : v.HasFrames))];
        var lacking = wanted.Except(served).FirstOrDefault();
        if (lacking is not null && (served.Length == 0 || modality == ProbeModality.Both))
        {
            throw new UsageException(
                $"The store has no {(lacking.Modality == Modality.Audio ? "sound" : "pictures")}, which the {Name(lacking.Modality)} encoder is probed with. Ingest with --streams both into a new store.");
        }

        return modality == ProbeModality.Both ? [[.. served.OrderBy(e => e.Modality == Modality.Video ? 0 : 1)]] : [.. served.Select(e => (IReadOnlyList<Encoder>)[e])];
    }

    /// <summary>One modality, or both side by side: learned weights, random ones, and their difference.</summary>
    private static void Judge(
        ProbeSubject subject, IReadOnlyList<Encoder> group, Encoder[][] random, long[] seeds, FeatureExtractor extractor, IReadOnlyList<EvaluationSplit> splits, string layer,
        EvaluationRecipe protocol, Findings found, IProgress<EvaluationProgress>? progress, CancellationToken cancel)
    {
        var options = protocol.Probe;
        var modality = NameOf(group);
        if (options.CalibrateBatchNorm && random.Length > 0)
        {
            var clips = ProbeClips.ToCalibrate([.. group.Select(e => e.Modality)], splits[0].Train, subject.Clip, options, protocol.Seed);
            found.Calibrated[modality] = extractor.Calibrate($"{modality} baseline", [.. random.SelectMany(t => t)], clips);
            if (found.Calibrated[modality] == 0)
            {
                throw new DuetException("The random baseline could not be calibrated: no batch of training clips could be read. Verify the store with 'duet store verify'.");
            }
        }

        IEnumerable<IReadOnlyList<Encoder>> kinds = subject.Weights == ProbeSubject.Random ? random : [group, .. random];
        FeatureTap[][] taps = [.. kinds.Select(k => k.Select(FeatureNetwork.Of).Select(n => new FeatureTap(n, n.LayerOf(layer), options.Pooling)).ToArray())];
        var data = ProbeData.Read(extractor, taps, splits, subject.Clip, options, found.LeftOut);
        progress?.Report(new EvaluationProgress($"{modality} classifiers", 0, 0, 0));
        ClassificationScores Add(string weights, int first, long[]? own)
        {
            var (scores, row) = Classify(data, first, own, splits, protocol, cancel);
            found.Rows.Add(row with
            {
                Modality = modality,
                Weights = weights,
                Network = string.Join(" + ", group.Select(e => e.Architecture)),
                Clip = subject.Clip.InWords(group.Any(e => e.Modality == Modality.Video), group.Any(e => e.Modality == Modality.Audio)),
                Layer = string.Join(" + ", taps[0].Select(t => t.Layer).Distinct(StringComparer.Ordinal)),
            });
            return scores;
        }

        var learned = subject.Weights == ProbeSubject.Random ? null : Add(subject.Weights, 0, null);
        if (random.Length > 0)
        {
            var baseline = Add(ProbeSubject.Random, learned is null ? 0 : 1, seeds);
            if (learned is not null)
            {
                found.Differences.Add(modality, learned.Less(baseline, options.Resamples));
            }
        }
    }

    private static (ClassificationScores Scores, ClassificationRow Row) Classify(
        ProbeData data, int first, long[]? seeds, IReadOnlyList<EvaluationSplit> splits, EvaluationRecipe protocol, CancellationToken cancel)
    {
        var scores = new ClassificationScores(data.Videos, data.Labels, [.. splits.Select(s => s.Name)], seeds);
        var chosen = new List<double>();
        var allConverged = true;
        for (var s = 0; s < (seeds?.Length ?? 1); s++)
        {
            var classifier = new ProbeClassifier(data.Features[first + s], data.RowsOf, data.LabelOf, protocol.Probe);
            for (var f = 0; f < splits.Count; f++)
            {
                var train = data.Indices(splits[f].Train);
                var test = data.Indices(splits[f].Test);
                if (train.Select(v => data.LabelOf[v]).Distinct().Take(2).Count() < 2)
                {
                    throw new UsageException($"Fewer than two classes have a training video that is as long as a clip and can be read ('{splits[f].Name}' is tested). Take shorter clips, or label more videos.");
                }

                var (predicted, c, converged) = classifier.Run(train, test, protocol.Seed, cancel);
                scores.Add(s, f, test, predicted);
                chosen.Add(c);
                allConverged &= converged;
            }
        }

        var row = scores.Row("", "", protocol.Probe.Resamples) with { Features = data.Columns, C = [.. chosen], Converged = allConverged };
        return (scores, row);
    }

    /// <summary>What was found so far.</summary>
    private sealed record Findings(List<LeftOut> LeftOut)
    {
        public List<ClassificationRow> Rows { get; } = [];

        public Dictionary<string, ClassificationDifference> Differences { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, int> Calibrated { get; } = new(StringComparer.Ordinal);
    }
}
