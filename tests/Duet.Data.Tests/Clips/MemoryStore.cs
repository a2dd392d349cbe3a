using Duet.Data.Clips;
using Duet.Data.Store;
using SkiaSharp;

namespace Duet.Data.Tests.Clips;

/// <summary>A store in memory: a few JPEGs shown in turn, and sound whose samples tell their place.</summary>
internal sealed class MemoryStore : IClipStore
{
    private readonly byte[][] jpegs;

    public MemoryStore(int width = 171, int height = 128, int pictures = 5)
    {
        jpegs = [.. Enumerable.Range(0, pictures).Select(i => Picture(width, height, i))];
    }

    /// <summary>Called before each read of frames.</summary>
    public Action<StoredVideo, int>? Reading { get; set; }

    /// <summary>Replaces a frame's JPEG: (video, frame, JPEG) to JPEG.</summary>
    public Func<StoredVideo, int, byte[], byte[]>? Damage { get; set; }

    public static StoredVideo Video(string id, int frames = 250, long? samples = null, int width = 171, int height = 128, int rate = 25, int sampleRate = 16000, string? split = null) => new()
    {
        Id = id,
        SourcePath = id + ".mp4",
        FrameCount = frames,
        FrameRate = rate,
        Width = width,
        Height = height,
        SampleRate = sampleRate,
        SampleCount = samples ?? (long)frames * sampleRate / rate,
        Split = split,
        Shard = 0,
        JsonOffset = 0,
        JsonLength = 0,
        FramesOffset = 0,
        FramesLength = 0,
        SamplesOffset = 0,
    };

    public static StoredVideo[] Videos(int count, int frames = 250) => [.. Enumerable.Range(0, count).Select(i => Video($"v{i:000}", frames))];

    public static byte[] Picture(int width, int height, int number, int quality = 90)
    {
        using var bitmap = Bitmap(width, height, number);
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, quality);
        return data.ToArray();
    }

    public static SKBitmap Bitmap(int width, int height, int number)
    {
        var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var v = (byte)(127 + (100 * Math.Sin((x * 0.11) + number) * Math.Cos((y * 0.07) - number)));
                bitmap.SetPixel(x, y, new SKColor(v, (byte)(x * 255 / width), (byte)((y * 255 / height) ^ (number * 16))));
            }
        }

        return bitmap;
    }

    /// <summary>The sample at a place of a video's track.</summary>
    public static short Sample(StoredVideo video, long place) =>
        place < 0 || place >= video.SampleCount ? (short)0 : unchecked((short)((place * 7) + (video.Id[^1] * 1001)));

    public byte[] Jpeg(StoredVideo video, int frame)
    {
        var jpeg = jpegs[(frame + video.Id[^1]) % jpegs.Length];
        return Damage is null ? jpeg : Damage(video, frame, jpeg);
    }

    public int ReadFrames(StoredVideo video, int firstFrame, int count, int step, FrameBuffer destination)
    {
        Reading?.Invoke(video, firstFrame);
        if (firstFrame < 0 || firstFrame + ((count - 1L) * step) >= video.FrameCount)
        {
            throw new StoreException($"Frames {firstFrame} + {count} x {step} of {video.FrameCount}.");
        }

        var total = 0;
        for (var i = 0; i < count; i++)
        {
            total += Jpeg(video, firstFrame + (i * step)).Length;
        }

        destination.Reset(count, total);
        var offset = 0;
        for (var i = 0; i < count; i++)
        {
            var jpeg = Jpeg(video, firstFrame + (i * step));
            jpeg.CopyTo(destination.Bytes, offset);
            destination.Frames[i] = (offset, jpeg.Length);
            offset += jpeg.Length;
        }

        return count;
    }

    public void ReadSamples(StoredVideo video, long firstSample, Span<short> destination)
    {
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = Sample(video, firstSample + i);
        }
    }
}
