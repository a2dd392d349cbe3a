using System.Buffers.Binary;

namespace Duet.Data.Media.Mp4;

/// <summary>Reads big-endian numbers from front to back. What lies behind the end reads as 0 and is remembered, so that a parser asks once, at its end.</summary>
internal ref struct ByteCursor(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> rest = bytes;

    /// <summary>Whether more was asked for than there is.</summary>
    public bool Failed { get; private set; }

    /// <summary>Bytes that are left.</summary>
    public readonly int Left => rest.Length;

    public byte U8() => Take(1) is { Length: 1 } b ? b[0] : (byte)0;

    public ushort U16() => Take(2) is { Length: 2 } b ? BinaryPrimitives.ReadUInt16BigEndian(b) : (ushort)0;

    public uint U32() => Take(4) is { Length: 4 } b ? BinaryPrimitives.ReadUInt32BigEndian(b) : 0;

    public ulong U64() => Take(8) is { Length: 8 } b ? BinaryPrimitives.ReadUInt64BigEndian(b) : 0;

    public void Skip(int count) => Take(count);

    /// <summary>The next bytes; empty where there are not so many.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > rest.Length)
        {
            Failed = true;
            rest = default;
            return default;
        }

        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}

/// <summary>Reads bits, most significant first, and Exp-Golomb codes (H.264, section 9.1); behind the end it fails as <see cref="ByteCursor"/> does.</summary>
internal ref struct BitCursor(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;
    private long position;

    /// <summary>Whether more was asked for than there is, or a code was longer than 32 bits.</summary>
    public bool Failed { get; private set; }

    /// <summary>Bits that are left.</summary>
    public readonly long Left => Failed ? 0 : (8L * bytes.Length) - position;

    public bool Flag() => Bits(1) != 0;

    /// <summary>At most 32 bits.</summary>
    public uint Bits(int count)
    {
        if (count > Left)
        {
            Failed = true;
            return 0;
        }

        var value = 0UL;
        for (var i = 0; i < count; i++, position++)
        {
            value = (value << 1) | (uint)((bytes[(int)(position >> 3)] >> (7 - (int)(position & 7))) & 1);
        }

        return (uint)value;
    }

    /// <summary>ue(v).</summary>
    public uint Unsigned()
    {
        var zeros = 0;
        while (!Failed && !Flag())
        {
            if (++zeros > 31)
            {
                Failed = true;
            }
        }

        return Failed ? 0 : (uint)((1UL << zeros) - 1 + Bits(zeros));
    }

    /// <summary>se(v).</summary>
    public int Signed()
    {
        var code = Unsigned();
        return (code & 1) != 0 ? (int)((code >> 1) + 1) : -(int)(code >> 1);
    }
}
