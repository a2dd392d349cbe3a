using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Duet.Learning.Models.Fused;

namespace Duet.Learning.Models.Winograd;

/// <summary>
/// The small linear maps around the products of F(2x2, 3x3) (Lavin and Gray, arXiv 1509.09308): Y = At [(G w Gt) * (Bt d B)] A. A tile is 4 x 4 pixels of the input and 2 x 2 of the output,
/// sixteen places in the transformed domain, numbered row by row. Everything is computed in fp32, sixteen channels at a time; what goes into a product is rounded to bf16.
/// </summary>
[SkipLocalsInit]
internal static unsafe class WinogradTransforms
{
    /// <summary>Places of a transformed tile.</summary>
    public const int Places = 16;

    /// <summary>A tile's pixels of the output from side to side.</summary>
    public const int Side = 2;

    /// <summary>Channels that are handled at a time.</summary>
    public const int Lanes = 16;

    /// <summary>Bt d B of one tile of the input.</summary>
    /// <param name="tile">Four rows of four pixels.</param>
    /// <param name="channels">How many: a multiple of <see cref="Lanes"/>.</param>
    /// <param name="to">Where the first place's channels go: bf16.</param>
    /// <param name="plane">Numbers from place to place.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input(TilePixels tile, int channels, ushort* to, long plane)
    {
        var memory = stackalloc float[(Places * Lanes) + WinogradScratch.Slack];
        var half = (float*)WinogradScratch.Align(memory);
        for (var c = 0; c < channels; c += Lanes)
        {
            InputColumns(tile, c, half);
            for (var row = 0; row < 4; row++)
            {
                var v = to + (row * 4 * plane) + c;
                var (v0, v1, v2, v3) = InputRow(half + (row * 4 * Lanes));
                Bf16Element.StoreNumber(v, 0, v0);
                Bf16Element.StoreNumber(v, plane, v1);
                Bf16Element.StoreNumber(v, 2 * plane, v2);
                Bf16Element.StoreNumber(v, 3 * plane, v3);
            }
        }
    }

    /// <summary>Bt d B of sixteen channels of two tiles of the input, side by side.</summary>
    /// <param name="even">Four rows of four pixels of the one, whose numbers go to the lower halves.</param>
    /// <param name="odd">Of the other.</param>
    /// <param name="to">Where the first place's sixteen words go.</param>
    /// <param name="plane">Words from place to place.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Inputs(TilePixels even, TilePixels odd, uint* to, long plane)
    {
        var memory = stackalloc float[(2 * Places * Lanes) + WinogradScratch.Slack];
        var half = (float*)WinogradScratch.Align(memory);
        var other = half + (Places * Lanes);
        InputColumns(even, 0, half);
        InputColumns(odd, 0, other);
        for (var row = 0; row < 4; row++, to += 4 * plane)
        {
            var (v0, v1, v2, v3) = InputRow(half + (row * 4 * Lanes));
            var (w0, w1, w2, w3) = InputRow(other + (row * 4 * Lanes));
            Bf16Pairs.StoreNumbers(to, v0, w0);
            Bf16Pairs.StoreNumbers(to + plane, v1, w1);
            Bf16Pairs.StoreNumbers(to + (2 * plane), v2, w2);
            Bf16Pairs.StoreNumbers(to + (3 * plane), v3, w3);
        }
    }

    /// <summary>A dy At of sixteen channels of two tiles of the output's gradient, side by side.</summary>
    /// <param name="even">Two rows of two pixels of the one, whose numbers go to the lower halves.</param>
    /// <param name="odd">Of the other.</param>
    /// <param name="to">Where the first place's sixteen words go.</param>
    /// <param name="plane">Words from place to place.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradients(TilePixels even, TilePixels odd, uint* to, long plane)
    {
        var memory = stackalloc float[(16 * Lanes) + WinogradScratch.Slack];
        var half = (float*)WinogradScratch.Align(memory);
        var other = half + (8 * Lanes);
        GradientColumns(even, half);
        GradientColumns(odd, other);
        for (var row = 0; row < 4; row++, to += 4 * plane)
        {
            var (a, b) = (Vector512.Load(half + (row * 2 * Lanes)), Vector512.Load(half + (((row * 2) + 1) * Lanes)));
            var (c, d) = (Vector512.Load(other + (row * 2 * Lanes)), Vector512.Load(other + (((row * 2) + 1) * Lanes)));
            Bf16Pairs.StoreNumbers(to, a, c);
            Bf16Pairs.StoreNumbers(to + plane, a + b, c + d);
            Bf16Pairs.StoreNumbers(to + (2 * plane), a - b, c - d);
            Bf16Pairs.StoreNumbers(to + (3 * plane), -b, -d);
        }
    }

    /// <summary>At m A of sixteen channels of one tile.</summary>
    /// <param name="from">The products at the first place: fp32.</param>
    /// <param name="plane">Numbers from place to place.</param>
    /// <param name="to">The tile's four pixels, row by row, of sixteen numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output(float* from, long plane, float* to)
    {
        var (s0, d0) = Column(from, plane);
        var (s1, d1) = Column(from + plane, plane);
        var (s2, d2) = Column(from + (2 * plane), plane);
        var (s3, d3) = Column(from + (3 * plane), plane);
        (s0 + s1 + s2).Store(to);
        (s1 - s2 - s3).Store(to + Lanes);
        (d0 + d1 + d2).Store(to + (2 * Lanes));
        (d1 - d2 - d3).Store(to + (3 * Lanes));
    }

