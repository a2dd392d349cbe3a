using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Duet.Learning.Models.Fused;

namespace Duet.Learning.Models.Winograd;

/// <summary>bf16 numbers of two rows side by side, as a product's right-hand factor and its dot products of two want them.</summary>
[SkipLocalsInit]
internal static unsafe class Bf16Pairs
{
    private const int Lanes = WinogradTransforms.Lanes;

    /// <summary>Writes sixteen pairs, rounded.</summary>
    /// <param name="to">Where.</param>
    /// <param name="even">The even row's sixteen numbers: fp32.</param>
    /// <param name="odd">The odd row's.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(uint* to, float* even, float* odd) =>
        (Vector512.ShiftRightLogical(Bf16Element.Rounded(Vector512.Load(even)), 16) | (Bf16Element.Rounded(Vector512.Load(odd)) & Vector512.Create(0xffff_0000u))).Store(to);

    /// <summary>Writes sixteen pairs as <see cref="Store"/> does, for less, where they are such numbers as <see cref="Bf16Element.StoreNumber"/> is for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreNumbers(uint* to, Vector512<float> even, Vector512<float> odd) =>
        (Vector512.ShiftRightLogical(Bf16Element.RoundedNumber(even), 16) | (Bf16Element.RoundedNumber(odd) & Vector512.Create(0xffff_0000u))).Store(to);

    /// <summary>Sixteen pairs out of two rows of bf16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Load(ushort* even, ushort* odd) =>
        Avx512F.ConvertToVector512UInt32(Vector256.Load(even)) | Vector512.ShiftLeft(Avx512F.ConvertToVector512UInt32(Vector256.Load(odd)), 16);

    /// <summary>Turns sixteen rows of sixteen words into columns.</summary>
    /// <param name="from">The first row.</param>
    /// <param name="stride">Words from row to row.</param>
    /// <param name="to">The first column's new row.</param>
    /// <param name="step">Words from row to row of the result.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(uint* from, long stride, uint* to, long step)
    {
        // Four rounds of sixteen exchanges: of words, of pairs of words, and twice of quarters of a vector.
        var quadsMemory = stackalloc uint[(Lanes * Lanes) + WinogradScratch.Slack];
        var quads = (uint*)WinogradScratch.Align(quadsMemory);
        for (var row = 0; row < Lanes; row += 4)
        {
            var (a, b) = (Vector512.Load(from + (row * stride)), Vector512.Load(from + ((row + 1) * stride)));
            var (c, d) = (Vector512.Load(from + ((row + 2) * stride)), Vector512.Load(from + ((row + 3) * stride)));
            var (ab, cd) = (Avx512F.UnpackLow(a, b).AsUInt64(), Avx512F.UnpackLow(c, d).AsUInt64());
            Avx512F.UnpackLow(ab, cd).AsUInt32().Store(quads + (row * Lanes));
            Avx512F.UnpackHigh(ab, cd).AsUInt32().Store(quads + ((row + 1) * Lanes));
            (ab, cd) = (Avx512F.UnpackHigh(a, b).AsUInt64(), Avx512F.UnpackHigh(c, d).AsUInt64());
            Avx512F.UnpackLow(ab, cd).AsUInt32().Store(quads + ((row + 2) * Lanes));
            Avx512F.UnpackHigh(ab, cd).AsUInt32().Store(quads + ((row + 3) * Lanes));
        }

        for (var i = 0; i < 4; i++)
        {
            // Now row 4g + i holds, in quarter q, column 4q + i of rows 4g to 4g + 3.
            var (a, b) = (Vector512.Load(quads + (i * Lanes)), Vector512.Load(quads + ((4 + i) * Lanes)));
            var (c, d) = (Vector512.Load(quads + ((8 + i) * Lanes)), Vector512.Load(quads + ((12 + i) * Lanes)));
            var (first, second) = (Avx512F.Shuffle4x128(a, b, 0b10_00_10_00), Avx512F.Shuffle4x128(c, d, 0b10_00_10_00));
            Avx512F.Shuffle4x128(first, second, 0b10_00_10_00).Store(to + (i * step));
            Avx512F.Shuffle4x128(first, second, 0b11_01_11_01).Store(to + ((8 + i) * step));
            (first, second) = (Avx512F.Shuffle4x128(a, b, 0b11_01_11_01), Avx512F.Shuffle4x128(c, d, 0b11_01_11_01));
            Avx512F.Shuffle4x128(first, second, 0b10_00_10_00).Store(to + ((4 + i) * step));
            Avx512F.Shuffle4x128(first, second, 0b11_01_11_01).Store(to + ((12 + i) * step));
        }
    }
}
