using System.Buffers.Binary;
using System.Text;

namespace Duet.Learning.Weights.PyTorch;

/// <summary>Writes a ZIP archive of stored files, each beginning at a multiple of 64 bytes, as PyTorch aligns them for mapped reading.</summary>
/// <param name="stream">A stream that can seek, at its beginning.</param>
internal sealed class StoredZipWriter(Stream stream)
{
    private const int Alignment = 64;
    private const int LocalBytes = 30;
    private const int CentralBytes = 46;
    private const int EndBytes = 22;
    private const int ExtraHeader = 4;
    private const ushort PaddingId = 0x4246; // "FB", PyTorch's
    private const ushort Utf8Names = 1 << 11;
    private const ushort FirstDay = (1 << 5) | 1; // 1980-01-01: equal content gives equal bytes
    private readonly List<byte[]> directory = [];

    /// <summary>Writes a file.</summary>
    /// <param name="name">Its path in the archive.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="crc">Their checksum.</param>
    /// <param name="write">Writes as many bytes.</param>
    /// <exception cref="WeightsException">The archive would be larger than 4 GiB.</exception>
    public void Add(string name, long length, uint crc, Action<Stream> write)
    {
        var header = stream.Position;
        var nameBytes = Encoding.UTF8.GetBytes(name);
        var plain = header + LocalBytes + nameBytes.Length + ExtraHeader;
        var padding = (int)((Alignment - (plain % Alignment)) % Alignment);
        if (plain + padding + length > uint.MaxValue)
        {
            throw new WeightsException("The weights take more than 4 GiB, which Duet does not write for PyTorch. Export them as safetensors: name a file that ends in .safetensors.");
        }

        var local = new byte[LocalBytes + nameBytes.Length + ExtraHeader + padding];
        BinaryPrimitives.WriteUInt32LittleEndian(local, 0x04034b50);
        Common(local.AsSpan(4), (uint)length, crc, nameBytes.Length);
        U16(local, 28, (ushort)(ExtraHeader + padding));
        nameBytes.CopyTo(local, LocalBytes);
        U16(local, LocalBytes + nameBytes.Length, PaddingId);
        U16(local, LocalBytes + nameBytes.Length + 2, (ushort)padding);
        stream.Write(local);
        var begin = stream.Position;
        write(stream);
        if (stream.Position != begin + length)
        {
            throw new InvalidOperationException($"{name} has {stream.Position - begin} bytes, not {length}");
        }

        var central = new byte[CentralBytes + nameBytes.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(central, 0x02014b50);
        Common(central.AsSpan(6), (uint)length, crc, nameBytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(central.AsSpan(42), (uint)header);
        nameBytes.CopyTo(central, CentralBytes);
        directory.Add(central);
    }

    /// <summary>Writes the directory.</summary>
    public void Finish()
    {
        var start = stream.Position;
        directory.ForEach(entry => stream.Write(entry));
        var end = new byte[EndBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054b50);
        U16(end, 8, checked((ushort)directory.Count));
        U16(end, 10, (ushort)directory.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(12), checked((uint)(stream.Position - start)));
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(16), checked((uint)start));
        stream.Write(end);
    }

    /// <summary>What both headers have, from the version that is needed on.</summary>
    private static void Common(Span<byte> header, uint length, uint crc, int nameBytes)
    {
        U16(header, 0, 10);
        U16(header, 2, Utf8Names);
        U16(header, 8, FirstDay);
        BinaryPrimitives.WriteUInt32LittleEndian(header[10..], crc);
        BinaryPrimitives.WriteUInt32LittleEndian(header[14..], length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[18..], length);
        U16(header, 22, checked((ushort)nameBytes));
    }

    private static void U16(Span<byte> bytes, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes[at..], value);
}
