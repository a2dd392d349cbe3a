using System.Buffers.Binary;
using System.Text;

namespace Duet.Learning.Weights.PyTorch;

/// <summary>One file of an archive.</summary>
/// <param name="Name">Its path in the archive.</param>
/// <param name="Start">Its first byte in the archive.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Crc">Their checksum.</param>
internal sealed record ZipEntry(string Name, long Start, long Length, uint Crc);

/// <summary>
/// Reads the directory of a ZIP archive as <c>torch.save</c> writes it: files stored, never compressed (so that nothing is larger than the bytes
/// that stand for it), one after the other without overlap, under plain relative names, on one disk. The rest of what ZIP allows is refused.
/// </summary>
internal static class StoredZip
{
    private const uint LocalSignature = 0x04034b50;
    private const uint CentralSignature = 0x02014b50;
    private const uint EndSignature = 0x06054b50;
    private const uint End64Signature = 0x06064b50;
    private const uint Locator64Signature = 0x07064b50;
    private const int LocalBytes = 30;
    private const int CentralBytes = 46;
    private const int EndBytes = 22;
    private const int End64Bytes = 56;
    private const int Locator64Bytes = 20;
    private const int MaximumEntries = 100_000;
    private const int MaximumDirectoryBytes = 64 << 20;
    private const int MaximumNameBytes = 1024;
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private sealed record CentralEntry(string Name, long Header, long Length, uint Crc, int NameBytes);

    /// <summary>Reads and checks the directory.</summary>
    /// <param name="stream">A stream that can seek.</param>
    /// <param name="source">What to call it in errors.</param>
    /// <returns>The files, in the order in which they lie in the archive.</returns>
    /// <exception cref="WeightsException">The archive is damaged, or uses what is refused.</exception>
    public static IReadOnlyList<ZipEntry> Read(Stream stream, string source)
    {
        var (start, length, count) = FindDirectory(stream, source);
        if (count > MaximumEntries || length > MaximumDirectoryBytes || length < count * CentralBytes)
        {
            throw PyTorchFormat.Refused(source, $"its archive lists {count} files in {length} bytes, and at most {MaximumEntries} in {MaximumDirectoryBytes >> 20} MiB are read");
        }

        stream.Position = start;
        var directory = Take(stream, (int)length);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var listed = new List<CentralEntry>();
        var at = 0;
        for (var i = 0L; i < count; i++)
        {
            var entry = ReadCentral(directory, ref at, source);
            if (!names.Add(entry.Name))
            {
                throw PyTorchFormat.Refused(source, $"its archive holds '{SafeTensorsHeader.Shown(entry.Name)}' twice");
            }

            listed.Add(entry);
        }

        if (at != directory.Length)
        {
            throw Broken(source, "its archive's directory is longer than the files that it lists");
        }

        listed.Sort((a, b) => a.Header.CompareTo(b.Header));
        var entries = new List<ZipEntry>();
        var free = 0L;
        foreach (var entry in listed)
        {
            var data = entry.Header < free ? null : LocalData(stream, entry, start, source);
            if (data is not { } first || first > start || entry.Length > start - first)
            {
                throw Broken(source, $"the file '{SafeTensorsHeader.Shown(entry.Name)}' in its archive overlaps another, or lies outside");
            }

            free = first + entry.Length;
            entries.Add(new ZipEntry(entry.Name, first, entry.Length, entry.Crc));
        }

        return entries;
    }

    /// <summary>Where the directory lies and how many files it lists.</summary>
    private static (long Start, long Length, long Count) FindDirectory(Stream stream, string source)
    {
        var tail = (int)Math.Min(stream.Length, EndBytes + ushort.MaxValue);
        stream.Position = stream.Length - tail;
        var bytes = Take(stream, tail);
        for (var at = tail - EndBytes; at >= 0; at--)
        {
            var end = bytes.AsSpan(at);
            if (U32(end) != EndSignature || U16(end[20..]) != end.Length - EndBytes)
            {
                continue;
            }

            var position = stream.Length - tail + at;
            if (U16(end[4..]) != 0 || U16(end[6..]) != 0 || U16(end[8..]) != U16(end[10..]))
            {
                throw PyTorchFormat.Refused(source, "its archive lies on several disks");
            }

            var (count, length, start) = ((long)U16(end[10..]), (long)U32(end[12..]), (long)U32(end[16..]));
            if (HasEnd64(stream, position))
            {
                // PyTorch writes the wide end always, so that what the narrow one says must be the same or be marked as too wide for it.
                var narrow = (start, length, count);
                (start, length, count, position) = ReadEnd64(stream, position, source);
                if ((narrow.start != start && narrow.start != uint.MaxValue) || (narrow.length != length && narrow.length != uint.MaxValue) || (narrow.count != count && narrow.count != ushort.MaxValue))
                {
                    throw Broken(source, "its archive's directory is described in two ways");
                }
            }

            return start >= 0 && length >= 0 && count >= 0 && start <= position && length == position - start
                ? (start, length, count)
                : throw Broken(source, "its archive's directory is not where its end says");
        }

        throw Broken(source, "its archive has no directory at its end, as one that was cut short has none");
    }

    private static bool HasEnd64(Stream stream, long end)
    {
        if (end < Locator64Bytes + End64Bytes)
        {
            return false;
        }

        stream.Position = end - Locator64Bytes;
        return U32(Take(stream, sizeof(uint))) == Locator64Signature;
    }

