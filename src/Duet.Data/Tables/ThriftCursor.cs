namespace Duet.Data.Tables;

/// <summary>
/// Walks through a structure in Thrift's compact protocol, in which Parquet writes its footer and its page headers, and builds nothing: whether it holds together is known
/// before a library makes lists as long as it claims, or calls itself as deep as it nests.
/// </summary>
/// <param name="bytes">Begins with the structure.</param>
internal ref struct ThriftCursor(ReadOnlySpan<byte> bytes)
{
    /// <summary>Footers nest five deep.</summary>
    private const int Deepest = 16;

    private readonly ReadOnlySpan<byte> bytes = bytes;
    private Dictionary<(int Parent, int Field), long>? numbers;

    /// <summary>Bytes walked.</summary>
    public int Position { get; private set; }

    /// <summary>Walks through one structure.</summary>
    /// <param name="found">Gets the numbers in it and in structures that are its fields, by field (0 and the field for its own), and the lengths of its lists.</param>
    /// <returns>Whether it holds together.</returns>
    public bool Walk(Dictionary<(int Parent, int Field), long> found)
    {
        numbers = found;
        return Structure(depth: 0, parent: 0);
    }

    private bool Structure(int depth, int parent)
    {
        for (var field = 0; ;)
        {
            if (depth > Deepest || !Byte(out var head))
            {
                return false;
            }

            if (head == 0)
            {
                return true;
            }

            if (head >> 4 != 0)
            {
                field += head >> 4;
            }
            else if (Number(out var id))
            {
                field = (int)id;
            }
            else
            {
                return false;
            }

            if (!Value(head & 15, depth, parent, field, inList: false))
            {
                return false;
            }
        }
    }

    private bool Value(int type, int depth, int parent, int field, bool inList)
    {
        switch (type)
        {
            case 1 or 2: // a field's type is its value
                return !inList || Skip(1);
            case 3:
                return Skip(1);
            case 4 or 5 or 6:
                var whole = Number(out var number);
                if (depth <= 1 && !inList)
                {
                    numbers![(parent, field)] = number;
                }

                return whole;
            case 7:
                return Skip(8);
            case 8:
                return Varint(out var length) && Skip(length);
            case 9 or 10:
                return List(depth, field);
            case 11:
                return Map(depth, field);
            case 12:
                return Structure(depth + 1, field);
            default:
                return false;
        }
    }

    private bool List(int depth, int field)
    {
        if (!Byte(out var head))
        {
            return false;
        }

        var count = (ulong)(head >> 4);
        if ((count == 15 && !Varint(out count)) || count > (ulong)(bytes.Length - Position))
        {
            return false; // an element takes a byte at least
        }

        if (depth == 0)
        {
            numbers![(0, field)] = (long)count;
        }

        return Elements(count, head & 15, depth, field);
    }

    private bool Map(int depth, int field)
    {
        if (!Varint(out var count))
        {
            return false;
        }

        if (count == 0)
        {
            return true;
        }

        if (!Byte(out var types) || count > (ulong)(bytes.Length - Position) / 2)
        {
            return false;
        }

        for (var i = 0UL; i < count; i++)
        {
            if (!Value(types >> 4, depth + 1, field, 0, inList: true) || !Value(types & 15, depth + 1, field, 0, inList: true))
            {
                return false;
            }
        }

        return true;
    }

    private bool Elements(ulong count, int type, int depth, int field)
    {
        for (var i = 0UL; i < count; i++)
        {
            // Deeper than numbers are kept: an element's are nobody's.
            if (depth > Deepest || !Value(type, depth + 1, field, 0, inList: true))
            {
                return false;
            }
        }

        return true;
    }

    private bool Number(out long value)
    {
        var whole = Varint(out var zigzag);
        value = (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
        return whole;
    }

    private bool Varint(out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (!Byte(out var next))
            {
                return false;
            }

            value |= shift < 64 ? (ulong)(next & 127) << shift : 0;
            if (next < 128)
            {
                return true;
            }
        }

        return false;
    }

    private bool Byte(out byte value)
    {
        var there = Position < bytes.Length;
        value = there ? bytes[Position++] : (byte)0;
        return there;
    }

    private bool Skip(ulong count)
    {
        if (count > (ulong)(bytes.Length - Position))
        {
            return false;
        }

        Position += (int)count;
        return true;
    }
}
