namespace Duet.Learning.Evaluation;

/// <summary>One division into teaching and testing videos.</summary>
/// <param name="Name"><c>test</c>, or a fold's or a split's name in the catalog.</param>
/// <param name="Train">Teaching videos.</param>
/// <param name="Test">Testing videos.</param>
public sealed record ClassificationFold(string Name, int Train, int Test);

/// <summary>How well one modality with one kind of weights names videos: the row that probes, finetuning and reports share.</summary>
public sealed record ClassificationRow
{
    /// <summary><c>audio</c>, <c>video</c>, or <c>both</c>.</summary>
    public required string Modality { get; init; }

    /// <summary>Where the weights came from: <c>pretrained</c>, <c>random</c>, <c>scratch</c>; <c>log_mel</c> where there are none.</summary>
    public required string Weights { get; init; }

    /// <summary>The network, or both; null where the file says it for all its rows.</summary>
    public string? Network { get; init; }

    /// <summary>A clip in words; null where the file says it for all its rows.</summary>
    public string? Clip { get; init; }

    /// <summary>The stage whose map was read; null where the whole network was trained.</summary>
    public string? Layer { get; init; }

    /// <summary>Features per clip; null where the whole network was trained.</summary>
    public int? Features { get; init; }

    /// <summary>Share of test videos named right, over all folds (and seeds, for random weights).</summary>
    public required double Accuracy { get; init; }

    /// <summary>Its 95 % interval: bootstrap over videos.</summary>
    public required double[] AccuracyCi95 { get; init; }

    /// <summary>The mean of <see cref="PerFold"/>, every fold counting alike: the papers' number.</summary>
    public required double MeanOfFolds { get; init; }

    /// <summary>The accuracy by fold.</summary>
    public required double[] PerFold { get; init; }

    /// <summary>The accuracy by seed; one value for pretrained weights.</summary>
    public required double[] PerSeed { get; init; }

    /// <summary>The C of each fold (and seed) of linear machines; else null.</summary>
    public double[]? C { get; init; }

    /// <summary>Whether every linear machine met its tolerance; null where there is none.</summary>
    public bool? Converged { get; init; }

    /// <summary>By class.</summary>
    public required IReadOnlyDictionary<string, ClassificationClass> PerClass { get; init; }

    /// <summary>Rows are true classes, columns named ones; counts over folds and seeds.</summary>
    public required ClassificationConfusion Confusion { get; init; }

    /// <summary>Each test video's answer.</summary>
    public required IReadOnlyList<ClassificationPrediction> Predictions { get; init; }
}

/// <summary>One class.</summary>
/// <param name="Accuracy">Share of its test videos named right.</param>
/// <param name="Support">How many they are.</param>
public sealed record ClassificationClass(double Accuracy, int Support);

/// <summary>What was taken for what.</summary>
/// <param name="Labels">The classes.</param>
/// <param name="Counts">Rows are true classes, columns named ones.</param>
public sealed record ClassificationConfusion(IReadOnlyList<string> Labels, int[][] Counts);

/// <summary>One test video's answer.</summary>
/// <param name="VideoId">The video.</param>
/// <param name="Label">Its class.</param>
/// <param name="Predicted">What it was named.</param>
/// <param name="Split">The fold.</param>
/// <param name="Seed">The network's seed; null where there is only one network.</param>
public sealed record ClassificationPrediction(string VideoId, string Label, string Predicted, string Split, long? Seed);

/// <summary>One kind of weights less another on the same videos.</summary>
/// <param name="Points">The difference, percentage points.</param>
/// <param name="Ci95">Its 95 % interval: paired bootstrap over videos.</param>
public sealed record ClassificationDifference(double Points, double[] Ci95);
