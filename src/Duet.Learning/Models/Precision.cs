namespace Duet.Learning.Models;

/// <summary>What the convolutions compute in. Parameters, statistics, heads and losses are fp32 in every case.</summary>
public enum Precision
{
    /// <summary>bf16 where this machine computes it natively, else fp32; see <see cref="PrecisionPolicy"/>.</summary>
    Auto,

    /// <summary>32-bit floats throughout.</summary>
    Fp32,

    /// <summary>bf16 activations and convolutions over fp32 master weights.</summary>
    Bf16,
}
