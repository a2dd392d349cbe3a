using Duet.Data.Clips;
using Duet.Data.Randomness;
using Duet.Data.Store;
using SkiaSharp;

namespace Duet.Learning.Tests.Training;

/// <summary>
/// A store in memory whose videos flash and click at the same instants: grey frames whose brightness follows the loudness of a noise,
/// drawn anew every fifth of a second. Enough for the sound to tell the time.
/// </summary>
internal sealed class FlashingClips : IClipStore
{
    private const int FramesPerBlock = 5;
    private const int Levels = 8;
    private const int Side = 40;

    private readonly byte[][] jpegs = [.. Enumerable.Range(0, Levels).Select(Jpeg)];

    /// <summary>Called before each read of frames.</summary>
    public Action<StoredVideo>? Reading { get; set; }

    public static StoredVideo[] Videos(int count, int frames = 100) => [.. Enumerable.Range(0, count).Select(i => new StoredVideo
    {
        Id = $"{i:x32}",
        SourcePath = $"{i}.mp4",
        FrameCount = frames,
        FrameRate = 25,
        Width = Side,
        Height = Side,
        SampleRate = 16000,
        SampleCount = frames * 640L,
        Split = i % 4 == 3 ? "validation" : "train",
        Shard = 0,
        JsonOffset = 0,
        JsonLength = 0,
        FramesOffset = 0,
        FramesLength = 0,
        SamplesOffset = 0,
    })];

    public int ReadFrames(StoredVideo video, int firstFrame, int count, int step, FrameBuffer destination)
    {
        Reading?.Invoke(video);
        var frames = Enumerable.Range(0, count).Select(i => jpegs[Level(video, firstFrame + (i * step))]).ToArray();
        destination.Reset(count, frames.Sum(f => f.Length));
        var offset = 0;
        for (var i = 0; i < count; i++)
        {
            frames[i].CopyTo(destination.Bytes, offset);
            destination.Frames[i] = (offset, frames[i].Length);
            offset += frames[i].Length;
        }

        return count;
    }

    public void ReadSamples(StoredVideo video, long firstSample, Span<short> destination)
    {
        for (var i = 0; i < destination.Length; i++)
        {
            var place = firstSample + i;
            var noise = (unchecked((ulong)place * 0x9E3779B97F4A7C15UL) >> 52) - 2048.0; // -2048 .. 2047
            destination[i] = (short)(place < 0 || place >= video.SampleCount ? 0 : noise * 15 * Level(video, (int)(place / 640)) / (Levels - 1));
        }
    }

    private static int Level(StoredVideo video, int frame) => (int)new KeyedRandom(1, frame / FramesPerBlock, video.Id, "flash").NextInteger(Levels);

    private static byte[] Jpeg(int level)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var grey = (byte)(20 + (level * 30));
        bitmap.Erase(new SKColor(grey, grey, grey));
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }
}
