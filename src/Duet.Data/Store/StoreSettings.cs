namespace Duet.Data.Store;

/// <summary>What all videos of a store have in common; fixed when the store is made.</summary>
public sealed record StoreSettings
{
    /// <summary>Frames per second of the stored pictures.</summary>
    public Rational FrameRate { get; init; } = new(25);

    /// <summary>The shorter side of the stored pictures, pixels; a smaller source keeps its size.</summary>
    public int ShortSide { get; init; } = 128;

    /// <summary>Samples per second of the stored sound, Hz.</summary>
    public int SampleRate { get; init; } = 16000;

    /// <summary>JPEG quality on ffmpeg's scale: 2 is the best and largest, 31 the worst.</summary>
    public int JpegQuality { get; init; } = 3;

    /// <summary>Level below which a window of sound counts as silent, decibels (RMS, full scale is 0).</summary>
    public double SilenceDb { get; init; } = -60;

    /// <summary>What every video has: pictures and sound, or one of them.</summary>
    public StoreStreams Streams { get; init; }
}
