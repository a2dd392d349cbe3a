using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Duet.Data.Clips;

/// <summary>
/// Crops, resizes and packs RGBA frames into RGB bytes. All arithmetic is in integers, so every machine gives the same
/// bytes, with vector instructions or without. Rows are blended first (long contiguous stretches), then columns.
/// </summary>
internal sealed unsafe class CropResizer
{
    /// <summary>Bytes past its last pixel that a source must own, because vectors read whole.</summary>
    public const int SourceSlack = 16;

    private const int MiddleBits = 6; // fraction bits of the blended row: 255 << 6 still fits 16 bits
    private const int RowShift = ResampleTaps.WeightBits - MiddleBits;
    private const int ColumnShift = ResampleTaps.WeightBits + MiddleBits;

    private readonly ResampleTaps columns = new();
    private readonly ResampleTaps rows = new();
    private readonly bool vectors;
    private short[] middle = []; // one blended row: 4 channels per pixel of the crop, from columns.Low on
    private nint[] sources = [];
    private int size;
    private int sourceHeight;

    public CropResizer(bool vectors = true) => this.vectors = vectors && Ssse3.IsSupported;

    /// <summary>Works out the weights for a crop; they serve all frames of a clip.</summary>
    /// <param name="x">Left edge, source pixels.</param>
    /// <param name="y">Top edge.</param>
    /// <param name="width">Width.</param>
    /// <param name="height">Height.</param>
    /// <param name="sourceWidth">The source's width.</param>
    /// <param name="sourceHeight">The source's height.</param>
    /// <param name="size">Height and width of the result.</param>
    /// <param name="flip">Whether the result is mirrored left to right.</param>
    public void Prepare(double x, double y, double width, double height, int sourceWidth, int sourceHeight, int size, bool flip)
    {
        columns.Prepare(x, width, sourceWidth, size, flip);
        rows.Prepare(y, height, sourceHeight, size, flip: false);
        this.size = size;
        this.sourceHeight = sourceHeight;
        var needed = ((columns.High - columns.Low + columns.Taps) * 4) + SourceSlack;
        if (middle.Length < needed)
        {
            middle = GC.AllocateArray<short>(needed, pinned: true);
        }

        if (sources.Length < rows.Taps)
        {
            sources = new nint[rows.Taps];
        }
    }

    /// <summary>Makes one frame.</summary>
    /// <param name="rgba">The source, 4 bytes per pixel, with <see cref="SourceSlack"/> more bytes behind it.</param>
    /// <param name="stride">Bytes from one source row to the next.</param>
    /// <param name="rgb">The result, <c>[size, size, 3]</c>.</param>
    public void Resize(ReadOnlySpan<byte> rgba, int stride, Span<byte> rgb)
    {
        if (rgba.Length < ((long)stride * sourceHeight) + SourceSlack || rgb.Length < size * size * 3)
        {
            throw new ArgumentException("A buffer is smaller than the frame that it stands for.");
        }

        fixed (byte* source = rgba, target = rgb)
        fixed (short* blended = middle, rowWeights = rows.Weights, columnWeights = columns.Weights)
        fixed (int* columnFirst = columns.First)
        {
            var bytes = (columns.High - columns.Low) * 4;
            for (var line = 0; line < size; line++)
            {
                var first = rows.First[line];
                for (var t = 0; t < rows.Taps; t++)
                {
                    // Taps past the last row weigh nothing: any readable row will do.
                    sources[t] = (nint)(source + ((long)Math.Min(first + t, sourceHeight - 1) * stride) + (columns.Low * 4));
                }

                var weights = rowWeights + (line * rows.Taps);
                var output = target + (line * size * 3);
                if (vectors)
                {
                    BlendRowsVector(weights, bytes, blended);
                    BlendColumnsVector(blended, columnFirst, columnWeights, output);
                }
                else
                {
                    BlendRowsScalar(weights, bytes, blended);
                    BlendColumnsScalar(blended, columnFirst, columnWeights, output, 0);
                }
            }
        }
    }

    private void BlendRowsScalar(short* weights, int bytes, short* blended)
    {
        for (var i = 0; i < bytes; i++)
        {
            var sum = 1 << (RowShift - 1);
            for (var t = 0; t < rows.Taps; t++)
            {
                sum += weights[t] * ((byte*)sources[t])[i];
            }

            blended[i] = (short)(sum >> RowShift);
        }
    }

