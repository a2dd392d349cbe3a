using System.Globalization;
using System.Text;

namespace Duet.Data.Store;

/// <summary>USTAR headers, the same bytes for the same entry always: no user, no time.</summary>
internal static class Tar
{
    /// <summary>Size of a block; headers take one, contents are padded to whole ones.</summary>
    public const int Block = 512;

    /// <summary>Zero bytes that end an archive.</summary>
    public const int EndLength = 2 * Block;

    /// <summary>A header.</summary>
    /// <param name="name">At most 100 ASCII characters.</param>
    /// <param name="length">At most <see cref="StoreLayout.MaxEntry"/>.</param>
    public static byte[] Header(string name, long length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, 100, nameof(name));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)length, (ulong)StoreLayout.MaxEntry, nameof(length));
        var header = new byte[Block];
        Write(0, name);
        Write(100, "0000644\0");
        Write(108, "0000000\0");
        Write(116, "0000000\0");
        Write(124, Octal(length, 11) + "\0");
        Write(136, "00000000000\0");
        Write(148, "        ");
        header[156] = (byte)'0';
        Write(257, "ustar\0");
        Write(263, "00");
        Write(329, "0000000\0");
        Write(337, "0000000\0");
        Write(148, Octal(header.Sum(b => b), 6) + "\0 ");
        return header;

        void Write(int offset, string text) => Encoding.ASCII.GetBytes(text, header.AsSpan(offset));
    }

    /// <summary>Bytes that an entry takes: header, content, padding.</summary>
    public static long Space(long length) => Block + length + Padding(length);

    /// <summary>Zero bytes after a content.</summary>
    public static int Padding(long length) => (int)((Block - (length % Block)) % Block);

    private static string Octal(long value, int digits) =>
        Convert.ToString(value, 8).PadLeft(digits, '0').ToString(CultureInfo.InvariantCulture);
}