    /// <summary>G w Gt of sixteen filters of 3 x 3.</summary>
    /// <param name="from">fp32: the first of nine taps of sixteen numbers.</param>
    /// <param name="step">Numbers from tap to tap.</param>
    /// <param name="to">Sixteen places of sixteen numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Filters(float* from, int step, float* to)
    {
        var half = Vector512.Create(0.5f);
        for (var column = 0; column < 3; column++)
        {
            var at = from + (column * step);
            var (w0, w1, w2) = (Vector512.Load(at), Vector512.Load(at + (3 * step)), Vector512.Load(at + (6 * step)));
            var outer = w0 + w2;
            w0.Store(to + (column * Lanes));
            ((outer + w1) * half).Store(to + ((4 + column) * Lanes));
            ((outer - w1) * half).Store(to + ((8 + column) * Lanes));
            w2.Store(to + ((12 + column) * Lanes));
        }

        for (var row = 0; row < 4; row++)
        {
            var at = to + (row * 4 * Lanes);
            var (w0, w1, w2) = (Vector512.Load(at), Vector512.Load(at + Lanes), Vector512.Load(at + (2 * Lanes)));
            var outer = w0 + w2;
            ((outer + w1) * half).Store(at + Lanes);
            ((outer - w1) * half).Store(at + (2 * Lanes));
            w2.Store(at + (3 * Lanes));
        }
    }

    /// <summary>Gt u G, what becomes of sixteen filters' gradients: the transpose of <see cref="Filters"/>.</summary>
    /// <param name="from">fp32: the first of sixteen places of sixteen numbers.</param>
    /// <param name="plane">Numbers from place to place.</param>
    /// <param name="to">Nine taps of sixteen numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FilterGradients(float* from, long plane, float* to)
    {
        var half = Vector512.Create(0.5f);
        var rowsMemory = stackalloc float[(12 * Lanes) + WinogradScratch.Slack];
        var rows = (float*)WinogradScratch.Align(rowsMemory);
        for (var row = 0; row < 4; row++)
        {
            var at = from + (row * 4 * plane);
            var (u0, u1, u2, u3) = (Vector512.Load(at), Vector512.Load(at + plane), Vector512.Load(at + (2 * plane)), Vector512.Load(at + (3 * plane)));
            var (sum, difference) = ((u1 + u2) * half, (u1 - u2) * half);
            (u0 + sum).Store(rows + (row * 3 * Lanes));
            difference.Store(rows + (((row * 3) + 1) * Lanes));
            (sum + u3).Store(rows + (((row * 3) + 2) * Lanes));
        }

        for (var column = 0; column < 3; column++)
        {
            var at = rows + (column * Lanes);
            var (u0, u1, u2, u3) = (Vector512.Load(at), Vector512.Load(at + (3 * Lanes)), Vector512.Load(at + (6 * Lanes)), Vector512.Load(at + (9 * Lanes)));
            var (sum, difference) = ((u1 + u2) * half, (u1 - u2) * half);
            (u0 + sum).Store(to + (column * Lanes));
            difference.Store(to + ((3 + column) * Lanes));
            (sum + u3).Store(to + ((6 + column) * Lanes));
        }
    }

    /// <summary>Bt d of sixteen channels, column by column: a loop, as the compiler would leave calls for the last of sixteen of everything.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InputColumns(TilePixels tile, int channel, float* half)
    {
        var row0 = tile.First + channel;
        var row1 = row0 + tile.Down;
        var row2 = row1 + tile.Down;
        var row3 = row2 + tile.Down;
        for (var column = 0; column < 4; column++)
        {
            var at = column * tile.Right;
            var (a, b) = (Bf16Element.Load(row0, at), Bf16Element.Load(row1, at));
            var (d, e) = (Bf16Element.Load(row2, at), Bf16Element.Load(row3, at));
            var t = half + (column * Lanes);
            (a - d).Store(t);
            (b + d).Store(t + (4 * Lanes));
            (d - b).Store(t + (8 * Lanes));
            (b - e).Store(t + (12 * Lanes));
        }
    }

    /// <summary>One row of that times B.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<float> V0, Vector512<float> V1, Vector512<float> V2, Vector512<float> V3) InputRow(float* t)
    {
        var (a, b, d, e) = (Vector512.Load(t), Vector512.Load(t + Lanes), Vector512.Load(t + (2 * Lanes)), Vector512.Load(t + (3 * Lanes)));
        return (a - d, b + d, d - b, b - e);
    }

    /// <summary>A dy of sixteen channels, column by column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void GradientColumns(TilePixels pixels, float* half)
    {
        for (var column = 0; column < 2; column++)
        {
            var at = column * pixels.Right;
            var (a, b) = (Bf16Element.Load(pixels.First, at), Bf16Element.Load(pixels.First, at + pixels.Down));
            var t = half + (column * Lanes);
            a.Store(t);
            (a + b).Store(t + (2 * Lanes));
            (a - b).Store(t + (4 * Lanes));
            (-b).Store(t + (6 * Lanes));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> Sum, Vector512<float> Difference) Column(float* from, long plane)
    {
        var (m1, m2) = (Vector512.Load(from + (4 * plane)), Vector512.Load(from + (8 * plane)));
        return (Vector512.Load(from) + m1 + m2, m1 - m2 - Vector512.Load(from + (12 * plane)));
    }
}
