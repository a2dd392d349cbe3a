using System.Buffers.Binary;

namespace Duet.Data.Media;

/// <summary>The 44-byte header of a WAV file with 16-bit mono PCM.</summary>
internal static class WavHeader
{
    public const int Length = 44;

    /// <summary>The header for a number of samples.</summary>
    /// <param name="sampleRate">Hz.</param>
    /// <param name="sampleCount">At most 2^31 - 23: a RIFF file's length has 32 bits.</param>
    public static byte[] Build(int sampleRate, long sampleCount)
    {
        var data = checked((uint)(2 * sampleCount));
        var header = new byte[Length];
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), checked(data + 36));
        "WAVEfmt "u8.CopyTo(header.AsSpan(8));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), 16);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(20), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(22), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(24), (uint)sampleRate);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), (uint)(2 * sampleRate));
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(32), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(34), 16);
        "data"u8.CopyTo(header.AsSpan(36));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(40), data);
        return header;
    }
}
