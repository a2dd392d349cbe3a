using Parquet.Meta;

namespace Duet.Data.Tables;

/// <summary>
/// Checks what a Parquet file claims before the library takes memory for it: the library rents what a page header says, and makes lists as long as a footer says.
/// </summary>
internal static class ParquetFence
{
    /// <summary>A page is at most so many times as long as it is compressed: gzip comes to 1 032; what other methods do beyond that, only a lie needs.</summary>
    private const long MostExpansion = 2048;

    /// <summary>Values per byte of the file: nearly all bits of a list of floats are its floats'.</summary>
    private const long MostValuesPerByte = 1024;

    private const int MostColumns = 1000;
    private const int ShortHeader = 4096;
    private const int LongestHeader = 1 << 20; // it may hold a page's least and greatest text

    private const int SchemaField = 2;
    private const int UncompressedSize = 2;
    private const int CompressedSize = 3;
    private const int PageType = 1;

    /// <summary>What is wrong with a footer; null where it holds together.</summary>
    /// <param name="stream">The file; its position is kept.</param>
    /// <param name="length">The footer's length.</param>
    public static string? Footer(Stream stream, int length)
    {
        var numbers = new Dictionary<(int, int), long>();
        var bytes = Read(stream, stream.Length - 8 - length, length);
        return !new ThriftCursor(bytes).Walk(numbers) ? "its footer is damaged"
            : numbers.GetValueOrDefault((0, SchemaField)) is > MostColumns and var columns ? $"it claims {columns} columns"
            : null;
    }

    /// <summary>What is wrong with a column's pages in a row group; null where the library may read them.</summary>
    /// <param name="stream">The file; its position is kept.</param>
    /// <param name="chunk">What the footer says of the column.</param>
    public static string? Pages(Stream stream, ColumnMetaData chunk)
    {
        var start = chunk.DictionaryPageOffset is > 0 and var dictionary && dictionary < chunk.DataPageOffset ? dictionary : chunk.DataPageOffset;
        if (chunk.TotalCompressedSize < 0 || chunk.TotalCompressedSize > stream.Length || start < 4 || start > stream.Length - chunk.TotalCompressedSize)
        {
            return $"it claims {chunk.TotalCompressedSize} bytes from byte {start} on in a file of {stream.Length}";
        }

        if (chunk.NumValues < 0 || chunk.NumValues > MostValuesPerByte * stream.Length)
        {
            return $"it claims {chunk.NumValues} values in a file of {stream.Length} bytes";
        }

        var (position, end, values) = (start, start + chunk.TotalCompressedSize, 0L);
        while (position < end && values < chunk.NumValues)
        {
            var numbers = new Dictionary<(int Parent, int Field), long>();
            if (Header(stream, position, end, numbers) is not { } header)
            {
                return $"the page at byte {position} has no header that can be read";
            }

            position += header;
            var (expanded, compressed) = (numbers.GetValueOrDefault((0, UncompressedSize), -1), numbers.GetValueOrDefault((0, CompressedSize), -1));
            if (compressed < 0 || compressed > end - position || expanded < 0 || expanded > MostExpansion * (compressed + 16))
            {
                return $"the page at byte {position} claims {compressed} bytes that become {expanded}";
            }

            var isDictionary = numbers.GetValueOrDefault((0, PageType)) == 2;
            var count = isDictionary ? numbers.GetValueOrDefault((7, 1), -1) : numbers.GetValueOrDefault((5, 1), numbers.GetValueOrDefault((8, 1), -1));
            if (count < 0 || count > (isDictionary ? (expanded / 4) + 1 : chunk.NumValues - values)
                || numbers.GetValueOrDefault((8, 5)) is var defined && (defined < 0 || defined > expanded)
                || numbers.GetValueOrDefault((8, 6)) is var repeated && (repeated < 0 || repeated > expanded))
            {
                return $"the page at byte {position} claims {count} values";
            }

            values += isDictionary ? 0 : count;
            position += compressed;
        }

        return values == chunk.NumValues ? null : $"its pages hold {values} values, and it claims {chunk.NumValues}";
    }

    /// <summary>A page header's length; null where it can't be read.</summary>
    private static int? Header(Stream stream, long position, long end, Dictionary<(int Parent, int Field), long> numbers)
    {
        foreach (var most in new[] { ShortHeader, LongestHeader })
        {
            numbers.Clear();
            var cursor = new ThriftCursor(Read(stream, position, (int)Math.Min(most, end - position)));
            if (cursor.Walk(numbers))
            {
                return cursor.Position;
            }
        }

        return null;
    }

    private static byte[] Read(Stream stream, long position, int length)
    {
        var before = stream.Position;
        var bytes = new byte[length];
        stream.Position = position;
        stream.ReadExactly(bytes);
        stream.Position = before;
        return bytes;
    }
}
