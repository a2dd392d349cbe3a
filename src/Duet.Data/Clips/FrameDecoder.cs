using System.Globalization;
using Duet.Data.Media;
using Duet.Data.Store;
using SkiaSharp;

namespace Duet.Data.Clips;

/// <summary>
/// Turns stored JPEG frames into the RGB bytes of a clip. One per worker: its buffers are reused from frame to frame.
/// </summary>
internal sealed class FrameDecoder(int size)
{
    private readonly CropResizer resizer = new();
    private byte[] pixels = [];

    /// <summary>Decodes a clip.</summary>
    /// <param name="frames">The JPEG bytes.</param>
    /// <param name="video">Whose frames they are; every frame must have its width and height.</param>
    /// <param name="crop">The crop, within the stored frame.</param>
    /// <param name="destination">RGB bytes, <c>[time, size, size, 3]</c>.</param>
    /// <exception cref="StoreException">A frame is no whole JPEG of the stored size.</exception>
    public unsafe void Decode(FrameBuffer frames, StoredVideo video, CropBox crop, Span<byte> destination)
    {
        // Where the crop is at least twice the result, the JPEG's own transform halves it for less than the full decode costs.
        var shrink = 1;
        while (shrink < 8 && Math.Min(crop.Width, crop.Height) >= 2 * shrink * size)
        {
            shrink *= 2;
        }

        var scaled = new SKSizeI(DivideUp(video.Width, shrink), DivideUp(video.Height, shrink));
        var part = shrink == 1 ? Around(crop, scaled) : SKRectI.Create(scaled);
        var stride = part.Width * 4;
        var needed = checked((stride * part.Height) + CropResizer.SourceSlack);
        if (pixels.Length < needed)
        {
            pixels = GC.AllocateUninitializedArray<byte>(needed, pinned: true);
        }

        resizer.Prepare(
            ((double)crop.X / shrink) - part.Left,
            ((double)crop.Y / shrink) - part.Top,
            (double)crop.Width / shrink,
            (double)crop.Height / shrink,
            part.Width,
            part.Height,
            size,
            crop.Flip);
        var frameBytes = size * size * 3;
        fixed (byte* jpegs = frames.Bytes, buffer = pixels)
        {
            for (var i = 0; i < frames.Count; i++)
            {
                var (offset, length) = frames.Frames[i];
                if (offset < 0 || length <= 0 || offset > frames.Bytes.Length - length)
                {
                    throw Bad(i, "its place in the store makes no sense");
                }

                DecodeFrame(i, jpegs + offset, length, video, scaled, part, buffer);
                resizer.Resize(pixels.AsSpan(0, needed), stride, destination.Slice(i * frameBytes, frameBytes));
            }
        }
    }

    private static unsafe void DecodeFrame(int index, byte* jpeg, int length, StoredVideo video, SKSizeI scaled, SKRectI part, byte* buffer)
    {
        using var data = SKData.Create((nint)jpeg, length); // no copy
        using var codec = SKCodec.Create(data) ?? throw Bad(index, "it is no picture");
        if (codec.EncodedFormat != SKEncodedImageFormat.Jpeg)
        {
            throw Bad(index, $"it is {codec.EncodedFormat}, no JPEG");
        }

        var own = codec.Info;
        if (own.Width != video.Width || own.Height != video.Height)
        {
            throw Bad(index, $"it has {own.Width}x{own.Height} pixels instead of {video.Width}x{video.Height}");
        }

        if (JpegHeader.Problem(new ReadOnlySpan<byte>(jpeg, length)) is { } problem)
        {
            throw Bad(index, problem);
        }

        var info = new SKImageInfo(scaled.Width, scaled.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        var result = scaled == own.Size ? DecodePart(codec, info, part, buffer) : codec.GetPixels(info, (nint)buffer);
        if (result != SKCodecResult.Success)
        {
            throw Bad(index, $"its bytes are damaged or end too early ({result})");
        }
    }

    /// <summary>
    /// Decodes the part alone: the transform and the colours of the rest need not be worked out, which saves a quarter to a half of the time. Where the bytes end too
    /// early, Skia would blank the missing rows, as wide as the part, which it looks up where this program no longer keeps it, and write anywhere. It leaves that be
    /// where it is told that the pixels are blank already; what they hold is of no matter then.
    /// </summary>
    internal static unsafe SKCodecResult DecodePart(SKCodec codec, SKImageInfo info, SKRectI part, byte* buffer)
    {
        var started = codec.StartScanlineDecode(info, new SKCodecOptions(new SKRectI(part.Left, 0, part.Right, info.Height)) { ZeroInitialized = SKZeroInitialized.Yes });
        if (started != SKCodecResult.Success)
        {
            return started;
        }

        return (part.Top == 0 || codec.SkipScanlines(part.Top)) && codec.GetScanlines((nint)buffer, part.Height, part.Width * 4) == part.Height
            ? SKCodecResult.Success
            : SKCodecResult.IncompleteInput;
    }

    /// <summary>
    /// The crop and two pixels around it: colours are stored at half resolution and interpolated, so the edge of what is decoded
    /// differs a little from a whole decode. With the margin the crop itself does not.
    /// </summary>
    private static SKRectI Around(CropBox crop, SKSizeI frame) => new(
        Math.Max(0, crop.X - 2),
        Math.Max(0, crop.Y - 2),
        Math.Min(frame.Width, crop.X + crop.Width + 2),
        Math.Min(frame.Height, crop.Y + crop.Height + 2));

    private static int DivideUp(int value, int by) => (value + by - 1) / by;

    private static StoreException Bad(int index, string why) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Frame {index} of the clip can't be decoded: {why}. Check the store with duet store verify."));
}
