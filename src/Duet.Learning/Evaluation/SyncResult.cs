namespace Duet.Learning.Evaluation;

/// <summary>What <c>duet eval sync</c> finds: a result file of kind <c>sync</c>.</summary>
public sealed record SyncResult : EvaluationResult
{
    /// <summary>Says what was evaluated.</summary>
    /// <param name="run">The network.</param>
    /// <param name="store">The store's folder.</param>
    /// <param name="fingerprint">Which videos the store held.</param>
    public SyncResult(EvaluatedRun run, string store, string fingerprint)
        : base("sync", run, store, fingerprint)
    {
    }

    /// <summary>The part that is reported on.</summary>
    public required string Split { get; init; }

    /// <summary>Clips per video and kind of negative.</summary>
    public required int ClipsPerVideo { get; init; }

    /// <summary>Distances up to this are called in sync. Chosen on the validation part alone.</summary>
    public required double Threshold { get; init; }

    /// <summary>The kinds of negative among which the threshold was chosen, with equal shares.</summary>
    public required IReadOnlyList<string> ThresholdKinds { get; init; }

    /// <summary>The part that the threshold was chosen on.</summary>
    public required SyncPart Validation { get; init; }

    /// <summary>The part that is reported on.</summary>
    public required SyncPart Test { get; init; }

    /// <summary>Numbers by kind of negative: <c>easy</c>, <c>hard</c>, <c>super_hard</c>. A kind that no video can serve is missing.</summary>
    public required IReadOnlyDictionary<string, SyncKindResult> Kinds { get; init; }

    /// <summary>Distances of all pairs of the test part.</summary>
    public required SyncHistograms Histograms { get; init; }

    /// <summary>How often the least distance over offsets lies at or near zero; null where no video is long enough to shift.</summary>
    public required OffsetSummary? Offsets { get; init; }

    /// <summary>What an offset's sign means.</summary>
    public string OffsetConvention { get; init; } = "seconds; positive: the sound is taken from later than the picture";

    /// <summary>A few videos with their distance by offset: the first of each class by id, not chosen by their score.</summary>
    public required IReadOnlyList<SyncExample> Examples { get; init; }
}

/// <summary>How much a part held.</summary>
/// <param name="Videos">Videos with at least one pair.</param>
/// <param name="Pairs">Pairs judged: as many in sync as out of sync.</param>
/// <param name="Accuracy">Balanced accuracy at the threshold, kinds in the threshold's shares; null where the part has no pair of those kinds.</param>
public sealed record SyncPart(int Videos, int Pairs, double? Accuracy);

/// <summary>One kind of negative against its positives, which are as many.</summary>
public sealed record SyncKindResult
{
    /// <summary>Share of pairs told right at the threshold.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Its 95 % interval: bootstrap over videos.</summary>
    public required double[] AccuracyCi95 { get; init; }

    /// <summary>Area under the ROC curve, which needs no threshold.</summary>
    public required double Auc { get; init; }

    /// <summary>Its 95 % interval: bootstrap over videos.</summary>
    public required double[] AucCi95 { get; init; }

    /// <summary>Share of pairs in sync that are called so.</summary>
    public required double PositiveAccuracy { get; init; }

    /// <summary>Share of pairs out of sync that are called so.</summary>
    public required double NegativeAccuracy { get; init; }

    /// <summary>Mean distance of pairs in sync.</summary>
    public required double PositiveDistance { get; init; }

    /// <summary>Mean distance of pairs out of sync.</summary>
    public required double NegativeDistance { get; init; }

    /// <summary>Pairs judged, both kinds together.</summary>
    public required int Pairs { get; init; }

    /// <summary>Videos that they come from: the clusters of the bootstrap.</summary>
    public required int Videos { get; init; }
}

/// <summary>Counts of distances per bin; there is one edge more than bins.</summary>
public sealed record SyncHistograms
{
    /// <summary>The bins' edges, rising.</summary>
    public required double[] Edges { get; init; }

    /// <summary>Pairs in sync, of all kinds' requests.</summary>
    public required int[] Positive { get; init; }

    /// <summary>Easy negatives.</summary>
    public required int[] Easy { get; init; }

    /// <summary>Hard negatives.</summary>
    public required int[] Hard { get; init; }

    /// <summary>Super-hard negatives.</summary>
    public required int[] SuperHard { get; init; }
}

/// <summary>How often the least distance lies near offset zero, over one clip per video.</summary>
public sealed record OffsetSummary
{
    /// <summary>Clips, one per video.</summary>
    public required int Clips { get; init; }

    /// <summary>Seconds between two offsets.</summary>
    public required double StepSeconds { get; init; }

    /// <summary>Median of the least distance's offset without its sign, seconds.</summary>
    public required double MedianAbsoluteSeconds { get; init; }

    /// <summary>By tolerance.</summary>
    public required IReadOnlyList<OffsetTolerance> Within { get; init; }
}

/// <summary>The share of clips whose least distance lies within a tolerance of zero.</summary>
/// <param name="Steps">The tolerance, steps to either side.</param>
/// <param name="Seconds">The same in seconds.</param>
/// <param name="Share">The share of clips.</param>
/// <param name="ShareCi95">Its 95 % interval (Wilson: one clip per video).</param>
/// <param name="Chance">What an offset drawn at random would give.</param>
public sealed record OffsetTolerance(int Steps, double Seconds, double Share, double[] ShareCi95, double Chance);

/// <summary>One clip and its distance to the same video's sound at several offsets.</summary>
public sealed record SyncExample
{
    /// <summary>The video.</summary>
    public required string VideoId { get; init; }

    /// <summary>Its label, where it has one.</summary>
    public required string? Label { get; init; }

    /// <summary>Its source file.</summary>
    public required string SourcePath { get; init; }

    /// <summary>When the clip starts, seconds.</summary>
    public required double StartSeconds { get; init; }

    /// <summary>How long the clip is, seconds.</summary>
    public required double ClipSeconds { get; init; }

    /// <summary>Offsets; positive: the sound is taken from later than the picture.</summary>
    public required double[] OffsetsSeconds { get; init; }

    /// <summary>The distance at each offset.</summary>
    public required double[] Distances { get; init; }

    /// <summary>The sound around the clip.</summary>
    public required ExampleSpectrogram Spectrogram { get; init; }
}

/// <summary>A spectrogram as bytes: frame by frame, lowest mel band first, 0 quiet, 255 loud.</summary>
/// <param name="Frames">Frames.</param>
/// <param name="Mels">Mel bands.</param>
/// <param name="HopSeconds">Seconds from frame to frame.</param>
/// <param name="StartSeconds">Where in the video the first frame lies.</param>
/// <param name="ValuesBase64">The bytes.</param>
public sealed record ExampleSpectrogram(int Frames, int Mels, double HopSeconds, double StartSeconds, string ValuesBase64);

/// <summary>A video that could not take part in all or in part of an evaluation.</summary>
/// <param name="VideoId">The video.</param>
/// <param name="SourcePath">Its source file.</param>
/// <param name="Reason">Why.</param>
public sealed record LeftOut(string VideoId, string SourcePath, string Reason);
