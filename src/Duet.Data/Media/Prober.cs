using System.Globalization;
using System.Text.Json;
using Duet.Data.Media.Mp4;

namespace Duet.Data.Media;

/// <summary>Finds out what a file holds, as ffprobe says it.</summary>
internal static class Prober
{
    private const int MaxOutput = 4 << 20;
    private const string Entries =
        "format=format_name,duration"
        + ":stream=index,codec_type,codec_name,width,height,sample_aspect_ratio,pix_fmt,color_space,avg_frame_rate,nb_frames,sample_rate,channels,start_time,duration"
        + ":stream_disposition=default,attached_pic,timed_thumbnails,still_image,hearing_impaired,visual_impaired,comment"
        + ":stream_tags=rotate,DURATION:stream_side_data=rotation";

    /// <summary>Probes a file: itself where it is plain, by ffprobe where it is not.</summary>
    /// <param name="tools">Where ffprobe is.</param>
    /// <param name="path">The file.</param>
    /// <param name="limits">What the file may cost.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="MediaException">ffprobe can't read the file.</exception>
    /// <exception cref="MediaLimitException">It would cost more than it may.</exception>
    public static async Task<MediaProbe> ProbeAsync(MediaTools tools, string path, MediaLimits limits, CancellationToken cancellationToken) =>
        Mp4Prober.TryProbe(path) ?? await AskAsync(tools, path, limits, cancellationToken).ConfigureAwait(false);

    /// <summary>Asks ffprobe.</summary>
    /// <inheritdoc cref="ProbeAsync"/>
    internal static async Task<MediaProbe> AskAsync(MediaTools tools, string path, MediaLimits limits, CancellationToken cancellationToken)
    {
        using var output = new MemoryStream();
        string? firstError = null;
        var refusal = Refusal.None;
        var processLimits = limits.For(limits.ProcessorTime ?? MediaLimits.LeastTime, fileBytes: 0);
        var exit = await ChildProcess.RunAsync(
            tools.Ffprobe,
            ["-hide_banner", "-v", "error", "-of", "json=compact=1", "-show_entries", Entries, .. Fence.Input(path, limits.MaxPixels)],
            bytes =>
            {
                if (output.Length + bytes.Length > MaxOutput)
                {
                    throw new MediaException("it has absurdly many streams");
                }

                output.Write(bytes);
            },
            line =>
            {
                firstError ??= Plain(line);
                refusal = refusal == Refusal.None ? Refusals.Of(line) : refusal;
            },
            processLimits,
            otherProgress: null,
            cancellationToken).ConfigureAwait(false);
        var limit = limits.Describe("ffprobe", exit, processLimits) ?? limits.Describe("ffprobe", refusal);
        if (exit.ExitCode != 0)
        {
            throw limit is not null ? new MediaLimitException(limit) : new MediaException(firstError switch
            {
                null => $"ffprobe ended with code {exit.ExitCode}",
                _ when firstError.StartsWith("Format not on whitelist", StringComparison.Ordinal) => "it is a picture, a playlist or another format that is not read",
                _ => firstError,
            });
        }

        var probe = Parse(output.GetBuffer().AsMemory(0, (int)output.Length));
        var isUnseen = probe.Video is null && probe.Streams.Any(stream => stream.Kind == MediaKind.Video && !stream.IsPicture); // a cover may be as large as it likes
        return limit is not null && isUnseen ? throw new MediaLimitException(limit) : probe;
    }

