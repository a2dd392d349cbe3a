namespace Duet.Data.Media;

/// <summary>The size of stored frames: upright, with square pixels.</summary>
internal static class FrameGeometry
{
    /// <summary>Smallest short side that is worth storing, pixels.</summary>
    public const int MinSide = 16;

    /// <summary>Longest side in short sides: beyond it is a banner, not a video.</summary>
    public const int MaxAspect = 16;

    /// <summary>
    /// The stored size: the short side is <paramref name="shortSide"/>, or the source's own where that is smaller (nothing is
    /// gained by storing pixels that are not there). Both sides are even, as 4:2:0 chroma wants them.
    /// </summary>
    /// <param name="stream">The video stream.</param>
    /// <param name="shortSide">The store's short side, pixels.</param>
    /// <returns>Width and height, pixels; null where the picture is too small or too long to be used.</returns>
    public static (int Width, int Height)? Fit(MediaStream stream, int shortSide)
    {
        var width = stream.Width * stream.PixelAspect;
        Rational height = stream.Height;
        if (stream.Rotation is 90 or 270)
        {
            (width, height) = (height, width);
        }

        var (shorter, longer) = width < height ? (width, height) : (height, width);
        if (shorter < MinSide || longer > MaxAspect * shorter)
        {
            return null;
        }

        var shortPixels = (int)Math.Min(shortSide, shorter.Floor()) & ~1;
        var longPixels = (int)(2 * (shortPixels * longer / shorter / 2).Round());
        return width < height ? (shortPixels, longPixels) : (longPixels, shortPixels);
    }
}
