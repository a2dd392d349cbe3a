namespace Duet.Data.Store;

/// <summary>From where on a video can teach nothing. They can be changed from one ingest to the next: what is known of each video is judged anew.</summary>
public sealed record QualityLimits : IValidated
{
    /// <summary>Shortest video, seconds for which all that is stored of it exists.</summary>
    public double MinSeconds { get; init; } = 1;

    /// <summary>Least share that must decode without an error.</summary>
    public double MinDecodable { get; init; } = 0.95;

    /// <summary>A video whose sound is silent for at least this share is silent; 2 for never.</summary>
    public double Silent { get; init; } = 0.95;

    /// <summary>A video whose picture stands still for at least this share is still; 2 for never.</summary>
    public double Still { get; init; } = 0.95;

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (!(MinSeconds >= 0) || double.IsInfinity(MinSeconds))
        {
            yield return new(nameof(MinSeconds), "must be zero or more seconds");
        }

        if (MinDecodable is not (>= 0 and <= 1))
        {
            yield return new(nameof(MinDecodable), "must be a share from 0 to 1");
        }

        foreach (var (name, value) in new[] { (nameof(Silent), Silent), (nameof(Still), Still) })
        {
            if (value is not (>= 0 and <= 2))
            {
                yield return new(name, "must be a share from 0 to 1, or 2 for never");
            }
        }
    }

    /// <summary>Why a video is quarantined; null where it is not.</summary>
    internal (string Reason, string Detail)? Judge(VideoQuality quality) => quality switch
    {
        { DecodableShare: var share } when share < MinDecodable =>
            (QuarantineReason.Damaged, $"{100 * share:0.#} % can be decoded"),
        { Seconds: var seconds } when seconds < MinSeconds =>
            (QuarantineReason.TooShort, $"{Stored(quality)} {seconds:0.###} s"),
        { SilentShare: { } share } when share >= Silent =>
            (QuarantineReason.Silent, $"{100 * share:0.#} % of the sound is silent, its level is {quality.AudioRmsDb:0.#} dB"),
        { StillShare: { } share } when share >= Still =>
            (QuarantineReason.Still, $"the picture stands still for {100 * share:0.#} % of the time"),
        _ => null,
    };

    private static string Stored(VideoQuality quality) =>
        quality.SilentShare is null ? "its pictures last" : quality.StillShare is null ? "its sound lasts" : "pictures and sound together last";
}

/// <summary>Reasons for which a file is quarantined, as the catalog spells them; docs/store.md explains each.</summary>
public static class QuarantineReason
{
    /// <summary>No stream of moving pictures.</summary>
    public const string NoVideo = "no_video";

    /// <summary>No stream of sound.</summary>
    public const string NoAudio = "no_audio";

    /// <summary>ffmpeg can't read the file at all, or its container is not allowed.</summary>
    public const string Undecodable = "undecodable";

    /// <summary>A part can't be decoded.</summary>
    public const string Damaged = "damaged";

    /// <summary>Too short.</summary>
    public const string TooShort = "too_short";

    /// <summary>Too long for one tar entry.</summary>
    public const string TooLong = "too_long";

    /// <summary>Nothing to hear.</summary>
    public const string Silent = "silent";

    /// <summary>Nothing moves.</summary>
    public const string Still = "still";

    /// <summary>Pictures too small, or far too long for their height.</summary>
    public const string FrameSize = "frame_size";

    /// <summary>ffmpeg met one of the limits of time, memory or picture size; tried again each time.</summary>
    public const string Limit = "limit";

    /// <summary>The file can't be opened.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>The file was written to while it was read.</summary>
    public const string Changed = "changed";

    /// <summary>The same content as another file, which is the one that is used.</summary>
    public const string Duplicate = "duplicate";
}
