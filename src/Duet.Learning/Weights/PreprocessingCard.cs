using System.Text.Json;
using System.Text.Json.Serialization;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Learning.Audio;
using Duet.Learning.Models;

namespace Duet.Learning.Weights;

/// <summary>
/// What must be done to a video before these weights see it, and where they come from. It travels in the encoder's file, so that
/// the file alone is enough to embed a video as the run did.
/// </summary>
public sealed record PreprocessingCard
{
    /// <summary>The card's format and version.</summary>
    public const string CurrentFormat = "duet.encoder/1";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        MaxDepth = 16,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false), new FractionConverter() },
    };

    /// <summary>The card's format and version.</summary>
    public string Format { get; init; } = CurrentFormat;

    /// <summary>What the encoder looks at.</summary>
    public required Modality Modality { get; init; }

    /// <summary>The network and its size.</summary>
    public required EncoderOptions Encoder { get; init; }

    /// <summary>Its stages, first to last, with their channels.</summary>
    public required IReadOnlyList<EncoderLayer> Layers { get; init; }

    /// <summary>Length, rate, size and normalisation of a clip, and the length of its sound.</summary>
    public required ClipOptions Clip { get; init; }

    /// <summary>The spectrogram; null for a video encoder.</summary>
    public LogMelOptions? Spectrogram { get; init; }

    /// <summary>The numbers that the spectrogram is normalised by; null where it is not.</summary>
    public SpectrogramStatistics? SpectrogramStatistics { get; init; }

    /// <summary>The run that made the weights.</summary>
    public required string Run { get; init; }

    /// <summary>How they were learned: <c>avts</c>, <c>random</c>, ...</summary>
    public required string Method { get; init; }

    /// <summary>The step after which they were taken.</summary>
    public required long Step { get; init; }

    /// <summary>The run's seed; null where the weights come from elsewhere.</summary>
    public long? Seed { get; init; }

    /// <summary>The fingerprint of the store that they were learned from; null where there was none.</summary>
    public string? Store { get; init; }

    /// <summary>The card of an encoder.</summary>
    /// <param name="encoder">The encoder.</param>
    /// <param name="clip">The run's clips.</param>
    /// <param name="spectrogram">The run's spectrograms; kept for an audio encoder only.</param>
    /// <param name="statistics">What they are normalised by; kept for an audio encoder only.</param>
    /// <param name="run">The run's name.</param>
    /// <param name="method">How it learned.</param>
    /// <param name="step">The step.</param>
    public static PreprocessingCard Of(Encoder encoder, ClipOptions clip, LogMelOptions? spectrogram, SpectrogramStatistics? statistics, string run, string method, long step)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        var audio = encoder.Modality == Modality.Audio;
        return new PreprocessingCard
        {
            Modality = encoder.Modality,
            Encoder = encoder.Options,
            Layers = encoder.Layers,
            Clip = clip,
            Spectrogram = audio ? spectrogram : null,
            SpectrogramStatistics = audio ? statistics : null,
            Run = run,
            Method = method,
            Step = step,
        };
    }

    /// <summary>The card as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads a card and checks that it can be followed.</summary>
    /// <param name="json">Its JSON.</param>
    /// <param name="source">What to call it in errors: the file's path.</param>
    /// <exception cref="WeightsException">It is of another version, or says something that can't be.</exception>
    public static PreprocessingCard FromJson(string json, string source)
    {
        PreprocessingCard? card;
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16 });
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("format", out var format)
                || format.ValueKind != JsonValueKind.String || format.GetString() != CurrentFormat)
            {
                throw new WeightsException($"The preprocessing card of '{source}' is not of format {CurrentFormat}: use the version of Duet that wrote it.");
            }

            card = document.RootElement.Deserialize<PreprocessingCard>(Json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new WeightsException($"The preprocessing card of '{source}' can't be read: {e.Message}", e);
        }

        return card!.Checked(source);
    }

    /// <summary>Itself, where everything in it fits together.</summary>
    internal PreprocessingCard Checked(string source)
    {
        var problem = Encoder.Validate().Select(e => $"encoder {e.Property}: {e.Message}")
            .Concat(Clip.Validate().Select(e => $"clip {e.Property}: {e.Message}"))
            .Concat((Spectrogram?.Validate() ?? []).Select(e => $"spectrogram {e.Property}: {e.Message}"))
            .Concat((SpectrogramStatistics?.Validate() ?? []).Select(e => $"spectrogram statistics {e.Property}: {e.Message}"))
            .FirstOrDefault();
        problem ??= this switch
        {
            _ when EncoderRegistry.Find(Encoder.Name)!.Modality != Modality => $"{Encoder.Name} is no network for {Modality}",
            _ when Modality == Modality.Audio && Spectrogram is null => "an audio encoder needs a spectrogram",
            { Spectrogram: { Normalisation: not SpectrogramNormalisation.None } s } when SpectrogramStatistics?.Fits(s) is not true =>
                "the spectrogram is normalised, but the numbers for it are missing or do not fit it",
            _ => null,
        };
        return problem is null ? this : throw new WeightsException($"The preprocessing card of '{source}' can't be followed: {problem}.");
    }

    private sealed class FractionConverter : JsonConverter<Rational>
    {
        public override Rational Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && Rational.TryParse(reader.GetString(), out var value)
                ? value
                : throw new JsonException("a number of frames or seconds is a text like \"25\" or \"30000/1001\"");

        public override void Write(Utf8JsonWriter writer, Rational value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
