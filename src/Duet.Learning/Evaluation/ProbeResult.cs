namespace Duet.Learning.Evaluation;

/// <summary>What <c>duet eval probe</c> finds: a result file of kind <c>probe</c>.</summary>
public sealed record ProbeResult : EvaluationResult
{
    /// <summary>Says what was evaluated.</summary>
    /// <param name="run">The network.</param>
    /// <param name="store">The store's folder.</param>
    /// <param name="fingerprint">Which videos the store held.</param>
    public ProbeResult(EvaluatedRun run, string store, string fingerprint)
        : base("probe", run, store, fingerprint)
    {
    }

    /// <summary>The data set, as the protocol names it.</summary>
    public required string Dataset { get; init; }

    /// <summary>The protocol's name; <c>default</c> where none was named.</summary>
    public required string Protocol { get; init; }

    /// <summary>What was classified.</summary>
    public required ProbeFeatures Features { get; init; }

    /// <summary>The stage that was read, by modality.</summary>
    public required IReadOnlyDictionary<string, string> Layer { get; init; }

    /// <summary>How its map became features.</summary>
    public required FeaturePooling Pooling { get; init; }

    /// <summary>What was done to features.</summary>
    public required FeatureNormalisation Normalisation { get; init; }

    /// <summary>How a video's clips became one answer.</summary>
    public required ClipAverage Average { get; init; }

    /// <summary>The machine's loss.</summary>
    public required SvmLoss Loss { get; init; }

    /// <summary>How classes of different size counted.</summary>
    public required SvmClassWeights ClassWeights { get; init; }

    /// <summary>The constant behind the bias.</summary>
    public required double InterceptScaling { get; init; }

    /// <summary>Clips per video at most.</summary>
    public required int ClipsPerVideo { get; init; }

    /// <summary>Labelled videos of each class that taught at most; 0: all of them.</summary>
    public required int VideosPerClass { get; init; }

    /// <summary>The machine's C: a number, or <c>auto</c> where cross-validation on the training part chose.</summary>
    public required object C { get; init; }

    /// <summary>Which videos taught and tested the probe.</summary>
    public required IReadOnlyList<ClassificationFold> Folds { get; init; }

    /// <summary>What the random networks are.</summary>
    public required RandomBaseline? RandomBaseline { get; init; }

    /// <summary>A row per modality and weights.</summary>
    public required IReadOnlyList<ClassificationRow> Results { get; init; }

    /// <summary>Pretrained less random, by modality, on the same videos.</summary>
    public required IReadOnlyDictionary<string, ClassificationDifference> Differences { get; init; }
}

/// <summary>The networks that pretraining is compared with: the same architecture with its first weights.</summary>
/// <param name="Seeds">Their seeds; numbers are means over them.</param>
/// <param name="BatchNorm"><c>calibrated</c> on training clips, or <c>initial</c> (mean 0, variance 1).</param>
/// <param name="CalibrationClips">Clips that calibrated it, by modality.</param>
public sealed record RandomBaseline(IReadOnlyList<long> Seeds, string BatchNorm, IReadOnlyDictionary<string, int> CalibrationClips);
