using System.Text.Json;
using System.Text.Json.Serialization;
using Duet.Data.Files;
using Duet.Learning.Evaluation.Finetuning;
using Duet.Learning.Pretext.Clustering;
using Duet.Learning.Training;
using static TorchSharp.torch;

namespace Duet.Learning.Weights;

/// <summary>One of a classifier's inputs: an encoder's stage, pooled over time and space.</summary>
/// <param name="Encoder"><c>video</c> or <c>audio</c>: the encoder's file beside the classifier's.</param>
/// <param name="Layer">The stage.</param>
/// <param name="Channels">Its channels.</param>
/// <param name="Pooling">How its map is pooled.</param>
public sealed record ClassifierInput(string Encoder, string Layer, int Channels, GlobalPooling Pooling);

/// <summary>What a classifier's scores mean, and what it must be fed: it travels in the classifier's file.</summary>
public sealed record ClassifierCard
{
    /// <summary>The card's format and version.</summary>
    public const string CurrentFormat = "duet.classifier/1";

    /// <summary>The card's format and version.</summary>
    public string Format { get; init; } = CurrentFormat;

    /// <summary>The classes, in the order of the scores.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>What is concatenated to its input, in this order.</summary>
    public required IReadOnlyList<ClassifierInput> Inputs { get; init; }

    /// <summary>What is averaged over a video's clips.</summary>
    public required ClipAverage Average { get; init; }

    /// <summary>The run that made it.</summary>
    public required string Run { get; init; }

    /// <summary>How its encoders were pretrained; <c>scratch</c> where they were not.</summary>
    public required string Method { get; init; }

    /// <summary>The step after which it was taken.</summary>
    public required long Step { get; init; }

    /// <summary>The fingerprint of the store that it was learned from.</summary>
    public required string Store { get; init; }
}

/// <summary>A linear classifier over encoders' pooled features, in one file: <c>weight [classes, features]</c> and <c>bias [classes]</c> as safetensors, and in the metadata the card.</summary>
public static class ClassifierFile
{
    private const string CardKey = "duet.classifier";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        MaxDepth = 8,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    /// <summary>Where a run keeps it: beside its encoders.</summary>
    /// <param name="run">The run's folder.</param>
    public static string In(RunFolder run) => (run ?? throw new ArgumentNullException(nameof(run))).EncoderFile("classifier");

    /// <summary>Writes a classifier.</summary>
    /// <param name="path">Where; a file there is replaced.</param>
    /// <param name="parameters"><c>weight</c> and <c>bias</c>.</param>
    /// <param name="card">Its card.</param>
    /// <exception cref="FileWriteException">The file can't be written; an old one is untouched.</exception>
    public static void Save(string path, IReadOnlyDictionary<string, Tensor> parameters, ClassifierCard card)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(card);
        SafeTensors.Write(path, parameters, new Dictionary<string, string>(StringComparer.Ordinal) { ["format"] = "pt", [CardKey] = JsonSerializer.Serialize(card, Json) });
    }

    /// <summary>Reads a classifier.</summary>
    /// <param name="path">A file that <see cref="Save"/> wrote.</param>
    /// <returns>Its parameters, on the CPU, and its card. The caller disposes of the parameters.</returns>
    /// <exception cref="WeightsException">The file can't be read, is no classifier's, or its tensors do not fit its card.</exception>
    public static (TensorFile Parameters, ClassifierCard Card) Load(string path)
    {
        var header = SafeTensors.ReadHeader(path);
        if (!header.Metadata.TryGetValue(CardKey, out var json))
        {
            throw new WeightsException($"'{path}' holds tensors but no classifier's card: it is not a classifier that Duet saved.");
        }

        ClassifierCard card;
        try
        {
            card = JsonSerializer.Deserialize<ClassifierCard>(json, Json) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new WeightsException($"The classifier's card of '{path}' can't be read: {e.Message}", e);
        }

        if (card.Format != ClassifierCard.CurrentFormat)
        {
            throw new WeightsException($"The classifier's card of '{path}' is not of format {ClassifierCard.CurrentFormat}: use the version of Duet that wrote it.");
        }

        if (card.Inputs.Any(i => i is null or { Channels: < 1 }) || card.Classes.Any(c => c is null))
        {
            throw new WeightsException($"The classifier's card of '{path}' names no class or no input where one belongs. The file was changed.");
        }

        long[] weight = [card.Classes.Count, card.Inputs.Sum(i => (long)i.Channels)];
        var shapes = header.Tensors.ToDictionary(t => t.Name, t => t, StringComparer.Ordinal);
        if (shapes.Count != 2 || !Has("weight", weight) || !Has("bias", [weight[0]]))
        {
            throw new WeightsException($"The tensors of '{path}' are not a weight of [{weight[0]}, {weight[1]}] and a bias of [{weight[0]}], as its card says. The file was changed, or is of another version of Duet.");
        }

        return (SafeTensors.Read(path), card);

        bool Has(string name, long[] shape) => shapes.TryGetValue(name, out var entry) && entry.Type == ScalarType.Float32 && entry.Shape.SequenceEqual(shape);
    }
}
