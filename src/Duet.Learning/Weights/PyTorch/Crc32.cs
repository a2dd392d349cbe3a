namespace Duet.Learning.Weights.PyTorch;

/// <summary>ZIP's checksum, over eight bytes at a time.</summary>
internal static class Crc32
{
    private const int Slices = 8;
    private static readonly uint[][] Tables = MakeTables();

    /// <summary>The checksum of some bytes, or of what went before and them.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="before">The checksum of what went before.</param>
    public static uint Of(ReadOnlySpan<byte> bytes, uint before = 0)
    {
        var crc = ~before;
        for (; bytes.Length >= Slices; bytes = bytes[Slices..])
        {
            var low = BitConverter.ToUInt32(bytes) ^ crc;
            var high = BitConverter.ToUInt32(bytes[4..]);
            crc = Tables[7][low & 0xff] ^ Tables[6][(low >> 8) & 0xff] ^ Tables[5][(low >> 16) & 0xff] ^ Tables[4][low >> 24]
                ^ Tables[3][high & 0xff] ^ Tables[2][(high >> 8) & 0xff] ^ Tables[1][(high >> 16) & 0xff] ^ Tables[0][high >> 24];
        }

        foreach (var value in bytes)
        {
            crc = Tables[0][(crc ^ value) & 0xff] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static uint[][] MakeTables()
    {
        const uint Polynomial = 0xEDB88320;
        var tables = new uint[Slices][];
        for (var t = 0; t < Slices; t++)
        {
            tables[t] = new uint[256];
            for (var i = 0u; i < 256; i++)
            {
                var value = t == 0 ? i : tables[t - 1][i];
                for (var bit = 0; bit < 8; bit++)
                {
                    value = (value >> 1) ^ ((value & 1) * Polynomial);
                }

                tables[t][i] = value;
            }
        }

        return tables;
    }
}
