using System.Text;

namespace Duet.Data.Media.Mp4;

/// <summary>A box: its type, and where its content lies in the memory that holds the whole movie header.</summary>
/// <param name="Type">Four characters; bytes above ASCII become <c>?</c>.</param>
/// <param name="Content">What is in it.</param>
internal readonly record struct Box(string Type, ReadOnlyMemory<byte> Content)
{
    /// <summary>The content as numbers.</summary>
    public ByteCursor Cursor => new(Content.Span);
}

/// <summary>Walks boxes (ISO/IEC 14496-12, section 4.2).</summary>
internal static class Boxes
{
    /// <summary>Most boxes of one level; a file has a few dozen.</summary>
    private const int Most = 256;

    /// <summary>Smallest box.</summary>
    private const int Header = 8;

    /// <summary>The boxes that fill a piece of memory; null where they do not fill it exactly or are too many.</summary>
    /// <param name="data">The memory.</param>
    /// <param name="trailer">Bytes that may be left: QuickTime ends some lists with a zero word.</param>
    public static List<Box>? Children(ReadOnlyMemory<byte> data, int trailer = 0)
    {
        var boxes = new List<Box>();
        while (data.Length >= Header)
        {
            var cursor = new ByteCursor(data.Span);
            var size = cursor.U32();
            if (size < Header || size > data.Length || boxes.Count == Most) // 0 and 1 (to the end, 64 bits) do not occur in small headers
            {
                return null;
            }

            boxes.Add(new Box(Encoding.ASCII.GetString(cursor.Take(4)), data[Header..(int)size]));
            data = data[(int)size..];
        }

        return data.Length <= trailer && !data.Span.ContainsAnyExcept((byte)0) ? boxes : null;
    }

    /// <summary>The children of a level on which every type is known: each required one once, each allowed one at most once, nothing else.</summary>
    /// <param name="data">The memory.</param>
    /// <param name="required">Types, in any order.</param>
    /// <param name="allowed">Types.</param>
    /// <param name="trailer">Bytes that may be left.</param>
    /// <returns>By type; null where it is not so.</returns>
    public static Dictionary<string, Box>? Known(ReadOnlyMemory<byte> data, ReadOnlySpan<string> required, ReadOnlySpan<string> allowed, int trailer = 0)
    {
        if (Children(data, trailer) is not { } boxes)
        {
            return null;
        }

        var byType = new Dictionary<string, Box>(StringComparer.Ordinal);
        foreach (var box in boxes)
        {
            if ((!required.Contains(box.Type) && !allowed.Contains(box.Type)) || !byType.TryAdd(box.Type, box))
            {
                return null;
            }
        }

        foreach (var type in required)
        {
            if (!byType.ContainsKey(type))
            {
                return null;
            }
        }

        return byType;
    }
}
