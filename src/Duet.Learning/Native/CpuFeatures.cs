using System.Runtime.Intrinsics.X86;

namespace Duet.Learning.Native;

/// <summary>What this CPU computes in bf16 without emulation; anything else is libtorch's business.</summary>
/// <param name="HasAvx512Bf16">AVX-512 with dot products of bf16.</param>
/// <param name="HasAmxBf16">Matrix tiles of bf16.</param>
public sealed record CpuFeatures(bool HasAvx512Bf16, bool HasAmxBf16)
{
    /// <summary>This machine's.</summary>
    public static CpuFeatures Current { get; } = Detect();

    /// <summary>Whether bf16 convolutions run natively.</summary>
    public bool HasBf16 => HasAvx512Bf16 || HasAmxBf16;

    /// <summary><c>avx512_bf16 amx_bf16</c>, or <c>none</c>.</summary>
    public override string ToString()
    {
        var names = new List<string>();
        if (HasAvx512Bf16)
        {
            names.Add("avx512_bf16");
        }

        if (HasAmxBf16)
        {
            names.Add("amx_bf16");
        }

        return names.Count == 0 ? "none" : string.Join(' ', names);
    }

    private static CpuFeatures Detect()
    {
        // Avx512F.IsSupported also says that the system saves the wide registers; the bits alone do not.
        if (!X86Base.IsSupported || !Avx512F.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
        {
            return new CpuFeatures(HasAvx512Bf16: false, HasAmxBf16: false);
        }

        var leaf = X86Base.CpuId(7, 0);
        var bf16 = leaf.Eax >= 1 && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;
        const int AmxBf16 = 1 << 22;
        const int AmxTile = 1 << 24;
        return new CpuFeatures(bf16, (leaf.Edx & (AmxBf16 | AmxTile)) == (AmxBf16 | AmxTile));
    }
}
