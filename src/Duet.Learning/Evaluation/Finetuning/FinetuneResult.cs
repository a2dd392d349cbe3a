namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>What <c>duet eval finetune</c> finds: a result file of kind <c>finetune</c>.</summary>
public sealed record FinetuneResult : EvaluationResult
{
    /// <summary>Says what was evaluated.</summary>
    /// <param name="run">The network.</param>
    /// <param name="store">The store's folder.</param>
    /// <param name="fingerprint">Which videos the store held.</param>
    public FinetuneResult(EvaluatedRun run, string store, string fingerprint)
        : base("finetune", run, store, fingerprint)
    {
    }

    /// <summary>The data set, as the protocol names it.</summary>
    public required string Dataset { get; init; }

    /// <summary>The protocol's name.</summary>
    public required string Protocol { get; init; }

    /// <summary>The folder with the trained networks.</summary>
    public required string Folder { get; init; }

    /// <summary>What learned.</summary>
    public required FinetuneLayers Layers { get; init; }

    /// <summary>The networks: <c>r2plus1d_18</c>, video first.</summary>
    public required IReadOnlyList<string> Networks { get; init; }

    /// <summary>What a clip is, in words: <c>8x224 at 30 fps</c>, <c>2 s of sound</c>.</summary>
    public required string Clip { get; init; }

    /// <summary>Frames of a clip; null where only sound was looked at.</summary>
    public required int? ClipFrames { get; init; }

    /// <summary>Share of the labelled training videos that taught.</summary>
    public required double LabelShare { get; init; }

    /// <summary>Clips per test video at most; null where testing was dense.</summary>
    public required int? TestClips { get; init; }

    /// <summary>A row: top-1.</summary>
    public required IReadOnlyList<ClassificationRow> Results { get; init; }

    /// <summary>Top-5; null where there are at most five classes.</summary>
    public required TopFive? Top5 { get; init; }

    /// <summary>By split, in their order.</summary>
    public required IReadOnlyList<FinetunedSplit> Splits { get; init; }
}

/// <summary>How often the class is among the five likeliest.</summary>
/// <param name="Accuracy">Share of test videos, over all splits.</param>
/// <param name="AccuracyCi95">Its 95 % interval: bootstrap over videos.</param>
/// <param name="MeanOfFolds">The mean of <paramref name="PerFold"/>.</param>
/// <param name="PerFold">By split.</param>
public sealed record TopFive(double Accuracy, double[] AccuracyCi95, double MeanOfFolds, double[] PerFold);

/// <summary>One split: its training and test.</summary>
/// <param name="Name">The split's name.</param>
/// <param name="Train">Videos that taught.</param>
/// <param name="Test">Videos that were tested.</param>
/// <param name="LearningRate">The base rate that was taken.</param>
/// <param name="ChosenOn">Where it was chosen: a split's name; null where the recipe gives it.</param>
/// <param name="Sweep">What it was chosen from; empty where it was not chosen here.</param>
/// <param name="Accuracy">Top-1.</param>
/// <param name="Top5">Top-5; null where there are at most five classes.</param>
/// <param name="Steps">Steps of the training that is tested.</param>
/// <param name="Seconds">Seconds of it.</param>
/// <param name="Folder">Its folder, with the finetuned encoders and the classifier.</param>
public sealed record FinetunedSplit(
    string Name, int Train, int Test, double LearningRate, string? ChosenOn, IReadOnlyList<SweepPoint> Sweep, double Accuracy, double? Top5, long Steps, double Seconds, string Folder);

/// <summary>What a learning rate gave on the validation part of the training videos.</summary>
/// <param name="LearningRate">The rate.</param>
/// <param name="Accuracy">Top-1 over validation videos; null where training diverged.</param>
/// <param name="Loss">Mean of minus the logarithm of the class's probability; null where training diverged.</param>
/// <param name="Videos">Validation videos.</param>
public sealed record SweepPoint(double LearningRate, double? Accuracy, double? Loss, int Videos)
{
    /// <summary>The best of several: the highest accuracy; of equals the lowest loss, then the lowest rate. Null where all diverged.</summary>
    /// <param name="points">What was tried.</param>
    public static SweepPoint? Best(IEnumerable<SweepPoint> points) => points
        .Where(p => p.Accuracy is not null)
        .OrderByDescending(p => p.Accuracy)
        .ThenBy(p => p.Loss)
        .ThenBy(p => p.LearningRate)
        .FirstOrDefault();
}
