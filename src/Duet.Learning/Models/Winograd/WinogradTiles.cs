using System.Runtime.CompilerServices;

namespace Duet.Learning.Models.Winograd;

/// <summary>Reads tiles out of maps and transforms them; what lies outside of the map is zero.</summary>
internal static unsafe class WinogradTiles
{
    /// <summary>Transforms tiles of the input, which begin a pixel above and left of the output's.</summary>
    /// <param name="shape">How the map falls into tiles.</param>
    /// <param name="map">The map: bf16, channels innermost.</param>
    /// <param name="channels">Its channels.</param>
    /// <param name="padded">Channels of a transformed tile: as many in whole vectors, the rest zeros.</param>
    /// <param name="first">The first tile.</param>
    /// <param name="count">How many.</param>
    /// <param name="frame">Of which frame of their pictures.</param>
    /// <param name="to">Where the first tile goes at the first place; others follow.</param>
    /// <param name="plane">Numbers from place to place.</param>
    /// <param name="border">Memory for sixteen pixels of padded channels.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input(ref readonly TileShape shape, ushort* map, int channels, int padded, long first, int count, int frame, ushort* to, long plane, ushort* border)
    {
        var down = (long)shape.Width * channels;
        var place = shape.Place(first, frame);
        for (var tile = 0; tile < count; tile++, to += padded, place = shape.After(place))
        {
            var (start, top, left) = place;
            var corner = map + ((start + (((long)top - 1) * shape.Width) + left - 1) * channels);
            if (top > 0 && left > 0 && top + 2 < shape.Height && left + 2 < shape.Width && channels == padded)
            {
                WinogradTransforms.Input(corner, corner + down, corner + (2 * down), corner + (3 * down), channels, channels, to, plane);
                continue;
            }

            for (var row = 0; row < 4; row++)
            {
                Copy(corner + (row * down), (uint)(top - 1 + row) < (uint)shape.Height, left - 1, 4, shape.Width, channels, padded, border + (row * 4 * padded));
            }

            WinogradTransforms.Input(border, border + (4 * padded), border + (8 * padded), border + (12 * padded), padded, padded, to, plane);
        }
    }

    private static void Copy(ushort* row, bool inside, int left, int pixels, int width, int channels, int padded, ushort* to)
    {
        for (var i = 0; i < pixels; i++, to += padded)
        {
            var some = inside && (uint)(left + i) < (uint)width ? channels : 0;
            if (some > 0)
            {
                new ReadOnlySpan<ushort>(row + ((long)i * channels), channels).CopyTo(new Span<ushort>(to, channels));
            }

            new Span<ushort>(to + some, padded - some).Clear();
        }
    }
}
