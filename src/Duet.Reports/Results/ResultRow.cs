namespace Duet.Reports.Results;

/// <summary>One measured number, of one run or of several that differ in their seed alone.</summary>
public sealed record ResultRow
{
    /// <summary>What taught: <c>avts</c>, <c>xdc</c>, ...; <c>random</c>, <c>scratch</c> or <c>log_mel</c> where nothing did.</summary>
    public required string Method { get; init; }

    /// <summary>What it was pretrained on: the store's name; empty where on nothing.</summary>
    public required string Data { get; init; }

    /// <summary>The network, or both.</summary>
    public required string Model { get; init; }

    /// <summary>A clip, in words.</summary>
    public required string Clip { get; init; }

    /// <summary>A clip's frames; null where frames are not looked at.</summary>
    public int? Frames { get; init; }

    /// <summary>Clusters; null where nothing was clustered.</summary>
    public int? K { get; init; }

    /// <summary><c>probe</c>, <c>finetune</c>, <c>retrieval</c> or <c>sync</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The protocol's name.</summary>
    public required string Protocol { get; init; }

    /// <summary>What was finetuned: <c>all</c> or <c>fc</c>; empty elsewhere.</summary>
    public required string Layers { get; init; }

    /// <summary>How few labels taught, in words: <c>10 %</c>, <c>3 a class</c>; empty where all did.</summary>
    public string Labels { get; init; } = "";

    /// <summary>The data set that it is evaluated on.</summary>
    public required string Dataset { get; init; }

    /// <summary><c>audio</c>, <c>video</c>, <c>both</c>, or what asks for what.</summary>
    public required string Modality { get; init; }

    /// <summary><c>top-1</c>, <c>R@5</c>, <c>sync</c>.</summary>
    public required string Measure { get; init; }

    /// <summary>Percent: the mean over folds, and over seeds where there are several runs.</summary>
    public required double Number { get; init; }

    /// <summary>The 95 % interval's ends, percent: over seeds where there are several runs, else over test videos; null where there is none.</summary>
    public double? Low { get; init; }

    /// <inheritdoc cref="Low"/>
    public double? High { get; init; }

    /// <summary>What the interval is over: <c>seeds</c> or <c>videos</c>.</summary>
    public required string IntervalOver { get; init; }

    /// <summary>The number by fold, percent, of a single run; their means over runs of several.</summary>
    public required IReadOnlyList<double> PerFold { get; init; }

    /// <summary>The seeds that the number is a mean over.</summary>
    public required int Seeds { get; init; }

    /// <summary>The runs: folder and step.</summary>
    public required IReadOnlyList<string> Runs { get; init; }

    /// <summary>What papers print for the same cell.</summary>
    public IReadOnlyList<PublishedNumber> Published { get; init; } = [];
}
