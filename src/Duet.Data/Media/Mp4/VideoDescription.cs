namespace Duet.Data.Media.Mp4;

/// <summary>The sample entry of an H.264 track (ISO/IEC 14496-15, section 5.4), together with what its parameter set says.</summary>
internal sealed record VideoDescription
{
    private const int Fields = 78;

    private static readonly string[] Extras = ["pasp", "colr", "btrt"];

    public required H264Parameters Parameters { get; init; }

    /// <summary>The container's pixel aspect; null where it has none.</summary>
    public Rational? PixelAspect { get; init; }

    /// <summary>The container's colour matrix and range.</summary>
    public (int Matrix, bool? FullRange)? Colour { get; init; }

    /// <summary>Reads a sample entry; null where it is not of a plain kind, or where the first packet brings other parameters.</summary>
    public static VideoDescription? Read(ReadOnlyMemory<byte> entry, ReadOnlySpan<byte> packet)
    {
        var cursor = new ByteCursor(entry.Span);
        cursor.Skip(6);
        var reference = cursor.U16();
        cursor.Skip(16);
        var (width, height) = (cursor.U16(), cursor.U16());
        cursor.Skip(46); // resolution, frames per packet, the compressor's name
        var depth = cursor.U16();
        cursor.U16();
        if (cursor.Failed || reference != 1 || depth != 24
            || Boxes.Known(entry[Fields..], ["avcC"], Extras, trailer: 4) is not { } boxes
            || Configuration(boxes["avcC"].Content.Span) is not { } configuration
            || H264Parameters.Read(configuration.Set.Span) is not { } parameters
            || parameters.Width != width || parameters.Height != height
            || !IsPlain(packet, configuration.LengthBytes, configuration.Set.Span))
        {
            return null;
        }

        var description = new VideoDescription { Parameters = parameters };
        if (boxes.TryGetValue("pasp", out var aspect))
        {
            var numbers = aspect.Cursor;
            var (x, y) = (numbers.U32(), numbers.U32());
            if (numbers.Failed || x is 0 or > 32767 || y is 0 or > 32767)
            {
                return null;
            }

            description = description with { PixelAspect = new Rational(x, y) };
        }

        return boxes.TryGetValue("colr", out var colour) ? description.WithColour(colour.Cursor) : description;
    }

    /// <summary>Writes what it knows into a stream's record; null where the number of frames per second, the colours or the shape are not plain.</summary>
    public MediaStream? Complete(MediaStream stream, Track track)
    {
        // Where no pixel aspect is given, a size to show it at that is not its own would give one.
        if (PixelAspect is null && track.Shown != (0, 0) && track.Shown != ((uint)Parameters.Width, (uint)Parameters.Height))
        {
            return null;
        }

        var rate = (Numerator: (Int128)track.TimeScale * track.Table.Samples, Denominator: (Int128)track.Table.Duration);
        if (rate.Numerator > long.MaxValue || new Rational((long)rate.Numerator, (long)rate.Denominator) is not { Numerator: <= int.MaxValue, Denominator: <= int.MaxValue } frameRate)
        {
            return null;
        }

        var full = Parameters.FullRange ?? Colour?.FullRange ?? false;
        var chroma = Parameters.ChromaFormat switch { 1 => "420", 2 => "422", _ => "444" };
        var matrix = Parameters.Matrix ?? Colour?.Matrix ?? 2;
        if (matrix is not (1 or 2 or 4 or 5 or 6 or 7 or 9 or 10) || (full && Parameters.BitDepth != 8))
        {
            return null;
        }

        return stream with
        {
            Codec = "h264",
            Width = Parameters.Width,
            Height = Parameters.Height,
            PixelAspect = PixelAspect ?? Parameters.PixelAspect ?? 1,
            PixelFormat = Parameters.BitDepth == 10 ? $"yuv{chroma}p10le" : full ? $"yuvj{chroma}p" : $"yuv{chroma}p",
            ColourMatrix = matrix switch { 1 => "bt709", 4 => "fcc", 5 => "bt470bg", 6 => "smpte170m", 7 => "smpte240m", 9 => "bt2020nc", 10 => "bt2020c", _ => null },
            Rotation = track.Rotation,
            FrameRate = frameRate,
        };
    }

    private VideoDescription? WithColour(ByteCursor cursor)
    {
        var kind = cursor.Take(4);
        var isNclx = kind.SequenceEqual("nclx"u8);
        if (!isNclx && !kind.SequenceEqual("nclc"u8))
        {
            return null;
        }

        cursor.Skip(4);
        var matrix = cursor.U16();
        bool? full = isNclx ? cursor.U8() >= 0x80 : null;
        return cursor.Failed ? null : this with { Colour = (matrix, full) };
    }

    /// <summary>One sequence and one picture parameter set, and how many bytes give a NAL unit's length.</summary>
    private static (ReadOnlyMemory<byte> Set, int LengthBytes)? Configuration(ReadOnlySpan<byte> configuration)
    {
        var cursor = new ByteCursor(configuration);
        var version = cursor.U8();
        cursor.Skip(3);
        var length = (cursor.U8() & 3) + 1;
        if (version != 1 || length == 3 || (cursor.U8() & 31) != 1)
        {
            return null;
        }

        var set = cursor.Take(cursor.U16()).ToArray();
        return cursor.U8() != 1 || cursor.Failed ? null : (set, length);
    }

    /// <summary>The first packet is whole NAL units, has a slice, and repeats no parameter set that differs.</summary>
    private static bool IsPlain(ReadOnlySpan<byte> packet, int lengthBytes, ReadOnlySpan<byte> set)
    {
        var cursor = new ByteCursor(packet);
        var hasSlice = false;
        while (cursor.Left > 0)
        {
            var length = lengthBytes switch { 1 => cursor.U8(), 2 => cursor.U16(), _ => (long)cursor.U32() };
            var unit = cursor.Take((int)Math.Min(length, int.MaxValue));
            if (unit.IsEmpty)
            {
                return false;
            }

            var type = unit[0] & 31;
            hasSlice |= type is 1 or 5;
            if (type == 7 && !unit.SequenceEqual(set))
            {
                return false;
            }
        }

        return hasSlice;
    }
}
