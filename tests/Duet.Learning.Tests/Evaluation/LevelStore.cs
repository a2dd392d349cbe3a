using Duet.Data.Clips;
using Duet.Data.Randomness;
using Duet.Data.Store;
using SkiaSharp;

namespace Duet.Learning.Tests.Evaluation;

/// <summary>
/// Videos in memory whose picture is one grey level per frame and whose sound is a tone with that level as its amplitude: what is
/// seen at an instant is heard at that instant, so that the right answer of an evaluation is known.
/// </summary>
internal sealed class LevelStore : IClipStore
{
    public const int FrameRate = 25;
    public const int SampleRate = 16_000;
    public const int SamplesPerFrame = SampleRate / FrameRate;
    public const int Side = 16;

    private static readonly byte[][] Greys = [.. Enumerable.Range(0, 256).Select(Grey)];

    /// <summary>The level of a video's frame, 0 to 255; hashed noise by default.</summary>
    public Func<StoredVideo, int, int> Level { get; init; } = (video, frame) => (int)new KeyedRandom(0, frame, video.Id, "level").NextInteger(256);

    /// <summary>By how many frames the sound comes after the picture.</summary>
    public int SoundDelay { get; init; }

    /// <summary>Videos whose frames are damaged.</summary>
    public HashSet<string> Damaged { get; init; } = [];

    public static StoredVideo Video(string id, int frames = 100, string? label = null, string? split = null) => new()
    {
        Id = id,
        SourcePath = id + ".mp4",
        FrameCount = frames,
        FrameRate = FrameRate,
        Width = Side,
        Height = Side,
        SampleRate = SampleRate,
        SampleCount = (long)frames * SamplesPerFrame,
        Label = label,
        Split = split,
        Shard = 0,
        JsonOffset = 0,
        JsonLength = 0,
        FramesOffset = 0,
        FramesLength = 0,
        SamplesOffset = 0,
    };

    public int ReadFrames(StoredVideo video, int firstFrame, int count, int step, FrameBuffer destination)
    {
        var jpegs = Enumerable.Range(0, count).Select(i => Damaged.Contains(video.Id) ? [0xFF, 0xD8, 0xFF] : Greys[Level(video, firstFrame + (i * step))]).ToArray();
        destination.Reset(count, jpegs.Sum(j => j.Length));
        var at = 0;
        for (var i = 0; i < count; i++)
        {
            jpegs[i].CopyTo(destination.Bytes, at);
            destination.Frames[i] = (at, jpegs[i].Length);
            at += jpegs[i].Length;
        }

        return count;
    }

    public void ReadSamples(StoredVideo video, long firstSample, Span<short> destination)
    {
        for (var i = 0; i < destination.Length; i++)
        {
            var at = firstSample + i;
            var frame = (int)Math.Floor((double)at / SamplesPerFrame) - SoundDelay;
            destination[i] = at < 0 || at >= video.SampleCount || frame < 0
                ? (short)0
                : (short)Math.Round(100 * Level(video, frame) * Math.Sin(2 * Math.PI * (at % 16) / 16));
        }
    }

    private static byte[] Grey(int level)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque));
        bitmap.Erase(new SKColor((byte)level, (byte)level, (byte)level));
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 95);
        return data.ToArray();
    }
}
