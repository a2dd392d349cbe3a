using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Duet.Learning.Audio;

/// <summary>
/// Bytes and 16-bit samples to floats: <c>y = x * scale + bias</c> in one pass over memory, with the three colours' factors
/// laid out so that a group of vectors holds a whole number of pixels.
/// </summary>
internal static class PixelKernel
{
    private const int Chunk = 3 * 64 * 1024; // bytes per task: a multiple of 3, so that every chunk starts with red

    /// <summary>Normalises interleaved RGB bytes, on all cores.</summary>
    /// <param name="source">RGB bytes; a whole number of pixels.</param>
    /// <param name="destination">As many floats.</param>
    /// <param name="scale">Factor per colour.</param>
    /// <param name="bias">Summand per colour.</param>
    public static unsafe void Normalise(ReadOnlySpan<byte> source, Span<float> destination, ReadOnlySpan<float> scale, ReadOnlySpan<float> bias)
    {
        if (source.Length != destination.Length || source.Length % 3 != 0)
        {
            throw new ArgumentException("The source must hold whole pixels, and the destination as many floats.", nameof(destination));
        }

        var length = source.Length;
        var (s0, s1, s2) = (scale[0], scale[1], scale[2]);
        var (b0, b1, b2) = (bias[0], bias[1], bias[2]);
        fixed (byte* from = source)
        fixed (float* to = destination)
        {
            var (f, t) = ((nint)from, (nint)to);
            var chunks = (length + Chunk - 1) / Chunk;
            if (chunks <= 1)
            {
                NormaliseChunk((byte*)f, (float*)t, length, [s0, s1, s2], [b0, b1, b2]);
                return;
            }

            Parallel.For(0, chunks, i =>
            {
                var start = i * Chunk;
                NormaliseChunk((byte*)f + start, (float*)t + start, Math.Min(Chunk, length - start), [s0, s1, s2], [b0, b1, b2]);
            });
        }
    }

    /// <summary>16-bit samples to floats in [-1, 1).</summary>
    /// <param name="source">Samples.</param>
    /// <param name="destination">As many floats.</param>
    public static void ToUnit(ReadOnlySpan<short> source, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, source.Length);
        const float Unit = 1f / 32768;
        var i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            ref var from = ref MemoryMarshal.GetReference(source);
            ref var to = ref MemoryMarshal.GetReference(destination);
            for (; i <= source.Length - Vector256<short>.Count; i += Vector256<short>.Count)
            {
                var (low, high) = Vector256.Widen(Vector256.LoadUnsafe(ref from, (nuint)i));
                (Vector256.ConvertToSingle(low) * Unit).StoreUnsafe(ref to, (nuint)i);
                (Vector256.ConvertToSingle(high) * Unit).StoreUnsafe(ref to, (nuint)(i + 8));
            }
        }

        for (; i < source.Length; i++)
        {
            destination[i] = source[i] * Unit;
        }
    }

    private static unsafe void NormaliseChunk(byte* from, float* to, int length, ReadOnlySpan<float> scale, ReadOnlySpan<float> bias)
    {
        var i = 0;
        if (Vector256.IsHardwareAccelerated && length >= 32)
        {
            // 24 floats are three vectors of eight and eight pixels of three: the colours' pattern repeats exactly there.
            var scales = stackalloc float[24];
            var biases = stackalloc float[24];
            for (var k = 0; k < 24; k++)
            {
                scales[k] = scale[k % 3];
                biases[k] = bias[k % 3];
            }

            var (sa, sb, sc) = (Vector256.Load(scales), Vector256.Load(scales + 8), Vector256.Load(scales + 16));
            var (ba, bb, bc) = (Vector256.Load(biases), Vector256.Load(biases + 8), Vector256.Load(biases + 16));
            for (; i <= length - 24; i += 24)
            {
                Affine(from + i, sa, ba).Store(to + i);
                Affine(from + i + 8, sb, bb).Store(to + i + 8);
                Affine(from + i + 16, sc, bc).Store(to + i + 16);
            }
        }

        for (; i < length; i++)
        {
            to[i] = MathF.FusedMultiplyAdd(from[i], scale[i % 3], bias[i % 3]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe Vector256<float> Affine(byte* from, Vector256<float> scale, Vector256<float> bias)
    {
        var words = Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(from)).AsByte());
        var (low, high) = Vector128.Widen(words);
        return Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(Vector256.Create(low, high).AsInt32()), scale, bias);
    }
}
