using System.Buffers.Binary;
using System.IO.Compression;

namespace Duet.Reports.Charts;

/// <summary>Writes small images as PNG (ISO/IEC 15948): from a palette of 256 colours, or in full colour with transparency. No native library.</summary>
internal static class Png
{
    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];
    private static readonly uint[] CrcTable = MakeCrcTable();

    /// <summary>The image's bytes.</summary>
    /// <param name="pixels">Palette indices, row by row from the top, [height, width].</param>
    /// <param name="width">Width, pixels.</param>
    /// <param name="height">Height, pixels.</param>
    /// <param name="palette">256 RGB colours, 768 bytes.</param>
    public static byte[] Encode(ReadOnlySpan<byte> pixels, int width, int height, ReadOnlySpan<byte> palette)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNotEqual(pixels.Length, checked(width * height));
        ArgumentOutOfRangeException.ThrowIfNotEqual(palette.Length, 768);

        return Encode(pixels, width, height, 1, 3, palette);
    }

    /// <summary>The image's bytes.</summary>
    /// <param name="pixels">Red, green, blue, opacity, row by row from the top, [height, width, 4].</param>
    /// <param name="width">Width, pixels.</param>
    /// <param name="height">Height, pixels.</param>
    public static byte[] EncodeRgba(ReadOnlySpan<byte> pixels, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNotEqual(pixels.Length, checked(width * height * 4));
        return Encode(pixels, width, height, 4, 6, []);
    }

    private static byte[] Encode(ReadOnlySpan<byte> pixels, int width, int height, int bytesPerPixel, byte colourType, ReadOnlySpan<byte> palette)
    {
        using var output = new MemoryStream();
        output.Write(Signature);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8; // bits per channel, or per palette index
        header[9] = colourType;
        header[10..].Clear(); // deflate, the only filter method, not interlaced
        Chunk(output, "IHDR"u8, header);
        if (!palette.IsEmpty)
        {
            Chunk(output, "PLTE"u8, palette);
        }

        using var data = new MemoryStream();
        using (var deflate = new ZLibStream(data, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            for (int y = 0; y < height; y++)
            {
                deflate.WriteByte(0); // this row is stored unfiltered: filters help neither palettes nor noise
                deflate.Write(pixels.Slice(y * width * bytesPerPixel, width * bytesPerPixel));
            }
        }

        Chunk(output, "IDAT"u8, data.GetBuffer().AsSpan(0, (int)data.Length));
        Chunk(output, "IEND"u8, []);
        return output.ToArray();
    }

    private static void Chunk(MemoryStream output, ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        output.Write(number);
        output.Write(type);
        output.Write(content);
        uint crc = Crc(Crc(0xFFFFFFFF, type), content) ^ 0xFFFFFFFF;
        BinaryPrimitives.WriteUInt32BigEndian(number, crc);
        output.Write(number);
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            crc = CrcTable[(crc ^ b) & 0xFF] ^ (crc >> 8);
        }

        return crc;
    }

    private static uint[] MakeCrcTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
            }

            table[i] = value;
        }

        return table;
    }
}
