using Duet.Learning.Evaluation;

namespace Duet.Learning.Extraction;

/// <summary>What <c>duet extract</c> did.</summary>
public sealed record ExtractResult
{
    /// <summary>The file format.</summary>
    public string Format { get; init; } = ResultFile.Format;

    /// <summary>Which result this is.</summary>
    public string Kind { get; init; } = "extract";

    /// <summary>The run's folder, or the encoder's file.</summary>
    public required string Source { get; init; }

    /// <summary>The store's folder.</summary>
    public required string Store { get; init; }

    /// <summary>Which videos the store held.</summary>
    public required string StoreFingerprint { get; init; }

    /// <summary>The file, or the folder of parts.</summary>
    public required string Out { get; init; }

    /// <summary>What was read.</summary>
    public required IReadOnlyList<ExtractedLayer> Layers { get; init; }

    /// <summary>How maps became rows.</summary>
    public required FeaturePooling Pooling { get; init; }

    /// <summary>Clips per video at most.</summary>
    public required int ClipsPerVideo { get; init; }

    /// <summary>What the convolutions computed in.</summary>
    public required string Precision { get; init; }

    /// <summary>Videos of this shard's parts, those that were left out included.</summary>
    public required int Videos { get; init; }

    /// <summary>Rows of this shard's parts.</summary>
    public required long Rows { get; init; }

    /// <summary>The files.</summary>
    public required ExtractedParts Parts { get; init; }

    /// <summary>Videos and clips of this shard's parts that could not be read, with the reason; those of parts that were done before included.</summary>
    public required IReadOnlyList<LeftOut> LeftOut { get; init; }
}

/// <summary>A layer that was read.</summary>
/// <param name="Modality"><c>video</c> or <c>audio</c>.</param>
/// <param name="Layer">The layer.</param>
/// <param name="Shape">Its map's shape for one clip: channels, time, height, width; channels, time, mels; or the embedding's length.</param>
/// <param name="Features">Values per row.</param>
public sealed record ExtractedLayer(string Modality, string Layer, IReadOnlyList<long> Shape, int Features);

/// <summary>What happened to the files.</summary>
/// <param name="Total">How many the whole table has; 1 where it is one file.</param>
/// <param name="Shard">How many of them are this shard's.</param>
/// <param name="Written">Written now.</param>
/// <param name="Found">Found whole, and left as they were.</param>
/// <param name="Redone">Of those written: found damaged.</param>
/// <param name="Missing">Other shards' that are not there yet.</param>
public sealed record ExtractedParts(int Total, int Shard, int Written, int Found, int Redone, int Missing);
