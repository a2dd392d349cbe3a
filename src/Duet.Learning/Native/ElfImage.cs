using System.Buffers.Binary;
using System.Text;

namespace Duet.Learning.Native;

/// <summary>
/// The little of a 64-bit little-endian ELF shared library that the libstdc++ cure needs: which symbol versions it defines,
/// which it needs, and where each need stands in the file. Everything is found through the section headers, never by offset.
/// </summary>
internal sealed class ElfImage
{
    /// <summary>The flag that lets the loader accept a missing version.</summary>
    public const ushort WeakFlag = 2; // VER_FLG_WEAK

    private const uint SectionVersionDefinitions = 0x6ffffffd; // SHT_GNU_verdef
    private const uint SectionVersionNeeds = 0x6ffffffe; // SHT_GNU_verneed

    private readonly byte[] bytes;
    private readonly List<(uint Type, long Offset, long Size, int Link)> sections = [];

    private ElfImage(byte[] bytes) => this.bytes = bytes;

    /// <summary>One entry of the table of needed versions.</summary>
    /// <param name="Library">The library it is needed from, <c>libstdc++.so.6</c>.</param>
    /// <param name="Version">The version, <c>GLIBCXX_3.4.32</c>.</param>
    /// <param name="Flags">Its flags.</param>
    /// <param name="FlagsOffset">Where the flags stand in the file.</param>
    public readonly record struct VersionNeed(string Library, string Version, ushort Flags, int FlagsOffset);

    /// <summary>Reads the section table.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <exception cref="InvalidDataException">It is no 64-bit little-endian ELF file, or its tables point outside of it.</exception>
    public static ElfImage Parse(byte[] bytes)
    {
        if (bytes.Length < 64 || bytes[0] != 0x7f || bytes[1] != 'E' || bytes[2] != 'L' || bytes[3] != 'F' || bytes[4] != 2 || bytes[5] != 1)
        {
            throw new InvalidDataException("not a 64-bit little-endian ELF file");
        }

        var image = new ElfImage(bytes);
        var table = checked((long)image.UInt64(0x28));
        int entrySize = image.UInt16(0x3a);
        int count = image.UInt16(0x3c);
        if (entrySize < 64)
        {
            throw new InvalidDataException("the section header entries are too small");
        }

        for (var i = 0; i < count; i++)
        {
            var at = checked(table + ((long)i * entrySize));
            image.sections.Add((image.UInt32(at + 4), checked((long)image.UInt64(at + 24)), checked((long)image.UInt64(at + 32)), (int)image.UInt32(at + 40)));
        }

        return image;
    }

    /// <summary>The symbol versions that the library defines.</summary>
    public IEnumerable<string> DefinedVersions()
    {
        foreach (var section in sections.Where(s => s.Type == SectionVersionDefinitions))
        {
            var at = section.Offset;
            while (at < section.Offset + section.Size)
            {
                var auxiliary = at + UInt32(at + 12);
                yield return Text(section.Link, UInt32(auxiliary));
                var next = UInt32(at + 16);
                if (next == 0)
                {
                    break;
                }

                at += next;
            }
        }
    }

    /// <summary>The symbol versions that the library needs from others.</summary>
    public IEnumerable<VersionNeed> NeededVersions()
    {
        foreach (var section in sections.Where(s => s.Type == SectionVersionNeeds))
        {
            var at = section.Offset;
            while (at < section.Offset + section.Size)
            {
                var library = Text(section.Link, UInt32(at + 4));
                var auxiliary = at + UInt32(at + 8);
                for (var left = UInt16(at + 2); left > 0; left--)
                {
                    yield return new VersionNeed(library, Text(section.Link, UInt32(auxiliary + 8)), UInt16(auxiliary + 4), checked((int)(auxiliary + 4)));
                    auxiliary += UInt32(auxiliary + 12);
                }

                var next = UInt32(at + 12);
                if (next == 0)
                {
                    break;
                }

                at += next;
            }
        }
    }

    private ReadOnlySpan<byte> Bytes(long offset, int length)
    {
        if (offset < 0 || offset > bytes.Length - length)
        {
            throw new InvalidDataException("a table of the ELF file points outside of it");
        }

        return bytes.AsSpan((int)offset, length);
    }

    private ushort UInt16(long offset) => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(offset, 2));

    private uint UInt32(long offset) => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(offset, 4));

    private ulong UInt64(long offset) => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(offset, 8));

    private string Text(int stringSection, uint offset)
    {
        if (stringSection < 0 || stringSection >= sections.Count)
        {
            throw new InvalidDataException("a version table of the ELF file has no string table");
        }

        var start = sections[stringSection].Offset + offset;
        var end = start;
        while (Bytes(end, 1)[0] != 0)
        {
            end++;
        }

        return Encoding.ASCII.GetString(Bytes(start, (int)(end - start)));
    }
}
