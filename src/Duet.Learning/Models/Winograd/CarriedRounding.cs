using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Duet.Learning.Models.Fused;

namespace Duet.Learning.Models.Winograd;

/// <summary>
/// Transformed tiles and filters rounded to bf16 so that less of it reaches the output than of sixteen roundings each for itself. An output sees several places of a row or column together: the
/// middle two are rounded first, and the outer ones then make up for what those lost. And the sum of a tile or filter, by far the largest of the places where a map was rectified, keeps what
/// its rounding leaves at a seventeenth place, so that the sums' product is as good as exact.
/// </summary>
[SkipLocalsInit]
internal static unsafe class CarriedRounding
{
    private const int Lanes = WinogradTransforms.Lanes;
    private const int Row = 4 * Lanes;

    /// <summary>The place of the sum.</summary>
    public const int Sum = 5;

    /// <summary>The place of what the sum's rounding leaves.</summary>
    public const int Rest = WinogradTransforms.Places;

    /// <summary>Places with that one.</summary>
    public const int Places = WinogradTransforms.Places + 1;

    /// <summary>
    /// <see cref="WinogradTransforms.Input"/> with this rounding. Places of a row are x0 - x2, x1 + x2, x2 - x1 and x1 - x3: the middle two, rounded, stand for other x1 and x2, and the
    /// outer ones are taken from those.
    /// </summary>
    /// <param name="tile">Four rows of four pixels.</param>
    /// <param name="channels">How many: a multiple of <see cref="Lanes"/>.</param>
    /// <param name="to">Where the first of seventeen places' channels go: bf16.</param>
    /// <param name="plane">Numbers from place to place.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input(TilePixels tile, int channels, ushort* to, long plane)
    {
        var memory = stackalloc float[(6 * Row) + WinogradScratch.Slack];
        var half = (float*)WinogradScratch.Align(memory);
        var lost = half + (4 * Row); // halves of what the middle rows lose
        for (var c = 0; c < channels; c += Lanes)
        {
            WinogradTransforms.InputColumns(tile, c, half);
            for (var row = 1; row < 3; row++)
            {
                var (v0, v1, v2, v3) = WinogradTransforms.InputRow(half + (row * Row));
                var (r1, r2) = (Rounded(v1), Rounded(v2));
                var (e1, e2) = (Half(r1 - v1), Half(r2 - v2));
                if (row == 1)
                {
                    Bf16Element.StoreNumber(to, (Rest * plane) + c, v1 - r1);
                    e1 = Vector512<float>.Zero;
                }

                var (r0, r3) = (Rounded(v0 - (e1 + e2)), Rounded(v3 + (e1 - e2)));
                Store(to + (row * 4 * plane) + c, plane, r0, r1, r2, r3);
                var e = lost + ((row - 1) * Row);
                Half(r0 - v0).Store(e);
                e1.Store(e + Lanes);
                e2.Store(e + (2 * Lanes));
                Half(r3 - v3).Store(e + (3 * Lanes));
            }

            for (var row = 0; row < 4; row += 3)
            {
                var sign = Vector512.Create(row == 0 ? -1f : 1f);
                var (v0, v1, v2, v3) = WinogradTransforms.InputRow(half + (row * Row));
                var (t1, t2) = (v1 + Carry(lost + Lanes, sign), v2 + Carry(lost + (2 * Lanes), sign));
                var (r1, r2) = (Rounded(t1), Rounded(t2));
                var (e1, e2) = (Half(r1 - t1), Half(r2 - t2));
                var (t0, t3) = (v0 + Carry(lost, sign) - (e1 + e2), v3 + Carry(lost + (3 * Lanes), sign) + (e1 - e2));
                Store(to + (row * 4 * plane) + c, plane, Rounded(t0), r1, r2, Rounded(t3));
            }
        }
    }

    /// <summary>
    /// Rounds sixteen filters after <see cref="WinogradTransforms.Filters"/>. Places of a row are w0, (w0 + w1 + w2) / 2, (w0 - w1 + w2) / 2 and w2. A pixel sees an outer one alone and another sees the
    /// middle two's sum less that one: the sum's error is best shared, and half of it is added to each.
    /// </summary>
    /// <param name="filters">fp32: sixteen places of sixteen numbers, and room for those of the seventeenth.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Filters(float* filters)
    {
        var memory = stackalloc float[(2 * Row) + WinogradScratch.Slack];
        var lost = (float*)WinogradScratch.Align(memory);
        var sum = Vector512.Load(filters + (Sum * Lanes));
        (sum - Rounded(sum)).Store(filters + (Rest * Lanes));
        FilterRow(filters + Row, lost, sumIsKept: true);
        FilterRow(filters + (2 * Row), lost + Row, sumIsKept: false);
        for (var column = 0; column < Row; column += Lanes)
        {
            var carry = Half(Vector512.Load(lost + column) + Vector512.Load(lost + Row + column));
            (Vector512.Load(filters + column) + carry).Store(filters + column);
            (Vector512.Load(filters + (3 * Row) + column) + carry).Store(filters + (3 * Row) + column);
        }

        FilterRow(filters, lost, sumIsKept: false);
        FilterRow(filters + (3 * Row), lost, sumIsKept: false);
    }

    /// <summary>Rounds four places of a row, and says what was added to each.</summary>
    private static void FilterRow(float* row, float* lost, bool sumIsKept)
    {
        var (v0, v1, v2, v3) = (Vector512.Load(row), Vector512.Load(row + Lanes), Vector512.Load(row + (2 * Lanes)), Vector512.Load(row + (3 * Lanes)));
        var (r1, r2) = (Rounded(v1), Rounded(v2));
        var (e1, e2) = (sumIsKept ? Vector512<float>.Zero : r1 - v1, r2 - v2);
        var carry = Half(e1 + e2);
        var (r0, r3) = (Rounded(v0 + carry), Rounded(v3 + carry));
        r0.Store(row);
        r1.Store(row + Lanes);
        r2.Store(row + (2 * Lanes));
        r3.Store(row + (3 * Lanes));
        (r0 - v0).Store(lost);
        e1.Store(lost + Lanes);
        e2.Store(lost + (2 * Lanes));
        (r3 - v3).Store(lost + (3 * Lanes));
    }

    /// <summary>What a place of an outer row is changed by: halves of what the middle rows lose in its column, the second's by a sign.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Carry(float* lost, Vector512<float> sign) => (Vector512.Load(lost) * sign) - Vector512.Load(lost + Row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Half(Vector512<float> values) => values * Vector512.Create(0.5f);

    /// <summary>The nearest bf16 numbers, by Veltkamp's splitting: of two as near it may be either. What is not finite, or larger than 2^-16 of the largest fp32 number, is no number after it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Rounded(Vector512<float> values)
    {
        var many = values * Vector512.Create(65537f);
        return many - (many - values);
    }

    /// <summary>Writes four places of a row: numbers that are bf16 already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ushort* to, long plane, Vector512<float> v0, Vector512<float> v1, Vector512<float> v2, Vector512<float> v3)
    {
        Bf16Element.StoreExact(to, 0, v0);
        Bf16Element.StoreExact(to, plane, v1);
        Bf16Element.StoreExact(to, 2 * plane, v2);
        Bf16Element.StoreExact(to, 3 * plane, v3);
    }
}