    private static (long Start, long Length, long Count, long Position) ReadEnd64(Stream stream, long end, string source)
    {
        stream.Position = end - Locator64Bytes;
        var locator = Take(stream, Locator64Bytes);
        var position = end - Locator64Bytes - End64Bytes;
        stream.Position = position;
        var record = Take(stream, End64Bytes).AsSpan();
        return U64(locator.AsSpan(8)) == position && U32(locator.AsSpan(4)) == 0 && U32(locator.AsSpan(16)) == 1
            && U32(record) == End64Signature && U32(record[16..]) == 0 && U32(record[20..]) == 0 && U64(record[24..]) == U64(record[32..])
            ? (U64(record[48..]), U64(record[40..]), U64(record[32..]), position)
            : throw Broken(source, "its archive's end is not where its locator says");
    }

    private static CentralEntry ReadCentral(byte[] directory, ref int at, string source)
    {
        var rest = directory.AsSpan(at);
        if (rest.Length < CentralBytes || U32(rest) != CentralSignature)
        {
            throw Broken(source, "its archive's directory is damaged");
        }

        var (flags, method, crc) = (U16(rest[8..]), U16(rest[10..]), U32(rest[16..]));
        var (compressed, length, header) = ((long)U32(rest[20..]), (long)U32(rest[24..]), (long)U32(rest[42..]));
        var (nameBytes, extraBytes, commentBytes) = (U16(rest[28..]), U16(rest[30..]), U16(rest[32..]));
        var total = CentralBytes + nameBytes + extraBytes + commentBytes;
        if (rest.Length < total)
        {
            throw Broken(source, "its archive's directory is damaged");
        }

        var name = Name(rest.Slice(CentralBytes, nameBytes), source);
        if (method != 0 || (flags & 1) != 0)
        {
            throw PyTorchFormat.Refused(source, $"the file '{SafeTensorsHeader.Shown(name)}' in its archive is {((flags & 1) != 0 ? "encrypted" : "compressed")}, and torch.save stores files as they are");
        }

        if (compressed == uint.MaxValue || length == uint.MaxValue || header == uint.MaxValue)
        {
            Widen(rest.Slice(CentralBytes + nameBytes, extraBytes), ref length, ref compressed, ref header);
        }

        if (compressed != length || length < 0 || header < 0)
        {
            throw Broken(source, $"the file '{SafeTensorsHeader.Shown(name)}' in its archive has two sizes");
        }

        at += total;
        return new CentralEntry(name, header, length, crc, nameBytes);
    }

    /// <summary>Takes the 64-bit numbers of the extra field 1, those that are marked, in their order. What is missing stays marked and does not fit later.</summary>
    private static void Widen(ReadOnlySpan<byte> extra, ref long length, ref long compressed, ref long header)
    {
        while (extra.Length >= 4)
        {
            var (id, size) = (U16(extra), U16(extra[2..]));
            if (extra.Length < 4 + size)
            {
                return;
            }

            if (id == 1)
            {
                var field = extra.Slice(4, size);
                Next(ref field, ref length);
                Next(ref field, ref compressed);
                Next(ref field, ref header);
                return;
            }

            extra = extra[(4 + size)..];
        }

        static void Next(ref ReadOnlySpan<byte> field, ref long value)
        {
            if (value == uint.MaxValue && field.Length >= 8)
            {
                value = U64(field);
                field = field[8..];
            }
        }
    }

    /// <summary>A name that means the same everywhere and stays below the folder that it is in.</summary>
    private static string Name(ReadOnlySpan<byte> bytes, string source)
    {
        if (bytes.Length is 0 or > MaximumNameBytes)
        {
            throw PyTorchFormat.Refused(source, $"a name in its archive has {bytes.Length} bytes");
        }

        string name;
        try
        {
            name = StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw Broken(source, "a name in its archive is not UTF-8", e);
        }

        return name.Split('/').All(part => part is not ("" or "." or "..")) && !name.Any(c => char.IsControl(c) || c is '\\' or ':')
            ? name
            : throw PyTorchFormat.Refused(source, $"the name '{SafeTensorsHeader.Shown(name)}' in its archive leads elsewhere");
    }

    /// <summary>Where a file's bytes begin, by its own header, which must agree with the directory; null where it lies outside.</summary>
    private static long? LocalData(Stream stream, CentralEntry entry, long directory, string source)
    {
        if (entry.Header > directory - LocalBytes - entry.NameBytes)
        {
            return null;
        }

        stream.Position = entry.Header;
        var header = Take(stream, LocalBytes + entry.NameBytes).AsSpan();
        if (U32(header) != LocalSignature || U16(header[8..]) != 0 || (U16(header[6..]) & 1) != 0 || U16(header[26..]) != entry.NameBytes
            || !header[LocalBytes..].SequenceEqual(Encoding.UTF8.GetBytes(entry.Name)))
        {
            throw Broken(source, $"the file '{SafeTensorsHeader.Shown(entry.Name)}' in its archive is described in two ways");
        }

        return entry.Header + LocalBytes + entry.NameBytes + U16(header[28..]);
    }

    private static byte[] Take(Stream stream, int count)
    {
        var bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static ushort U16(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static uint U32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private static long U64(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt64LittleEndian(bytes);

    private static WeightsException Broken(string source, string what, Exception? inner = null) => PyTorchFormat.Broken(source, what, inner);
}
