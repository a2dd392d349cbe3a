using Duet.Data.Media;

namespace Duet.Data.Store;

/// <summary>What ingest found out about one content.</summary>
internal sealed record Analysis
{
    /// <summary>What the file says about itself; null where ffprobe can't read it.</summary>
    public MediaProbe? Probe { get; init; }

    /// <summary>What was measured; null where it was not decoded to its end.</summary>
    public VideoQuality? Quality { get; init; }

    /// <summary>Why it is quarantined; null where it is ready.</summary>
    public string? Reason { get; init; }

    /// <summary>What was found, in a few words.</summary>
    public string? Detail { get; init; }

    /// <summary>The converted media; null where it is quarantined.</summary>
    public SpooledVideo? Spooled { get; init; }
}

/// <summary>Converted media that waits in the spool folder.</summary>
/// <param name="FramesPath">JPEG frames back to back; empty where there are no pictures.</param>
/// <param name="SamplesPath">16-bit samples; not there where there is no sound.</param>
/// <param name="FrameOffsets">Where each frame starts; one more at the end.</param>
/// <param name="Alignment">What of both to keep.</param>
/// <param name="Size">A frame's width and height, pixels; null where there are none.</param>
internal sealed record SpooledVideo(
    string FramesPath, string SamplesPath, IReadOnlyList<long> FrameOffsets, ClockAlignment Alignment, (int Width, int Height)? Size)
{
    /// <summary>Where the frames to keep start in the pictures file.</summary>
    public long FramesStart => FrameOffsets[Alignment.FirstFrame];

    /// <summary>Bytes of the frames to keep.</summary>
    public long FramesLength => FrameOffsets[Alignment.FirstFrame + Alignment.FrameCount] - FramesStart;

    /// <summary>Bytes of the WAV entry; 0 where there is no sound.</summary>
    public long WavLength => Alignment.SampleCount == 0 ? 0 : WavHeader.Length + (2 * Alignment.SampleCount);

    /// <summary>Removes the files.</summary>
    public void Delete()
    {
        File.Delete(FramesPath);
        File.Delete(SamplesPath);
    }
}
