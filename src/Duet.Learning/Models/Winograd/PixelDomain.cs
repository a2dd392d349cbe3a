using System.Runtime.Intrinsics;

namespace Duet.Learning.Models.Winograd;

/// <summary>Filters of one pixel over several frames: a tile is a pixel, and nothing is transformed.</summary>
internal readonly unsafe struct PixelDomain : IWeightDomain
{
    /// <summary>The fewest channels of the side that has more: from 64 to 64 oneDNN is faster, from 144 to 64 it is not.</summary>
    private const long FewestOfMore = 128;

    /// <summary>Whether the gradient of a convolution's weight can be computed here: of one pixel over several frames it is no more than products of whole maps.</summary>
    /// <param name="inputs">Input channels.</param>
    /// <param name="outputs">Output channels.</param>
    /// <param name="kernel">Kernel size: time, height, width.</param>
    /// <param name="stride">As many.</param>
    /// <param name="padding">As many.</param>
    public static bool Fits(long inputs, long outputs, ReadOnlySpan<long> kernel, ReadOnlySpan<long> stride, ReadOnlySpan<long> padding) =>
        Math.Min(inputs, outputs) >= WinogradConvolution.FewestChannels && Math.Max(inputs, outputs) >= FewestOfMore && kernel is [> 1, 1, 1] && stride is [1, 1, 1] && padding is [_, 0, 0] && kernel[0] == (2 * padding[0]) + 1;

    public static int Side => 1;

    public static int Places => 1;

    public static int FilterNumbers => 1;

    /// <summary>Two cores' second-level caches, about: every row of products reads the chunk's gradient again.</summary>
    public static long ChunkBytes => 3 << 19;

    /// <summary>As many as deal the work of three frames out evenly.</summary>
    public static int ProductRows => 48;

    public static void Input(ref readonly TileShape shape, ushort* map, int channels, int padded, long first, int count, int frame, ushort* to, long plane, ushort* border)
    {
        // Pixels of a frame follow each other.
        var frameTiles = shape.TilesHigh * shape.TilesWide;
        for (var done = 0; done < count;)
        {
            var (start, top, left) = shape.Place(first + done, frame);
            var inFrame = (top * shape.Width) + left;
            var run = Math.Min(count - done, frameTiles - inFrame);
            var from = map + ((start + inFrame) * channels);
            if (channels == padded)
            {
                new ReadOnlySpan<ushort>(from, run * channels).CopyTo(new Span<ushort>(to, run * channels));
            }
            else
            {
                for (var tile = 0; tile < run; tile++)
                {
                    new ReadOnlySpan<ushort>(from + (tile * channels), channels).CopyTo(new Span<ushort>(to + (tile * padded), channels));
                    new Span<ushort>(to + (tile * padded) + channels, padded - channels).Clear();
                }
            }

            done += run;
            to += run * padded;
        }
    }

    public static void Gradient(ref readonly TileShape shape, ushort* map, int channels, int padded, long first, int count, int frame, ushort* to, long plane, ushort* border) =>
        Input(in shape, map, channels, padded, first, count, frame, to, plane, border);

    public static void Filters(float* sums, long plane, float* to) => Vector512.Load(sums).Store(to);
}
