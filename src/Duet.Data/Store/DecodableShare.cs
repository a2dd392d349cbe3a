using Duet.Data.Media;

namespace Duet.Data.Store;

/// <summary>How much of what a file promises is there: the share that <c>--min-decodable</c> asks for.</summary>
internal static class DecodableShare
{
    /// <summary>Sound may end so much earlier than its header says, seconds: encoders pad.</summary>
    private const double SoundGrace = 0.1;

    /// <summary>Measures it.</summary>
    /// <param name="probe">What the file says of itself.</param>
    /// <param name="video">The pictures that were converted; null for none.</param>
    /// <param name="audio">The sound that was converted; null for none.</param>
    /// <param name="log">What ffmpeg said.</param>
    /// <param name="settings">The rates that it was converted to.</param>
    /// <param name="conversion">What came out.</param>
    /// <returns>0 to 1: of the promised length what was decoded, less packets with errors, holes and what comes twice.</returns>
    public static double Of(MediaProbe probe, MediaStream? video, MediaStream? audio, ConversionLog log, StoreSettings settings, Conversion conversion)
    {
        var frame = 1 / settings.FrameRate.ToDouble();
        var pictures = conversion.FrameCount * frame;
        var sound = (double)conversion.SampleCount / settings.SampleRate;
        var covered = DeclaresLength(probe) ? Covered(probe, video, audio, pictures + frame, sound + SoundGrace) : 1;
        var clean = 1 - Math.Max(Share(log.VideoErrors, log.VideoPackets), Share(log.AudioErrors, log.AudioPackets));
        return Math.Round(Math.Clamp(covered, 0, 1) * clean * Timed(log, pictures, sound, settings.SampleRate), 4);

        static double Share(long errors, long packets) => errors == 0 ? 0 : Math.Min(1, (double)errors / Math.Max(packets, errors));
    }

    /// <summary>Whether a container's header says how long it is. Broadcast streams have none, and the times in them begin anew where two were joined.</summary>
    public static bool DeclaresLength(MediaProbe probe) => probe.Format is not ("mpegts" or "mpeg");

    /// <summary>Of what the streams' headers promise, what was decoded, with the grace of a frame.</summary>
    private static double Covered(MediaProbe probe, MediaStream? video, MediaStream? audio, double pictures, double sound)
    {
        if (video is null || audio is null)
        {
            return ((video ?? audio)!.DurationSeconds ?? (probe.Streams.Count == 1 ? probe.DurationSeconds : null)) is { } declared
                ? (video is null ? sound : pictures) / declared
                : 1;
        }

        if (video.DurationSeconds is null && audio.DurationSeconds is null && probe.DurationSeconds is { } whole && probe.Streams.Count == 2)
        {
            // Matroska often knows only where the last stream ends.
            return Math.Max(pictures + Math.Max(0, video.StartSeconds ?? 0), sound + Math.Max(0, audio.StartSeconds ?? 0)) / whole;
        }

        return Math.Min(
            video.DurationSeconds is { } v ? pictures / v : 1,
            audio.DurationSeconds is { } a ? sound / a : 1);
    }

    /// <summary>
    /// The share that the file's own times leave. Where they jump far ahead in the sound, and the picture stands for as long, a part is missing: a player shows a still
    /// picture and silence. Where they run backwards, what comes twice is lost.
    /// </summary>
    private static double Timed(ConversionLog log, double pictures, double sound, int sampleRate)
    {
        var hole = Math.Min(log.GapSeconds + ((double)log.Silence.Added(long.MaxValue) / sampleRate), log.StillSeconds(0, pictures));
        var overlap = (double)log.OverlappingSamples / sampleRate;
        return sound + overlap > 0 ? Math.Clamp(1 - ((hole + overlap) / (sound + overlap)), 0, 1) : 1;
    }
}
