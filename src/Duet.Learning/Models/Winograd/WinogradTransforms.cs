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
    /// <param name="row0">Its first row of four pixels: bf16, channels innermost.</param>
    /// <param name="row1">The second.</param>
    /// <param name="row2">The third.</param>
    /// <param name="row3">The fourth.</param>
    /// <param name="step">Numbers from pixel to pixel of a row.</param>
    /// <param name="channels">How many: a multiple of <see cref="Lanes"/>.</param>
    /// <param name="to">Where the first place's channels go.</param>
    /// <param name="plane">Numbers from place to place.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input(ushort* row0, ushort* row1, ushort* row2, ushort* row3, long step, int channels, ushort* to, long plane)
    {
        var memory = stackalloc float[(Places * Lanes) + WinogradScratch.Slack];
        var half = (float*)WinogradScratch.Align(memory);
        for (var c = 0; c < channels; c += Lanes)
        {
            // Loops, not sixteen of everything: the compiler would leave calls for the last of them.
            for (var column = 0; column < 4; column++)
            {
                var at = c + (column * step);
                var (a, b) = (Bf16Element.Load(row0, at), Bf16Element.Load(row1, at));
                var (d, e) = (Bf16Element.Load(row2, at), Bf16Element.Load(row3, at));
                var t = half + (column * Lanes);
                (a - d).Store(t);
                (b + d).Store(t + (4 * Lanes));
                (d - b).Store(t + (8 * Lanes));
                (b - e).Store(t + (12 * Lanes));
            }

            for (var row = 0; row < 4; row++)
            {
                var t = half + (row * 4 * Lanes);
                var v = to + (row * 4 * plane) + c;
                var (a, b, d, e) = (Vector512.Load(t), Vector512.Load(t + Lanes), Vector512.Load(t + (2 * Lanes)), Vector512.Load(t + (3 * Lanes)));
                Bf16Element.StoreNumber(v, 0, a - d);
                Bf16Element.StoreNumber(v, plane, b + d);
                Bf16Element.StoreNumber(v, 2 * plane, d - b);
                Bf16Element.StoreNumber(v, 3 * plane, b - e);
            }
        }
    }

    /// <summary>A dy At of one tile of the output's gradient.</summary>
    /// <param name="row0">Its first row of two pixels: bf16, channels innermost.</param>
    /// <param name="row1">The second.</param>
    /// <param name="step">Numbers from pixel to pixel of a row.</param>
    /// <param name="channels">How many: a multiple of <see cref="Lanes"/>.</param>
    /// <param name="to">Where the first place's channels go.</param>
    /// <param name="plane">Numbers from place to place.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradient(ushort* row0, ushort* row1, long step, int channels, ushort* to, long plane)
    {
        var memory = stackalloc float[(8 * Lanes) + WinogradScratch.Slack];
        var half = (float*)WinogradScratch.Align(memory);
        for (var c = 0; c < channels; c += Lanes)
        {
            for (var column = 0; column < 2; column++)
            {
                var at = c + (column * step);
                var (a, b) = (Bf16Element.Load(row0, at), Bf16Element.Load(row1, at));
                var t = half + (column * Lanes);
                a.Store(t);
                (a + b).Store(t + (2 * Lanes));
                (a - b).Store(t + (4 * Lanes));
                (-b).Store(t + (6 * Lanes));
            }

            for (var row = 0; row < 4; row++)
            {
                var v = to + (row * 4 * plane) + c;
                var (a, b) = (Vector512.Load(half + (row * 2 * Lanes)), Vector512.Load(half + (((row * 2) + 1) * Lanes)));
                Bf16Element.StoreNumber(v, 0, a);
                Bf16Element.StoreNumber(v, plane, a + b);
                Bf16Element.StoreNumber(v, 2 * plane, a - b);
                Bf16Element.StoreNumber(v, 3 * plane, -b);
            }
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> Sum, Vector512<float> Difference) Column(float* from, long plane)
    {
        var (m1, m2) = (Vector512.Load(from + (4 * plane)), Vector512.Load(from + (8 * plane)));
        return (Vector512.Load(from) + m1 + m2, m1 - m2 - Vector512.Load(from + (12 * plane)));
    }
}
