namespace Duet.Learning.Models.Winograd;

/// <summary>
/// How a channels-last map falls into square tiles of its pixels. Where the kernel sees one frame, every frame is a picture of its own; else a picture is a whole clip. Tiles are numbered picture by
/// picture and row by row; a tile stands for the same place in all of a picture's frames.
/// </summary>
internal readonly struct TileShape
{
    /// <summary>Lays out the tiles.</summary>
    /// <param name="shape">The map's, <c>[batch, channels, (time,) height, width]</c>.</param>
    /// <param name="taps">The kernel's frames: an odd number.</param>
    /// <param name="side">A tile's pixels from side to side.</param>
    public TileShape(ReadOnlySpan<long> shape, int taps, int side)
    {
        var frames = shape.Length == 5 ? shape[2] : 1;
        Taps = taps;
        Side = side;
        Frames = taps == 1 ? 1 : (int)frames;
        Height = (int)shape[^2];
        Width = (int)shape[^1];
        TilesHigh = (Height + side - 1) / side;
        TilesWide = (Width + side - 1) / side;
        Tiles = shape[0] * (frames / Frames) * TilesHigh * TilesWide;
    }

    /// <summary>The kernel's frames.</summary>
    public int Taps { get; }

    /// <summary>A tile's pixels from side to side.</summary>
    public int Side { get; }

    /// <summary>Frames of a picture.</summary>
    public int Frames { get; }

    /// <summary>Pixels from top to bottom.</summary>
    public int Height { get; }

    /// <summary>Pixels from left to right.</summary>
    public int Width { get; }

    /// <summary>Tiles from top to bottom.</summary>
    public int TilesHigh { get; }

    /// <summary>Tiles from left to right.</summary>
    public int TilesWide { get; }

    /// <summary>Tiles of all pictures, each counted once for all of its frames.</summary>
    public long Tiles { get; }

    /// <summary>Where a tile's pixels of one frame lie.</summary>
    /// <param name="tile">Its number.</param>
    /// <param name="frame">The frame.</param>
    public TilePlace Place(long tile, int frame)
    {
        var (rows, column) = Math.DivRem(tile, TilesWide);
        var (picture, row) = Math.DivRem(rows, TilesHigh);
        return new TilePlace(((picture * Frames) + frame) * Height * Width, (int)row * Side, (int)column * Side);
    }

    /// <summary>Where the next tile's lie: divisions would take a tenth of a narrow map's transform.</summary>
    /// <param name="place">Where a tile's pixels of one frame lie.</param>
    public TilePlace After(TilePlace place)
    {
        var (frame, top, left) = (place.Frame, place.Top, place.Left + Side);
        if (left >= Width)
        {
            (top, left) = (top + Side, 0);
            if (top >= Height)
            {
                (frame, top) = (frame + ((long)Frames * Height * Width), 0);
            }
        }

        return new TilePlace(frame, top, left);
    }
}
