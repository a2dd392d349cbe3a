using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Duet.Learning.Models.Fused;

/// <summary>How a map's numbers are read and written, sixteen at a time, as 32-bit floats.</summary>
internal unsafe interface IMapElement
{
    /// <summary>Reads sixteen.</summary>
    static abstract Vector512<float> Load(void* map, long index);

    /// <summary>Writes sixteen, rounded to the nearest, ties to even.</summary>
    static abstract void Store(void* map, long index, Vector512<float> values);

    /// <summary>Reads one.</summary>
    static abstract float Get(void* map, long index);

    /// <summary>Writes one, rounded as <see cref="Store"/> does.</summary>
    static abstract void Set(void* map, long index, float value);
}

/// <summary>32-bit floats.</summary>
internal readonly unsafe struct Fp32Element : IMapElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(void* map, long index) => Vector512.Load((float*)map + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(void* map, long index, Vector512<float> values) => values.Store((float*)map + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Get(void* map, long index) => ((float*)map)[index];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(void* map, long index, float value) => ((float*)map)[index] = value;
}

/// <summary>bfloat16: the upper half of a 32-bit float.</summary>
internal readonly unsafe struct Bf16Element : IMapElement
{
    private const uint QuietNaN = 0x7fc0_0000;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(void* map, long index)
    {
        var halves = Vector256.Load((ushort*)map + index);
        var wide = Avx512F.IsSupported
            ? Avx512F.ConvertToVector512UInt32(halves)
            : Vector512.Create(Vector256.WidenLower(halves), Vector256.WidenUpper(halves));
        return Vector512.ShiftLeft(wide, 16).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(void* map, long index, Vector512<float> values) => StoreUpper(map, index, Rounded(values));

    /// <summary>
    /// Writes sixteen as <see cref="Store"/> does, for less, where they are sums of a few bf16 numbers or such sums' products: a NaN among them has the payload of one of those, whose lower
    /// half is empty, so that no carry reaches its exponent.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreNumber(void* map, long index, Vector512<float> values) => StoreUpper(map, index, RoundedNumber(values));

    /// <summary>Writes sixteen that are bf16 numbers already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreExact(void* map, long index, Vector512<float> values) => StoreUpper(map, index, values.AsUInt32());

    /// <summary>Rounds sixteen to bf16 numbers, which are the upper halves; the lower ones hold nothing of use.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Rounded(Vector512<float> values) =>
        Vector512.ConditionalSelect(Vector512.Equals(values, values).AsUInt32(), RoundedNumber(values), Vector512.Create(QuietNaN)); // a carry would make a number of some NaNs

    /// <summary>Rounds as <see cref="Rounded"/> does, for less, where they are such numbers as <see cref="StoreNumber"/> is for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RoundedNumber(Vector512<float> values)
    {
        // Half of the last kept bit's worth, less one where that bit is even: the carry rounds to the nearest, ties to even.
        var bits = values.AsUInt32();
        var odd = Vector512.ShiftRightLogical(bits, 16) & Vector512<uint>.One;
        return bits + odd + Vector512.Create(0x7fffu);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Get(void* map, long index) => BitConverter.UInt32BitsToSingle((uint)((ushort*)map)[index] << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(void* map, long index, float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        ((ushort*)map)[index] = (ushort)((float.IsNaN(value) ? QuietNaN : bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreUpper(void* map, long index, Vector512<uint> rounded)
    {
        var kept = Vector512.ShiftRightLogical(rounded, 16);
        var halves = Avx512F.IsSupported
            ? Avx512F.ConvertToVector256UInt16(kept)
            : Vector256.Narrow(kept.GetLower(), kept.GetUpper());
        halves.Store((ushort*)map + index);
    }
}
