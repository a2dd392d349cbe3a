using Duet.Data;
using Duet.Learning.Pretext.Clustering;

namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>What a finetuned classifier looks at.</summary>
public enum FinetuneModality
{
    /// <summary>Frames.</summary>
    Video,

    /// <summary>Sound.</summary>
    Audio,

    /// <summary>Frames with their sound: the pooled features of both encoders side by side under one classifier (AVTS's multi-sensory recognition).</summary>
    Both,
}

/// <summary>What learns.</summary>
public enum FinetuneLayers
{
    /// <summary>Everything.</summary>
    All,

    /// <summary>The classifier alone; encoders are frozen, their batch normalisation in evaluation mode.</summary>
    Fc,
}

/// <summary>What the encoders start from.</summary>
public enum FinetuneWeights
{
    /// <summary>The run's weights.</summary>
    Pretrained,

    /// <summary>First weights drawn by seed: the baseline that pretraining is compared with.</summary>
    Scratch,
}

/// <summary>On which splits the learning rate is searched.</summary>
public enum FinetuneSweep
{
    /// <summary>On the first split alone; the others take its rate.</summary>
    FirstSplit,

    /// <summary>On each split anew.</summary>
    EverySplit,
}

/// <summary>Which clips of a video are tested.</summary>
public enum TestSampling
{
    /// <summary>Evenly spaced ones, from the first possible to the last.</summary>
    Uniform,

    /// <summary>All at a fixed stride (AVTS's dense prediction).</summary>
    Dense,
}

/// <summary>What is averaged over a video's clips.</summary>
public enum ClipAverage
{
    /// <summary>Probabilities, after the softmax.</summary>
    Probabilities,

    /// <summary>Scores, before it.</summary>
    Scores,
}

/// <summary>How encoders are finetuned and tested: an evaluation recipe's <c>finetune</c> section (XDC, tables 10 and 11). The loop is its <c>training</c> section.</summary>
public sealed record FinetuneOptions : IValidated
{
    /// <summary>What the classifier looks at.</summary>
    public FinetuneModality Modality { get; init; } = FinetuneModality.Video;

    /// <summary>What learns.</summary>
    public FinetuneLayers Layers { get; init; } = FinetuneLayers.All;

    /// <summary>What the encoders start from.</summary>
    public FinetuneWeights Weights { get; init; } = FinetuneWeights.Pretrained;

    /// <summary>Epochs of every training.</summary>
    public int Epochs { get; init; } = 8;

    /// <summary>
    /// Share of the labelled training videos of each class that is used, above 0 and at most 1; at least one video of each class. Which ones is drawn by
    /// id, so that a smaller share is part of a larger one.
    /// </summary>
    public double LabelShare { get; init; } = 1;

    /// <summary>Learning rates to choose from on a part of the training videos. Empty: <c>training.learning_rate.base</c> is taken and nothing is searched.</summary>
    public IReadOnlyList<double> LearningRates { get; init; } = [];

    /// <summary>Share of the training videos of each class by which the learning rate is chosen; the training for the test has them back.</summary>
    public double ValidationShare { get; init; } = 0.2;

    /// <summary>On which splits the learning rate is searched.</summary>
    public FinetuneSweep Sweep { get; init; } = FinetuneSweep.FirstSplit;

    /// <summary>Multiplies the classifier's learning rate.</summary>
    public double HeadRate { get; init; } = 1;

    /// <summary>How the video encoder's last map becomes features.</summary>
    public GlobalPooling VideoPooling { get; init; } = GlobalPooling.Average;

    /// <summary>How the audio encoder's last map becomes features.</summary>
    public GlobalPooling AudioPooling { get; init; } = GlobalPooling.Average;

    /// <summary>Share of the pooled features that is set to 0 while training, at least 0 and below 1.</summary>
    public double Dropout { get; init; }

    /// <summary>
    /// Mixup (Zhang et al., 1710.09412): inputs and labels are mixed in pairs by weights from Beta(a, a); a at most 1, and 0 for none. Not the papers'.
    /// </summary>
    public double Mixup { get; init; }

    /// <summary>SpecAugment (Park et al., 1904.08779): a stretch of time of at most this share of a spectrogram is masked while training; 0 for none. Not the papers'.</summary>
    public double TimeMask { get; init; }

    /// <summary>As <see cref="TimeMask"/>, of the mel bins. Not the papers'.</summary>
    public double FrequencyMask { get; init; }

    /// <summary>Which clips of a video are tested.</summary>
    public TestSampling TestSampling { get; init; } = TestSampling.Uniform;

    /// <summary>Uniform: clips of a video; one with fewer different clips gives fewer.</summary>
    public int TestClips { get; init; } = 10;

    /// <summary>Dense: frames (at the clip's frame rate) from one clip's start to the next one's.</summary>
    public int TestStride { get; init; } = 4;

    /// <summary>What is averaged over a video's clips.</summary>
    public ClipAverage Average { get; init; } = ClipAverage.Probabilities;

    /// <summary>Resamples of the bootstrap over test videos.</summary>
    public int Resamples { get; init; } = Bootstrap.DefaultResamples;

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        foreach (var (name, value) in new[] { (nameof(Epochs), Epochs), (nameof(TestClips), TestClips), (nameof(TestStride), TestStride), (nameof(Resamples), Resamples) })
        {
            if (value < 1)
            {
                yield return new(name, "must be at least 1");
            }
        }

        foreach (var (name, value) in new[] { (nameof(Epochs), Epochs), (nameof(TestClips), TestClips), (nameof(Resamples), Resamples) })
        {
            if (value > 1_000_000)
            {
                yield return new(name, "must be at most 1000000");
            }
        }

        if (LabelShare is not (> 0 and <= 1))
        {
            yield return new(nameof(LabelShare), "must be above 0 and at most 1");
        }

        if (ValidationShare is not (> 0 and < 1))
        {
            yield return new(nameof(ValidationShare), "must be above 0 and below 1");
        }

        if (LearningRates.Any(r => !(r > 0) || !double.IsFinite(r)) || LearningRates.Distinct().Count() != LearningRates.Count)
        {
            yield return new(nameof(LearningRates), "must be different numbers above 0");
        }

        if (!(HeadRate > 0) || !double.IsFinite(HeadRate))
        {
            yield return new(nameof(HeadRate), "must be above 0");
        }

        if (Dropout is not (>= 0 and < 1))
        {
            yield return new(nameof(Dropout), "must be at least 0 and below 1");
        }

        foreach (var (name, value) in new[] { (nameof(Mixup), Mixup), (nameof(TimeMask), TimeMask), (nameof(FrequencyMask), FrequencyMask) })
        {
            if (value is not (>= 0 and <= 1))
            {
                yield return new(name, "must be between 0 and 1");
            }
        }

        if (Modality == FinetuneModality.Video && TimeMask + FrequencyMask > 0)
        {
            yield return new(nameof(TimeMask), "and frequency_mask are for spectrograms, which modality: video has not");
        }
    }
}
