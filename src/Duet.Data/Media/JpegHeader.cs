using System.Buffers.Binary;

namespace Duet.Data.Media;

/// <summary>
/// Looks at a JPEG's header before a decoder does. Stores hold baseline JPEGs of one scan, whose decoding costs what their pixels cost. A progressive one,
/// or one of many scans, costs that for every scan, of which a few bytes are enough: hours and gigabytes from a small file.
/// </summary>
internal static class JpegHeader
{
    /// <summary>What speaks against decoding it; null where nothing does.</summary>
    /// <param name="jpeg">The JPEG.</param>
    public static string? Problem(ReadOnlySpan<byte> jpeg)
    {
        if (!jpeg.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8]))
        {
            return "it is no JPEG";
        }

        var (components, blocks) = (0, 0L);
        for (var at = 2; ;)
        {
            while (at < jpeg.Length - 1 && jpeg[at] == 0xFF && jpeg[at + 1] == 0xFF)
            {
                at++; // fill
            }

            if (at > jpeg.Length - 4 || jpeg[at] != 0xFF)
            {
                return "its header is damaged or ends too early";
            }

            var marker = jpeg[at + 1];
            var length = BinaryPrimitives.ReadUInt16BigEndian(jpeg[(at + 2)..]);
            if (length < 2 || length > jpeg.Length - at - 2)
            {
                return "its header is damaged or ends too early";
            }

            var segment = jpeg.Slice(at + 4, length - 2);
            at += 2 + length;
            switch (marker)
            {
                case 0xC0 or 0xC1 when components == 0 && segment.Length >= 6:
                    components = segment[5];
                    blocks = ((BinaryPrimitives.ReadUInt16BigEndian(segment[1..]) + 7L) / 8) * ((BinaryPrimitives.ReadUInt16BigEndian(segment[3..]) + 7L) / 8);
                    break;
                case 0xC4 or 0xDB or 0xDD or 0xFE or (>= 0xE0 and <= 0xEF):
                    break;
                case 0xDA:
                    // A block takes at least two codes, of at least a bit each.
                    return components == 0 || segment.Length == 0 || segment[0] != components ? "it has its colours in several scans, and a stored frame has one"
                        : (jpeg.Length - at) * 4L < blocks ? "it ends too early: it has fewer bits than its pixels take"
                        : null;
                case >= 0xC0 and <= 0xCF:
                    return "it is no baseline JPEG (progressive, arithmetic or lossless), and a stored frame is";
                default:
                    return "its header is damaged or ends too early";
            }
        }
    }
}
