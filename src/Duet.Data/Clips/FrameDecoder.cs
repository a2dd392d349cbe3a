using System.Globalization;
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

        var info = new SKImageInfo(DivideUp(video.Width, shrink), DivideUp(video.Height, shrink), SKColorType.Rgba8888, SKAlphaType.Opaque);
        var needed = checked(info.BytesSize + CropResizer.SourceSlack);
        if (pixels.Length < needed)
        {
            pixels = GC.AllocateUninitializedArray<byte>(needed, pinned: true);
        }

        resizer.Prepare(
            (double)crop.X / shrink, (double)crop.Y / shrink, (double)crop.Width / shrink, (double)crop.Height / shrink, info.Width, info.Height, size, crop.Flip);
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

                DecodeFrame(i, jpegs + offset, length, video, shrink, info, buffer);
                resizer.Resize(pixels.AsSpan(0, needed), info.RowBytes, destination.Slice(i * frameBytes, frameBytes));
            }
        }
    }

    private static unsafe void DecodeFrame(int index, byte* jpeg, int length, StoredVideo video, int shrink, SKImageInfo info, byte* buffer)
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

        if (shrink > 1 && codec.GetScaledDimensions(1f / shrink) != info.Size)
        {
            throw new InvalidOperationException($"The JPEG decoder scales {own.Width}x{own.Height} by 1/{shrink} to {codec.GetScaledDimensions(1f / shrink)}, not to {info.Size}.");
        }

        var result = codec.GetPixels(info, (nint)buffer);
        if (result != SKCodecResult.Success)
        {
            throw Bad(index, $"its bytes are damaged or end too early ({result})");
        }
    }

    private static int DivideUp(int value, int by) => (value + by - 1) / by;

    private static StoreException Bad(int index, string why) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Frame {index} of the clip can't be decoded: {why}. Check the store with duet store verify."));
}
