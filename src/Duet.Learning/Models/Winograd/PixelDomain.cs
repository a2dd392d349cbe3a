using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Duet.Learning.Models.Winograd;

/// <summary>Filters of one pixel over several frames: a tile is a pixel, and nothing is transformed.</summary>
[SkipLocalsInit]
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

    public static (int Around, int Side) InputWindow => (0, 1);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input(ref readonly TiledMap map, TiledMap.Window* windows, int channels, uint* to, long plane)
    {
        var even = stackalloc ushort[WinogradTransforms.Lanes];
        var odd = stackalloc ushort[WinogradTransforms.Lanes];
        for (var pair = 0; pair < WinogradTransforms.Lanes; pair++)
        {
            for (var c = 0; c < channels; c += WinogradTransforms.Lanes, to += WinogradTransforms.Lanes)
            {
                Bf16Pairs.Load(map.Read(in windows[2 * pair], c, WinogradTransforms.Lanes, even).First, map.Read(in windows[(2 * pair) + 1], c, WinogradTransforms.Lanes, odd).First).Store(to);
            }
        }
    }

    public static void Gradient(ref readonly TiledMap map, TiledMap.Window* windows, int channels, uint* to, long plane) => Input(in map, windows, channels, to, plane);

    public static void Filters(float* sums, long plane, float* to) => Vector512.Load(sums).Store(to);
}
