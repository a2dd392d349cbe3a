namespace Duet.Learning.Models.Winograd;

/// <summary>Filters of 3 x 3 pixels in the domain of F(2x2, 3x3).</summary>
internal readonly unsafe struct WinogradDomain : IWeightDomain
{
    public static int Side => WinogradTransforms.Side;

    public static int Places => WinogradTransforms.Places;

    public static int FilterNumbers => 9;

    /// <summary>A part of the last-level cache.</summary>
    public static long ChunkBytes => 6 << 20;

    /// <summary>All: there is work enough in sixteen places.</summary>
    public static int ProductRows => int.MaxValue;

    public static void Input(ref readonly TileShape shape, ushort* map, int channels, int padded, long first, int count, int frame, ushort* to, long plane, ushort* border) =>
        WinogradTiles.Input(in shape, map, channels, padded, first, count, frame, to, plane, border);

    public static void Gradient(ref readonly TileShape shape, ushort* map, int channels, int padded, long first, int count, int frame, ushort* to, long plane, ushort* border) =>
        WinogradTiles.Gradient(in shape, map, channels, padded, first, count, frame, to, plane, border);

    public static void Filters(float* sums, long plane, float* to) => WinogradTransforms.FilterGradients(sums, plane, to);
}
