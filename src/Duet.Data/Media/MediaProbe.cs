namespace Duet.Data.Media;

/// <summary>What a file says about itself, as ffprobe reads it.</summary>
public sealed record MediaProbe
{
    /// <summary>The container's names in ffmpeg, such as <c>mov,mp4,m4a,3gp,3g2,mj2</c>.</summary>
    public required string Format { get; init; }

    /// <summary>The container's length, seconds, where it is known.</summary>
    public double? DurationSeconds { get; init; }

    /// <summary>All streams, in the file's order.</summary>
    public required IReadOnlyList<MediaStream> Streams { get; init; }

    /// <summary>The stream that a player would show; null where there is no moving picture.</summary>
    public MediaStream? Video => Streams
        .Where(s => s.Kind == MediaKind.Video && !s.IsPicture && s.Codec is not null && s.Width > 0 && s.Height > 0)
        .OrderByDescending(s => s.IsDefault)
        .ThenByDescending(s => (long)s.Width * s.Height)
        .ThenBy(s => s.Index)
        .FirstOrDefault();

    /// <summary>The stream that a player would let hear; null where there is no sound.</summary>
    public MediaStream? Audio => Streams
        .Where(s => s.Kind == MediaKind.Audio && s.Codec is not null)
        .OrderByDescending(s => s.IsDefault)
        .ThenBy(s => s.IsAccessibility)
        .ThenByDescending(s => s.Channels)
        .ThenByDescending(s => s.SampleRate)
        .ThenBy(s => s.Index)
        .FirstOrDefault();
}

/// <summary>What a stream carries.</summary>
public enum MediaKind
{
    /// <summary>Subtitles, data, attachments.</summary>
    Other,

    /// <summary>Pictures.</summary>
    Video,

    /// <summary>Sound.</summary>
    Audio,
}

/// <summary>One stream of a file.</summary>
public sealed record MediaStream
{
    /// <summary>The stream's number in the file.</summary>
    public required int Index { get; init; }

    /// <summary>What it carries.</summary>
    public required MediaKind Kind { get; init; }

    /// <summary>ffmpeg's name of the codec; null where ffmpeg does not know it.</summary>
    public string? Codec { get; init; }

    /// <summary>Coded width before rotation, pixels.</summary>
    public int Width { get; init; }

    /// <summary>Coded height before rotation, pixels.</summary>
    public int Height { get; init; }

    /// <summary>Width of a pixel divided by its height.</summary>
    public Rational PixelAspect { get; init; } = 1;

    /// <summary>ffmpeg's name of the pixel format.</summary>
    public string? PixelFormat { get; init; }

    /// <summary>The colour matrix where the file names one, such as <c>bt709</c>.</summary>
    public string? ColourMatrix { get; init; }

    /// <summary>How far a player turns the picture, degrees counter-clockwise.</summary>
    public int Rotation { get; init; }

    /// <summary>Frames per second on average; 0 where not known.</summary>
    public Rational FrameRate { get; init; }

    /// <summary>Samples per second, Hz.</summary>
    public int SampleRate { get; init; }

    /// <summary>Channels of sound.</summary>
    public int Channels { get; init; }

    /// <summary>Start according to the container, seconds; the start that counts is measured while decoding.</summary>
    public double? StartSeconds { get; init; }

    /// <summary>Length according to the container, seconds.</summary>
    public double? DurationSeconds { get; init; }

    /// <summary>Whether the file marks it as one to play by default.</summary>
    public bool IsDefault { get; init; }

    /// <summary>Whether it is a cover, a thumbnail or another single picture.</summary>
    public bool IsPicture { get; init; }

    /// <summary>Whether it is meant for people who hear or see badly, or is a commentary.</summary>
    public bool IsAccessibility { get; init; }
}
