using SkiaSharp;

namespace Duet.Data.Media;

/// <summary>A few frames side by side in one small JPEG: a page shows one of them, or lets them pass.</summary>
public static class Filmstrip
{
    /// <summary>A stored frame has at most this many pixels; a larger picture is none of ours, and isn't decoded.</summary>
    private const long MostPixels = 16L << 20;

    /// <summary>Draws the frames, each cropped around its centre to the cell's shape, from left to right.</summary>
    /// <param name="jpegs">The frames' JPEG bytes.</param>
    /// <param name="width">A cell's width, pixels.</param>
    /// <param name="height">A cell's height, pixels.</param>
    /// <param name="quality">JPEG quality, 1 to 100.</param>
    /// <returns>A JPEG of <paramref name="jpegs"/>.Count cells; null where a frame can't be decoded.</returns>
    public static byte[]? Draw(IReadOnlyList<byte[]> jpegs, int width, int height, int quality)
    {
        ArgumentNullException.ThrowIfNull(jpegs);
        ArgumentOutOfRangeException.ThrowIfZero(jpegs.Count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        using var surface = SKSurface.Create(new SKImageInfo(checked(width * jpegs.Count), height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (var i = 0; i < jpegs.Count; i++)
        {
            using var picture = Decode(jpegs[i]);
            if (picture is null)
            {
                return null;
            }

            using var image = SKImage.FromBitmap(picture);
            surface.Canvas.DrawImage(image, Middle(picture.Width, picture.Height, (float)width / height), SKRect.Create(i * width, 0, width, height), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        }

        using var strip = surface.Snapshot();
        using var data = strip.Encode(SKEncodedImageFormat.Jpeg, quality);
        return data.ToArray();
    }

    private static SKBitmap? Decode(byte[] jpeg)
    {
        using var data = SKData.CreateCopy(jpeg);
        using var codec = SKCodec.Create(data);
        if (codec is null || codec.EncodedFormat != SKEncodedImageFormat.Jpeg || (long)codec.Info.Width * codec.Info.Height > MostPixels || JpegHeader.Problem(jpeg) is not null)
        {
            return null;
        }

        var bitmap = new SKBitmap(new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        if (codec.GetPixels(bitmap.Info, bitmap.GetPixels()) == SKCodecResult.Success)
        {
            return bitmap;
        }

        bitmap.Dispose();
        return null;
    }

    /// <summary>The largest part of this shape around the picture's centre.</summary>
    private static SKRect Middle(int width, int height, float aspect)
    {
        var (w, h) = width > height * aspect ? (height * aspect, (float)height) : (width, width / aspect);
        return SKRect.Create((width - w) / 2, (height - h) / 2, w, h);
    }
}
