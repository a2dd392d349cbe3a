using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Duet.Learning.Models.Winograd;

/// <summary>A channels-last bf16 map, of which windows are read; what lies outside of it is zero.</summary>
internal readonly unsafe struct TiledMap
{
    private const int Lanes = WinogradTransforms.Lanes;
    private readonly ushort* numbers;
    private readonly int height;
    private readonly int width;
    private readonly int channels;
    private readonly int around;
    private readonly int side;

    /// <summary>Looks at a map.</summary>
    /// <param name="numbers">Its numbers, channels innermost.</param>
    /// <param name="shape">How it falls into tiles.</param>
    /// <param name="channels">Its channels.</param>
    /// <param name="around">Pixels above and left of a tile that are read too.</param>
    /// <param name="side">Pixels from side to side that are read.</param>
    public TiledMap(ushort* numbers, TileShape shape, int channels, int around, int side)
    {
        this.numbers = numbers;
        (height, width, this.channels) = (shape.Height, shape.Width, channels);
        (this.around, this.side) = (around, side);
    }

    /// <summary>The windows of some tiles; those past the last are empty.</summary>
    /// <param name="shape">How the map falls into tiles.</param>
    /// <param name="first">The first tile.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="frame">Of which frame of their pictures.</param>
    /// <param name="windows">Takes them.</param>
    public void Find(ref readonly TileShape shape, long first, int count, int frame, Span<Window> windows)
    {
        var place = shape.Place(first, frame);
        for (var i = 0; i < count; i++, place = shape.After(place))
        {
            var (top, left) = (place.Top - around, place.Left - around);
            windows[i] = new Window
            {
                Corner = numbers + ((place.Frame + ((long)top * width) + left) * channels),
                Top = top,
                Left = left,
                Exists = true,
                IsInside = top >= 0 && left >= 0 && top + side <= height && left + side <= width,
            };
        }

        windows[count..].Clear();
    }

    /// <summary>Where channels of a window are to be read: in the map, or, where some of them are none of the map's, in a copy.</summary>
    /// <param name="window">The window.</param>
    /// <param name="channel">The first of the channels.</param>
    /// <param name="count">How many: whole vectors.</param>
    /// <param name="copy">Memory for so many channels of the window's pixels.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TilePixels Read(ref readonly Window window, int channel, int count, ushort* copy)
    {
        if (window.IsInside && channel + count <= channels)
        {
            return new TilePixels(window.Corner + channel, (long)width * channels, channels);
        }

        Copy(in window, channel, count, copy);
        return new TilePixels(copy, side * count, count);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Copy(ref readonly Window window, int channel, int count, ushort* copy)
    {
        for (var row = 0; row < side; row++)
        {
            for (var column = 0; column < side; column++, copy += count)
            {
                var inside = window.Exists && (uint)(window.Top + row) < (uint)height && (uint)(window.Left + column) < (uint)width;
                var some = inside ? Math.Clamp(channels - channel, 0, count) : 0; // blocks of channels may end after the map's
                var from = window.Corner + ((((long)row * width) + column) * channels) + channel;
                var whole = some / Lanes * Lanes;
                for (var i = 0; i < whole; i += Lanes)
                {
                    Vector256.Load(from + i).Store(copy + i);
                }

                for (var i = whole; i < count; i += Lanes)
                {
                    Vector256<ushort>.Zero.Store(copy + i);
                }

                for (var i = whole; i < some; i++)
                {
                    copy[i] = from[i];
                }
            }
        }
    }

    /// <summary>What is read of a map for one tile.</summary>
    public struct Window
    {
        /// <summary>The upper left pixel's first channel, in the map or outside of it.</summary>
        public ushort* Corner;

        /// <summary>Its row.</summary>
        public int Top;

        /// <summary>Its column.</summary>
        public int Left;

        /// <summary>Whether there is such a tile.</summary>
        public bool Exists;

        /// <summary>Whether all of its pixels are in the map.</summary>
        public bool IsInside;
    }
}
