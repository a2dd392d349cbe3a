using Duet.Data;
using Duet.Learning.Models;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation;

/// <summary>A network whose stages are read: an encoder and, where there is one, the projection head over its last stage.</summary>
/// <param name="Name"><c>video</c>, <c>audio</c>, or what else it is called in messages.</param>
/// <param name="Encoder">The encoder, in evaluation mode.</param>
/// <param name="Head">The head, in evaluation mode; null where there is none.</param>
internal sealed record FeatureNetwork(string Name, Encoder Encoder, ProjectionHead? Head = null)
{
    /// <summary>The layer's name of the head's output: the vector that AVTS's loss compares.</summary>
    public const string Embedding = "embedding";

    /// <summary>An encoder without a head, called after its modality.</summary>
    public static FeatureNetwork Of(Encoder encoder) => new(encoder.Modality == Modality.Video ? "video" : "audio", encoder);

    /// <summary>The layers that it has, first to last.</summary>
    public IReadOnlyList<string> Layers => [.. Encoder.Layers.Select(l => l.Name), .. Head is null ? Array.Empty<string>() : [Embedding]];

    /// <summary>A layer by name, the encoder's last where none is named.</summary>
    /// <param name="wanted">The name; empty for the last.</param>
    /// <exception cref="UsageException">There is no such layer; the message lists those that there are.</exception>
    public string LayerOf(string wanted)
    {
        if (wanted.Length == 0)
        {
            return Encoder.Layers[^1].Name;
        }

        return Layers.Contains(wanted, StringComparer.Ordinal)
            ? wanted
            : throw new UsageException($"The {Name} network {Encoder.Architecture} has no layer '{wanted}'; it has {string.Join(", ", Layers)}.");
    }

    /// <summary>The maps of some layers, from one pass.</summary>
    /// <param name="input">Clips or spectrograms.</param>
    /// <param name="layers">Names in <see cref="Layers"/>.</param>
    /// <returns>A map per layer, in their order: <c>[batch, channels, ...]</c>, the embedding <c>[batch, values]</c>.</returns>
    public IReadOnlyList<Tensor> Forward(Tensor input, IReadOnlyList<string> layers)
    {
        var last = Encoder.Layers[^1].Name;
        string[] stages = [.. layers.Select(l => l == Embedding ? last : l)];
        var maps = Encoder.ForwardTo(input, stages);
        return [.. maps.Select((map, i) => layers[i] == Embedding ? Head!.forward(map) : map)];
    }
}

/// <summary>One thing to read of every clip.</summary>
/// <param name="Network">Whose.</param>
/// <param name="Layer">Which of its layers.</param>
/// <param name="Pooling">How the layer's map becomes a row; a vector stays as it is.</param>
internal sealed record FeatureTap(FeatureNetwork Network, string Layer, FeaturePooling Pooling)
{
    private const int Grid = 4;

    /// <summary>The rows of a map.</summary>
    /// <param name="map"><c>[batch, channels, ...]</c>.</param>
    /// <returns><c>[batch, values]</c>: channels, or with <see cref="FeaturePooling.Flatten"/> all values in the order channels, time, height, width (or mels).</returns>
    public Tensor Pool(Tensor map) => (Pooling, map.Dimensions) switch
    {
        (_, 2) => map,
        (FeaturePooling.Average, _) => map.flatten(2).mean([2]),
        (FeaturePooling.Max, _) => map.flatten(2).amax([2]),
        (FeaturePooling.Grid, 5) => nn.functional.adaptive_avg_pool2d(map.mean([2]), [Grid, Grid]).flatten(1),
        (FeaturePooling.Grid, _) => nn.functional.adaptive_avg_pool2d(map, [Grid, Grid]).flatten(1),
        _ => map.flatten(1),
    };
}
