namespace Duet.Data.Store;

/// <summary>What ingest measured of a video.</summary>
public sealed record VideoQuality
{
    /// <summary>The share of the streams' declared length that was decoded without an error; of the worse of the two.</summary>
    public double DecodableShare { get; init; }

    /// <summary>The sound's level, decibels below full scale (RMS); -120 for digital silence.</summary>
    public double AudioRmsDb { get; init; }

    /// <summary>The share of windows of 0.1 s whose level is below the store's silence level.</summary>
    public double SilentShare { get; init; }

    /// <summary>The share of the time in which the picture stood still for at least a second.</summary>
    public double StillShare { get; init; }

    /// <summary>First sample's time minus first frame's time in the source, seconds: positive where the sound starts later. Corrected in the store.</summary>
    public double StartSkewSeconds { get; init; }

    /// <summary>The part for which both pictures and sound exist, seconds.</summary>
    public double Seconds { get; init; }
}
