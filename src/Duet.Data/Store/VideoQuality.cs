namespace Duet.Data.Store;

/// <summary>What ingest measured of a video.</summary>
public sealed record VideoQuality
{
    /// <summary>The share of the streams' declared length that was decoded without an error; of the worse of the two.</summary>
    public double DecodableShare { get; init; }

    /// <summary>The sound's level, decibels below full scale (RMS); -120 for digital silence; null where no sound is stored.</summary>
    public double? AudioRmsDb { get; init; }

    /// <summary>The share of windows of 0.1 s whose level is below the store's silence level; null where no sound is stored.</summary>
    public double? SilentShare { get; init; }

    /// <summary>The share of the time in which the picture stood still for at least a second; null where no pictures are stored.</summary>
    public double? StillShare { get; init; }

    /// <summary>First sample's time minus first frame's time in the source, seconds: positive where the sound starts later. Corrected in the store; null where it has only one of them.</summary>
    public double? StartSkewSeconds { get; init; }

    /// <summary>The part for which all that is stored exists: pictures, sound or both, seconds.</summary>
    public double Seconds { get; init; }
}
