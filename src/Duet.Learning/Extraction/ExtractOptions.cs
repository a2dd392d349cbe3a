using Duet.Data;
using Duet.Data.Clips;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;

namespace Duet.Learning.Extraction;

/// <summary>What of a video is embedded.</summary>
public enum ExtractModality
{
    /// <summary>Clips of frames.</summary>
    Video,

    /// <summary>Stretches of sound.</summary>
    Audio,

    /// <summary>Clips of frames and the sound of the same time: rows of both modalities with one clip id belong together.</summary>
    Both,
}

/// <summary>How features are extracted.</summary>
public sealed record ExtractOptions : IValidated
{
    /// <summary>What is embedded; null for all that the encoders and the store have.</summary>
    public ExtractModality? Modality { get; init; }

    /// <summary>The layers to read, of every encoder; empty for each encoder's last.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];

    /// <summary>How a map becomes a row. The embedding is a vector and stays one.</summary>
    public FeaturePooling Pooling { get; init; } = FeaturePooling.Average;

    /// <summary>Evenly spaced clips per video; a video with fewer different ones gives fewer.</summary>
    public int ClipsPerVideo { get; init; } = 10;

    /// <summary>Only videos of this split of the catalog; empty for all.</summary>
    public string Split { get; init; } = "";

    /// <summary>Videos whose features go into one part, where parts are written.</summary>
    public int VideosPerPart { get; init; } = 500;

    /// <summary>Which share of the parts to write, from 1.</summary>
    public int Shard { get; init; } = 1;

    /// <summary>Into how many shares the parts are divided.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>Clips that pass the networks at once; 0: chosen by memory.</summary>
    public int Batch { get; init; }

    /// <summary>What the convolutions compute in: fp32 by default, so that parts from several machines are of one kind.</summary>
    public Precision Precision { get; init; } = Precision.Fp32;

    /// <summary>Decode workers and queue.</summary>
    public ClipLoaderOptions Loader { get; init; } = new();

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        foreach (var (name, value) in new[] { (nameof(ClipsPerVideo), ClipsPerVideo), (nameof(VideosPerPart), VideosPerPart), (nameof(Shards), Shards) })
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

        if (Shard < 1 || Shard > Shards)
        {
            yield return new ValidationError(nameof(Shard), "must lie in 1 to the number of shards");
        }

        if (Layers.Distinct(StringComparer.Ordinal).Count() < Layers.Count)
        {
            yield return new ValidationError(nameof(Layers), "names a layer twice");
        }

        if (Pooling != FeaturePooling.Average && Layers.Count > 0 && Layers.All(l => l == FeatureNetwork.Embedding))
        {
            yield return new ValidationError(nameof(Pooling), $"{Pooling.ToString().ToLowerInvariant()} has nothing to pool: '{FeatureNetwork.Embedding}' is a vector; leave it away");
        }
    }
}
