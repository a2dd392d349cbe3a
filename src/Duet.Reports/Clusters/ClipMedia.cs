using Duet.Data.Media;
using Duet.Data.Store;

namespace Duet.Reports.Clusters;

/// <summary>A clip's pictures and sound, small. Null where they can't be had.</summary>
/// <param name="Strip">A JPEG of <see cref="StoreClipMedia.Cells"/> frames side by side.</param>
/// <param name="Sound">A WAV file.</param>
/// <param name="Loudness">Where there are no pictures, what is shown instead: the sound's peak in each of some stretches, 0 to 1.</param>
/// <param name="Damaged">Whether there are pictures that can't be decoded.</param>
internal sealed record MediaOfClip(byte[]? Strip, byte[]? Sound, IReadOnlyList<double>? Loudness = null, bool Damaged = false)
{
    /// <summary>What it adds to the page: base64 takes four letters for three bytes.</summary>
    public long PageBytes => Base64(Strip) + Base64(Sound);

    private static long Base64(byte[]? bytes) => bytes is null ? 0 : ((bytes.LongLength + 2) / 3 * 4) + 32;
}

/// <summary>Where a page gets its pictures and sound from.</summary>
internal interface IClipMedia
{
    /// <summary>The clip's pictures and sound; null where the video isn't there.</summary>
    /// <exception cref="Duet.Data.StoreException">The store is damaged.</exception>
    MediaOfClip? Of(string video, double start);
}

/// <summary>Reads them from a store.</summary>
internal sealed class StoreClipMedia(VideoStore store, IReadOnlyDictionary<string, StoredVideo> videos, double seconds, int soundRate) : IClipMedia
{
    /// <summary>Frames of a strip: the page lets them pass while the sound plays.</summary>
    public const int Cells = 5;

    /// <summary>A cell's size, pixels.</summary>
    public const int CellWidth = 128, CellHeight = 96;

    /// <summary>About what a strip takes, bytes: to choose the sound's rate before anything is drawn.</summary>
    public const int TypicalStrip = 9_000;

    private const int Quality = 62;
    private const int LoudnessSteps = 48;
    private const int LargestFrame = 8 << 20;
    private readonly FrameBuffer buffer = new();

    public MediaOfClip? Of(string video, double start)
    {
        if (!videos.TryGetValue(video, out var found))
        {
            return null;
        }

        // A hostile start can't overflow: it's brought into the video before it's scaled.
        double from = double.IsFinite(start) ? Math.Clamp(start, 0, Math.Max(0, found.Duration.ToDouble() - 0.01)) : 0;
        byte[]? strip = found.HasFrames ? Strip(found, from) : null;
        if (!found.HasSound)
        {
            return new MediaOfClip(strip, null, Damaged: strip is null);
        }

        short[] samples = Sound(found, from);
        byte[] wav = SoundBite.Encode(samples, found.SampleRate, SoundBite.Factor(found.SampleRate, soundRate));
        return new MediaOfClip(strip, wav, found.HasFrames ? null : Loudness(samples), found.HasFrames && strip is null);
    }

    private byte[]? Strip(StoredVideo video, double from)
    {
        double rate = video.FrameRate.ToDouble();
        var jpegs = new List<byte[]>(Cells);
        for (int i = 0; i < Cells; i++)
        {
            int frame = (int)Math.Clamp(Math.Floor((from + (seconds * (i + 0.5) / Cells)) * rate), 0, video.FrameCount - 1);
            if (store.ReadFrames(video, frame, 1, 1, buffer) != 1 || buffer.Frames[0].Length > LargestFrame)
            {
                return null;
            }

            var (offset, length) = buffer.Frames[0];
            jpegs.Add(buffer.Bytes.AsSpan(offset, length).ToArray());
        }

        return Filmstrip.Draw(jpegs, CellWidth, CellHeight, Quality);
    }

    private short[] Sound(StoredVideo video, double from)
    {
        long first = (long)(from * video.SampleRate);
        var samples = new short[(int)Math.Min((long)(seconds * video.SampleRate), Math.Max(0, video.SampleCount - first))];
        store.ReadSamples(video, first, samples);
        return samples;
    }

    private static double[] Loudness(short[] samples)
    {
        double[] peaks = new double[LoudnessSteps];
        for (int i = 0; i < samples.Length; i++)
        {
            int step = (int)((long)i * LoudnessSteps / samples.Length);
            peaks[step] = Math.Max(peaks[step], Math.Abs((int)samples[i]) / 32768.0);
        }

        return peaks;
    }
}