    /// <summary>Reads ffprobe's JSON.</summary>
    /// <exception cref="MediaException">It is not ffprobe's JSON.</exception>
    internal static MediaProbe Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16 });
            var root = document.RootElement;
            if (!root.TryGetProperty("format", out var format))
            {
                throw new MediaException("ffprobe found no container");
            }

            var name = Text(format, "format_name") ?? "unknown";
            return new MediaProbe
            {
                Format = name,
                DurationSeconds = Positive(Text(format, "duration")),
                Streams = root.TryGetProperty("streams", out var streams) ? [.. streams.EnumerateArray().Select(s => Stream(s, name == "avi"))] : [],
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new MediaException($"ffprobe's answer can't be read: {e.Message}");
        }
    }

    /// <summary>A message of ffmpeg without the addresses and levels in brackets before it.</summary>
    internal static string Plain(string line)
    {
        var text = line.AsSpan().Trim();
        while (text.StartsWith("[") && text.IndexOf(']') is > 0 and var end)
        {
            text = text[(end + 1)..].Trim();
        }

        return (text.Length == 0 ? line.AsSpan() : text[..Math.Min(text.Length, 300)]).ToString();
    }

    private static MediaStream Stream(JsonElement stream, bool isAvi)
    {
        var aspect = (Text(stream, "sample_aspect_ratio") ?? "1:1").Replace(':', '/');
        Rational rate = Rational.TryParse(Text(stream, "avg_frame_rate"), out var average) && average > 0 ? average : 0;
        var frames = rate > 0 ? Integer(stream, "nb_frames") / rate.ToDouble() : 0;
        var declared = Positive(Text(stream, "duration")) ?? TagDuration(stream, Number(Text(stream, "start_time")) ?? 0);
        return new MediaStream
        {
            Index = Integer(stream, "index"),
            Kind = Text(stream, "codec_type") switch { "video" => MediaKind.Video, "audio" => MediaKind.Audio, _ => MediaKind.Other },
            Codec = Text(stream, "codec_name") is { } codec and not "unknown" ? codec : null,
            Width = Integer(stream, "width"),
            Height = Integer(stream, "height"),
            PixelAspect = Rational.TryParse(aspect, out var pixel) && pixel > 0 ? pixel : 1,
            PixelFormat = Text(stream, "pix_fmt"),
            ColourMatrix = Text(stream, "color_space") is { } matrix and not "unknown" ? matrix : null,
            Rotation = RotationOf(stream),
            FrameRate = rate,
            SampleRate = Integer(stream, "sample_rate"),
            Channels = Integer(stream, "channels"),
            StartSeconds = Number(Text(stream, "start_time")),
            // Of an AVI that was cut, ffprobe gives the length that fits what is left of the file; the number of frames is the header's word.
            DurationSeconds = isAvi && frames > 0 ? Math.Max(declared ?? 0, frames) : declared,
            IsDefault = Flag(stream, "default"),
            IsPicture = Flag(stream, "attached_pic") || Flag(stream, "timed_thumbnails") || Flag(stream, "still_image"),
            IsAccessibility = Flag(stream, "hearing_impaired") || Flag(stream, "visual_impaired") || Flag(stream, "comment"),
        };
    }

    private static int RotationOf(JsonElement stream)
    {
        var degrees = stream.TryGetProperty("side_data_list", out var list)
            ? list.EnumerateArray().Select(side => Number(Text(side, "rotation"))).FirstOrDefault(r => r is not null)
            : null;
        degrees ??= stream.TryGetProperty("tags", out var tags) ? -Number(Text(tags, "rotate")) : null; // older ffprobes; clockwise
        return degrees is { } d and > -1e6 and < 1e6 ? (((int)Math.Round(d) % 360) + 360) % 360 : 0;
    }

    /// <summary>Matroska's tag gives where a stream ends, so that one that starts late is shorter than the tag.</summary>
    private static double? TagDuration(JsonElement stream, double start) =>
        stream.TryGetProperty("tags", out var tags) && Text(tags, "DURATION") is { } text
            && TimeSpan.TryParse(text.Length > 16 ? text[..16] : text, CultureInfo.InvariantCulture, out var time) && time.TotalSeconds > Math.Max(0, start)
            ? time.TotalSeconds - Math.Max(0, start)
            : null;

    private static bool Flag(JsonElement stream, string name) =>
        stream.TryGetProperty("disposition", out var disposition) && Integer(disposition, name) != 0;

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value)
        ? value.ValueKind switch { JsonValueKind.String => value.GetString(), JsonValueKind.Number => value.GetRawText(), _ => null }
        : null;

    private static int Integer(JsonElement element, string name) =>
        int.TryParse(Text(element, name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : 0;

    private static double? Number(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : null;

    private static double? Positive(string? text) => Number(text) is { } value and > 0 ? value : null;
}
