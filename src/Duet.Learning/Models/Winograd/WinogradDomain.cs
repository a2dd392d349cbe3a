using System.Runtime.CompilerServices;

namespace Duet.Learning.Models.Winograd;

/// <summary>Filters of 3 x 3 pixels in the domain of F(2x2, 3x3).</summary>
[SkipLocalsInit]
internal readonly unsafe struct WinogradDomain : IWeightDomain
{
    public static int Side => WinogradTransforms.Side;

    public static int Places => WinogradTransforms.Places;

    public static int FilterNumbers => 9;

    /// <summary>Two cores' second-level caches, and a part of the last: less makes products too short.</summary>
    public static long ChunkBytes => 3 << 20;

    /// <summary>All: there is work enough in sixteen places.</summary>
    public static int ProductRows => int.MaxValue;

    public static (int Around, int Side) InputWindow => (1, WinogradTransforms.Side + 2);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input(ref readonly TiledMap map, TiledMap.Window* windows, int channels, uint* to, long plane)
    {
        var memory = stackalloc ushort[(2 * WinogradTransforms.Places * WinogradTransforms.Lanes) + (WinogradScratch.Slack * 2)];
        var even = (ushort*)WinogradScratch.Align(memory);
        var odd = even + (WinogradTransforms.Places * WinogradTransforms.Lanes);
        for (var pair = 0; pair < WinogradTransforms.Lanes; pair++)
        {
            for (var c = 0; c < channels; c += WinogradTransforms.Lanes, to += WinogradTransforms.Lanes)
            {
                WinogradTransforms.Inputs(map.Read(in windows[2 * pair], c, WinogradTransforms.Lanes, even), map.Read(in windows[(2 * pair) + 1], c, WinogradTransforms.Lanes, odd), to, plane);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradient(ref readonly TiledMap map, TiledMap.Window* windows, int channels, uint* to, long plane)
    {
        var memory = stackalloc ushort[(8 * WinogradTransforms.Lanes) + (WinogradScratch.Slack * 2)];
        var even = (ushort*)WinogradScratch.Align(memory);
        var odd = even + (4 * WinogradTransforms.Lanes);
        for (var pair = 0; pair < WinogradTransforms.Lanes; pair++)
        {
            for (var c = 0; c < channels; c += WinogradTransforms.Lanes, to += WinogradTransforms.Lanes)
            {
                WinogradTransforms.Gradients(map.Read(in windows[2 * pair], c, WinogradTransforms.Lanes, even), map.Read(in windows[(2 * pair) + 1], c, WinogradTransforms.Lanes, odd), to, plane);
            }
        }
    }

    public static void Filters(float* sums, long plane, float* to) => WinogradTransforms.FilterGradients(sums, plane, to);
}
