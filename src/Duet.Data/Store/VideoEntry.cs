using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Duet.Data.Media;

namespace Duet.Data.Store;

/// <summary>Where a video lies in its shard.</summary>
internal sealed record Placement(int Shard, StoredEntry Json, StoredEntry? Frames, StoredEntry? Wav);

/// <summary>Writes one video into a shard: <c>id.mjpg</c>, <c>id.wav</c> (of those two the ones that it has), <c>id.json</c>.</summary>
internal static class VideoEntry
{
    /// <summary>How the catalog and the JSON entries write records.</summary>
    public static JsonSerializerOptions JsonOptions { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower), new RationalText() },
    };

    /// <summary>Appends a video.</summary>
    public static Placement Append(ShardWriter shards, StoreSettings settings, SourceFile source, string id, Analysis analysis)
    {
        var video = analysis.Spooled!;
        shards.Begin(Tar.Space(video.FramesLength) + Tar.Space(video.WavLength) + Tar.Space((12L * video.Alignment.FrameCount) + 65536));
        var frames = video.Alignment.FrameCount > 0 ? AppendFrames(shards, id, video) : null;
        var wav = video.Alignment.SampleCount > 0 ? AppendSound(shards, settings, id, video) : null;
        var json = Json(settings, source, id, analysis, frames, wav);
        var left = json;
        var entry = shards.Append(id + ".json", json.Length, buffer =>
        {
            var length = Math.Min(left.Length, buffer.Length);
            left[..length].CopyTo(buffer);
            left = left[length..];
            return length;
        });
        return new Placement(shards.Number, entry, frames, wav);
    }

    private static StoredEntry AppendFrames(ShardWriter shards, string id, SpooledVideo video)
    {
        using var file = new FileStream(video.FramesPath, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        file.Position = video.FramesStart;
        return shards.Append(id + ".mjpg", video.FramesLength, Limited(file, video.FramesLength));
    }

    private static StoredEntry AppendSound(ShardWriter shards, StoreSettings settings, string id, SpooledVideo video)
    {
        using var file = new FileStream(video.SamplesPath, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        file.Position = 2 * video.Alignment.FirstSample;
        var silence = 2 * video.Alignment.LeadingSilence;
        var sound = Limited(file, video.WavLength - WavHeader.Length - silence);
        byte[]? head = [.. WavHeader.Build(settings.SampleRate, video.Alignment.SampleCount), .. new byte[silence]];
        return shards.Append(id + ".wav", video.WavLength, buffer =>
        {
            if (head is null)
            {
                return sound(buffer);
            }

            // The head is the header and at most a frame of silence: smaller than any buffer unless the frame rate is absurd.
            var length = Math.Min(head.Length, buffer.Length);
            head.AsSpan(0, length).CopyTo(buffer);
            head = length == head.Length ? null : head[length..];
            return length;
        });
    }

    private static ReadOnlyMemory<byte> Json(
        StoreSettings settings, SourceFile source, string id, Analysis analysis, StoredEntry? frames, StoredEntry? wav)
    {
        var video = analysis.Spooled!;
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("format", "duet.video/1");
            json.WriteString("id", id);
            json.WriteString("path", source.Path);
            WriteOptional(json, "label", source.Label);
            WriteOptional(json, "split", source.Split);
            json.WriteString("frame_rate", settings.FrameRate.ToString());
            json.WriteNumber("frame_count", video.Alignment.FrameCount);
            if (video.Size is { } size)
            {
                json.WriteNumber("width", size.Width);
                json.WriteNumber("height", size.Height);
            }

            json.WriteNumber("sample_rate", settings.SampleRate);
            json.WriteNumber("sample_count", video.Alignment.SampleCount);
            WriteOptional(json, "frames_sha256", frames?.Sha256);
            WriteOptional(json, "wav_sha256", wav?.Sha256);
            json.WritePropertyName("quality");
            JsonSerializer.Serialize(json, analysis.Quality, JsonOptions);
            json.WritePropertyName("probe");
            JsonSerializer.Serialize(json, analysis.Probe, JsonOptions);
            json.WriteStartArray(FrameTable.Key);
            for (var i = 0; i < video.Alignment.FrameCount; i++)
            {
                json.WriteNumberValue(video.FrameOffsets[video.Alignment.FirstFrame + i] - video.FramesStart);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return output.WrittenMemory;
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static Func<byte[], int> Limited(FileStream file, long length) => buffer =>
    {
        var read = file.Read(buffer, 0, (int)Math.Min(buffer.Length, length));
        length -= read;
        return read;
    };

    private sealed class RationalText : JsonConverter<Rational>
    {
        public override Rational Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Rational.TryParse(reader.GetString(), out var value) ? value : throw new JsonException("no fraction");

        public override void Write(Utf8JsonWriter writer, Rational value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
