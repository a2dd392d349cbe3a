namespace Duet.Learning.Evaluation;

/// <summary>What <c>duet eval probe</c> finds: a result file of kind <c>probe</c>.</summary>
public sealed record ProbeResult
{
    /// <summary>The file format.</summary>
    public string Format { get; init; } = ResultFile.Format;

    /// <summary>Which result this is.</summary>
    public string Kind { get; init; } = "probe";

    /// <summary>The run's folder.</summary>
    public required string Run { get; init; }

    /// <summary>The recipe's name.</summary>
    public required string Recipe { get; init; }

    /// <summary>The store's folder.</summary>
    public required string Store { get; init; }

    /// <summary>Which videos the store held.</summary>
    public required string StoreFingerprint { get; init; }

    /// <summary>The run's seed.</summary>
    public required long Seed { get; init; }

    /// <summary>Steps that the run was trained for.</summary>
    public required long Step { get; init; }

    /// <summary>What the convolutions computed in.</summary>
    public required string Precision { get; init; }

    /// <summary>The stage that was read, by modality.</summary>
    public required IReadOnlyDictionary<string, string> Layer { get; init; }

    /// <summary>How its map became features.</summary>
    public required FeaturePooling Pooling { get; init; }

    /// <summary>Clips per video at most.</summary>
    public required int ClipsPerVideo { get; init; }

    /// <summary>Labelled videos of each class that taught at most; 0: all of them.</summary>
    public required int VideosPerClass { get; init; }

    /// <summary>The machine's C: a number, or <c>auto</c> where cross-validation on the training part chose.</summary>
    public required object C { get; init; }

    /// <summary>Which videos taught and tested the probe.</summary>
    public required IReadOnlyList<ProbeFold> Folds { get; init; }

    /// <summary>What the random networks are.</summary>
    public required RandomBaseline? RandomBaseline { get; init; }

    /// <summary>A row per modality and weights.</summary>
    public required IReadOnlyList<ProbeRow> Results { get; init; }

    /// <summary>Pretrained less random, by modality, on the same videos.</summary>
    public required IReadOnlyDictionary<string, ProbeDifference> Differences { get; init; }

    /// <summary>Videos that could not take part, with the reason.</summary>
    public required IReadOnlyList<LeftOut> LeftOut { get; init; }
}

/// <summary>One division into teaching and testing videos.</summary>
/// <param name="Name"><c>test</c>, or a fold's name in the catalog.</param>
/// <param name="Train">Teaching videos.</param>
/// <param name="Test">Testing videos.</param>
public sealed record ProbeFold(string Name, int Train, int Test);

/// <summary>The networks that pretraining is compared with: the same architecture with its first weights.</summary>
/// <param name="Seeds">Their seeds; numbers are means over them.</param>
/// <param name="BatchNorm"><c>calibrated</c> on training clips, or <c>initial</c> (mean 0, variance 1).</param>
/// <param name="CalibrationClips">Clips that calibrated it, by modality.</param>
public sealed record RandomBaseline(IReadOnlyList<long> Seeds, string BatchNorm, IReadOnlyDictionary<string, int> CalibrationClips);

/// <summary>One modality with one kind of weights.</summary>
public sealed record ProbeRow
{
    /// <summary><c>audio</c> or <c>video</c>.</summary>
    public required string Modality { get; init; }

    /// <summary><c>pretrained</c> or <c>random</c>.</summary>
    public required string Weights { get; init; }

    /// <summary>The stage.</summary>
    public required string Layer { get; init; }

    /// <summary>Features per clip.</summary>
    public required int Features { get; init; }

    /// <summary>Share of test videos named right, over all folds (and seeds, for random weights).</summary>
    public required double Accuracy { get; init; }

    /// <summary>Its 95 % interval: bootstrap over videos.</summary>
    public required double[] AccuracyCi95 { get; init; }

    /// <summary>The same by fold.</summary>
    public required double[] PerFold { get; init; }

    /// <summary>The same by seed; one value for pretrained weights.</summary>
    public required double[] PerSeed { get; init; }

    /// <summary>The C of each fold (and seed).</summary>
    public required double[] C { get; init; }

    /// <summary>Whether every machine met its tolerance.</summary>
    public required bool Converged { get; init; }

    /// <summary>By class.</summary>
    public required IReadOnlyDictionary<string, ProbeClass> PerClass { get; init; }

    /// <summary>Rows are true classes, columns named ones; counts over folds and seeds.</summary>
    public required ProbeConfusion Confusion { get; init; }

    /// <summary>Each test video's answer.</summary>
    public required IReadOnlyList<ProbePrediction> Predictions { get; init; }
}

/// <summary>One class.</summary>
/// <param name="Accuracy">Share of its test videos named right.</param>
/// <param name="Support">How many they are.</param>
public sealed record ProbeClass(double Accuracy, int Support);

/// <summary>What was taken for what.</summary>
/// <param name="Labels">The classes.</param>
/// <param name="Counts">Rows are true classes, columns named ones.</param>
public sealed record ProbeConfusion(IReadOnlyList<string> Labels, int[][] Counts);

/// <summary>One test video's answer.</summary>
/// <param name="VideoId">The video.</param>
/// <param name="Label">Its class.</param>
/// <param name="Predicted">What it was named.</param>
/// <param name="Split">The fold.</param>
/// <param name="Seed">The random network's seed; null for pretrained weights.</param>
public sealed record ProbePrediction(string VideoId, string Label, string Predicted, string Split, long? Seed);

/// <summary>Pretrained less random on the same videos.</summary>
/// <param name="Points">The difference, percentage points.</param>
/// <param name="Ci95">Its 95 % interval: paired bootstrap over videos.</param>
public sealed record ProbeDifference(double Points, double[] Ci95);
