using Duet.Data;

namespace Duet.Learning.Evaluation;

/// <summary>What is classified.</summary>
public enum ProbeFeatures
{
    /// <summary>A layer of the encoders.</summary>
    Encoder,

    /// <summary>Statistics of each log-mel band over a clip (<see cref="Duet.Learning.Audio.LogMelStatistics"/>): no network, the humble baseline.</summary>
    LogMel,
}

/// <summary>Which encoders are probed.</summary>
public enum ProbeModality
{
    /// <summary>Every one by itself.</summary>
    Each,

    /// <summary>The one for sound.</summary>
    Audio,

    /// <summary>The one for frames.</summary>
    Video,

    /// <summary>Both features of a clip side by side (AVTS's multi-sensory recognition, linear): frames with their own sound.</summary>
    Both,
}

/// <summary>What is done to features before the machine sees them.</summary>
public enum FeatureNormalisation
{
    /// <summary>Each feature is centred and scaled by the teaching clips' mean and deviation.</summary>
    Standardise,

    /// <summary>Each clip's row is scaled to length 1; of both modalities each by itself, so that neither drowns the other.</summary>
    L2,

    /// <summary>Nothing.</summary>
    None,
}

/// <summary>How a video's clips become one answer.</summary>
public enum ClipAverage
{
    /// <summary>The largest mean of the clips' decision values.</summary>
    Scores,

    /// <summary>The class that most clips are named; of several the one with the largest mean decision value.</summary>
    Votes,
}

/// <summary>How encoders are probed.</summary>
public sealed record ProbeOptions : IValidated
{
    /// <summary>What is classified.</summary>
    public ProbeFeatures Features { get; init; }

    /// <summary>Which encoders.</summary>
    public ProbeModality Modality { get; init; }

    /// <summary>The stage whose map is read; empty for each encoder's last.</summary>
    public string Layer { get; init; } = "";

    /// <summary>How a map becomes features.</summary>
    public FeaturePooling Pooling { get; init; } = FeaturePooling.Average;

    /// <summary>What is done to features before the machine sees them.</summary>
    public FeatureNormalisation Normalisation { get; init; }

    /// <summary>Clips per video, evenly spaced; a video with fewer different clips gives fewer.</summary>
    public int ClipsPerVideo { get; init; } = 10;

    /// <summary>How a video's clips become one answer.</summary>
    public ClipAverage Average { get; init; }

    /// <summary>
    /// Labelled videos of each class that teach, drawn by the protocol's seed; 0 for all. An archive has few labels, and with many of them
    /// also random features do well.
    /// </summary>
    public int VideosPerClass { get; init; }

    /// <summary>The machine's C; of several, cross-validation on the training part chooses.</summary>
    public IReadOnlyList<double> C { get; init; } = [1];

    /// <summary>The machine's loss.</summary>
    public SvmLoss Loss { get; init; }

    /// <summary>How classes of different size count.</summary>
    public SvmClassWeights ClassWeights { get; init; }

    /// <summary>The constant behind the machine's bias; 0 for none.</summary>
    public double InterceptScaling { get; init; } = 1;

    /// <summary>Passes or steps of the machine at most.</summary>
    public int MaxIterations { get; init; } = 1000;

    /// <summary>Random initialisations that the baseline is averaged over.</summary>
    public int RandomSeeds { get; init; } = 3;

    /// <summary>Whether the random networks' batch normalisation is calibrated on training clips: a stronger baseline, and one without a network's scale run away.</summary>
    public bool CalibrateBatchNorm { get; init; } = true;

    /// <summary>Training clips that calibrate it.</summary>
    public int CalibrationClips { get; init; } = 256;

    /// <summary>Clips that pass the networks at once; 0: chosen by memory.</summary>
    public int Batch { get; init; }

    /// <summary>Memory that features and the machines' copies of them may take, gigabytes (10^9 bytes); 0: four fifths of what the machine has.</summary>
    public double MemoryGb { get; init; }

    /// <summary>Resamples of the bootstrap.</summary>
    public int Resamples { get; init; } = Bootstrap.DefaultResamples;

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        foreach (var (name, value) in new[] { (nameof(ClipsPerVideo), ClipsPerVideo), (nameof(Resamples), Resamples), (nameof(CalibrationClips), CalibrationClips), (nameof(MaxIterations), MaxIterations) })
        {
            if (value < 1)
            {
                yield return new ValidationError(name, "must be at least 1");
            }

            if (Batch < 0)
            {
                yield return new ValidationError(nameof(Batch), "must be at least 0; 0 chooses by memory");
            }
        }

        if (VideosPerClass < 0)
        {
            yield return new ValidationError(nameof(VideosPerClass), "must be at least 0; 0 takes all");
        }

        if (RandomSeeds < 0)
        {
            yield return new ValidationError(nameof(RandomSeeds), "must be at least 0; 0 leaves the baseline out");
        }

        if (C.Count == 0 || C.Any(c => !(c > 0) || !double.IsFinite(c)))
        {
            yield return new ValidationError(nameof(C), "must be one or more numbers above 0");
        }

        if (!(InterceptScaling >= 0) || !double.IsFinite(InterceptScaling))
        {
            yield return new ValidationError(nameof(InterceptScaling), "must be 0 (no bias) or above");
        }

        if (!(MemoryGb >= 0) || !double.IsFinite(MemoryGb))
        {
            yield return new ValidationError(nameof(MemoryGb), "must be at least 0; 0 takes what the machine has");
        }

        if (Features == ProbeFeatures.LogMel && Modality is (ProbeModality.Video or ProbeModality.Both))
        {
            yield return new ValidationError(nameof(Modality), "must be each or audio where log_mel is classified: there is no other feature of frames");
        }

        if (CalibrateBatchNorm && Batch == 1)
        {
            yield return new ValidationError(nameof(Batch), "must be at least 2 to calibrate batch normalisation");
        }
    }

    /// <summary>The machine's options.</summary>
    internal LinearSvmOptions Machine(double c, long seed) =>
        new() { C = c, Loss = Loss, ClassWeights = ClassWeights, InterceptScaling = InterceptScaling, MaxIterations = MaxIterations, Seed = seed };
}