    private void BlendRowsVector(short* weights, int bytes, short* blended)
    {
        var half = Vector128.Create(1 << (RowShift - 1));
        var zero = Vector128<byte>.Zero;
        var pairs = rows.Taps / 2;
        ref var source = ref MemoryMarshal.GetArrayDataReference(sources);
        for (var i = 0; i < bytes; i += 16)
        {
            Vector128<int> s0 = half, s1 = half, s2 = half, s3 = half;
            for (var p = 0; p < pairs; p++)
            {
                // Two rows' bytes side by side, so that one multiply-add blends both.
                var pair = Vector128.Create(((int*)weights)[p]).AsInt16();
                var a = Sse2.LoadVector128((byte*)Unsafe.Add(ref source, 2 * p) + i);
                var b = Sse2.LoadVector128((byte*)Unsafe.Add(ref source, (2 * p) + 1) + i);
                var low = Sse2.UnpackLow(a, b);
                var high = Sse2.UnpackHigh(a, b);
                s0 += Sse2.MultiplyAddAdjacent(Sse2.UnpackLow(low, zero).AsInt16(), pair);
                s1 += Sse2.MultiplyAddAdjacent(Sse2.UnpackHigh(low, zero).AsInt16(), pair);
                s2 += Sse2.MultiplyAddAdjacent(Sse2.UnpackLow(high, zero).AsInt16(), pair);
                s3 += Sse2.MultiplyAddAdjacent(Sse2.UnpackHigh(high, zero).AsInt16(), pair);
            }

            Sse2.Store(blended + i, Sse2.PackSignedSaturate(s0 >> RowShift, s1 >> RowShift));
            Sse2.Store(blended + i + 8, Sse2.PackSignedSaturate(s2 >> RowShift, s3 >> RowShift));
        }
    }

    private void BlendColumnsScalar(short* blended, int* first, short* weights, byte* output, int from)
    {
        for (var x = from; x < size; x++)
        {
            var pixel = blended + ((first[x] - columns.Low) * 4);
            for (var c = 0; c < 3; c++)
            {
                var sum = 1 << (ColumnShift - 1);
                for (var t = 0; t < columns.Taps; t++)
                {
                    sum += weights[(x * columns.Taps) + t] * pixel[(t * 4) + c];
                }

                output[(x * 3) + c] = (byte)(sum >> ColumnShift);
            }
        }
    }

    private void BlendColumnsVector(short* blended, int* first, short* weights, byte* output)
    {
        // From two RGBA RGBA pixels to RR GG BB AA, and from four RGBA pixels to 12 bytes of RGB.
        var interleave = Vector128.Create((byte)0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
        var pack = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0x80, 0x80, 0x80, 0x80);
        var pairs = columns.Taps / 2;
        var low = columns.Low;
        var x = 0;
        for (; x + 4 <= size; x += 4)
        {
            var p0 = Pixel(blended, first, weights, x, pairs, low, interleave);
            var p1 = Pixel(blended, first, weights, x + 1, pairs, low, interleave);
            var p2 = Pixel(blended, first, weights, x + 2, pairs, low, interleave);
            var p3 = Pixel(blended, first, weights, x + 3, pairs, low, interleave);
            var bytes = Ssse3.Shuffle(Sse2.PackUnsignedSaturate(Sse2.PackSignedSaturate(p0, p1), Sse2.PackSignedSaturate(p2, p3)), pack);

            // 12 bytes exactly: the next four may belong to another worker's sample.
            *(long*)(output + (x * 3)) = bytes.AsInt64().ToScalar();
            *(int*)(output + (x * 3) + 8) = bytes.AsInt32().GetElement(2);
        }

        BlendColumnsScalar(blended, first, weights, output, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Pixel(short* blended, int* first, short* weights, int x, int pairs, int low, Vector128<byte> interleave)
    {
        var sum = Vector128.Create(1 << (ColumnShift - 1));
        var source = blended + ((first[x] - low) * 4);
        var weight = (int*)weights + (x * pairs);
        for (var p = 0; p < pairs; p++)
        {
            var two = Ssse3.Shuffle(Sse2.LoadVector128(source + (p * 8)).AsByte(), interleave).AsInt16();
            sum += Sse2.MultiplyAddAdjacent(two, Vector128.Create(weight[p]).AsInt16());
        }

        return sum >> ColumnShift;
    }
}
