namespace Duet.Data.Media.Mp4;

/// <summary>What an H.264 sequence parameter set says that a probe reports (ITU-T H.264, sections 7.3.2.1 and E.1).</summary>
/// <param name="Width">Cropped width, pixels.</param>
/// <param name="Height">Cropped height, pixels.</param>
/// <param name="ChromaFormat">1 for 4:2:0, 2 for 4:2:2, 3 for 4:4:4.</param>
/// <param name="BitDepth">8 or 10.</param>
/// <param name="PixelAspect">Width of a pixel divided by its height; null where not given.</param>
/// <param name="FullRange">Whether samples use their full range; null where not given.</param>
/// <param name="Matrix">The colour matrix's number; null where not given.</param>
internal sealed record H264Parameters(int Width, int Height, int ChromaFormat, int BitDepth, Rational? PixelAspect, bool? FullRange, int? Matrix)
{
    private const int MaxBytes = 1024;

    /// <summary>Table E-1: the aspect ratios that have a number, from 1 on.</summary>
    private static readonly Rational[] Aspects =
    [
        new(1, 1), new(12, 11), new(10, 11), new(16, 11), new(40, 33), new(24, 11), new(20, 11), new(32, 11), new(80, 33),
        new(18, 11), new(15, 11), new(64, 33), new(160, 99), new(4, 3), new(3, 2), new(2, 1),
    ];

    /// <summary>Reads a NAL unit that holds a sequence parameter set; null where it is not of a plain kind.</summary>
    public static H264Parameters? Read(ReadOnlySpan<byte> nal)
    {
        if (nal.Length is < 5 or > MaxBytes || (nal[0] & 0x9F) != 7)
        {
            return null;
        }

        Span<byte> payload = stackalloc byte[MaxBytes];
        var bits = new BitCursor(payload[..Unescape(nal[1..], payload)]);
        var profile = bits.Bits(8);
        bits.Bits(16); // constraints and level
        bits.Unsigned(); // the set's number
        var (chroma, depth) = (1, 8);
        if (profile is 100 or 110 or 122 or 244)
        {
            chroma = (int)bits.Unsigned();
            if (chroma == 3 && bits.Flag())
            {
                return null; // planes coded apart
            }

            depth = 8 + (int)Math.Min(bits.Unsigned(), 8);
            if (8 + bits.Unsigned() != depth || bits.Flag() || !SkipScalingLists(ref bits, chroma))
            {
                return null;
            }
        }
        else if (profile is not (66 or 77 or 88))
        {
            return null;
        }

        bits.Unsigned(); // frame numbers
        if (!SkipPictureOrder(ref bits))
        {
            return null;
        }

        bits.Unsigned(); // reference frames
        bits.Flag();
        var columns = bits.Unsigned();
        var rows = bits.Unsigned();
        var framesOnly = bits.Flag();
        if (!framesOnly)
        {
            bits.Flag();
        }

        bits.Flag();
        if (bits.Failed || chroma is not (>= 1 and <= 3) || depth is not (8 or 10) || columns >= 1024 || rows >= 1024)
        {
            return null;
        }

        var width = 16 * (int)(columns + 1);
        var height = 16 * (int)(rows + 1) * (framesOnly ? 1 : 2);
        if (bits.Flag())
        {
            var (left, right, top, bottom) = (bits.Unsigned(), bits.Unsigned(), bits.Unsigned(), bits.Unsigned());
            if (left != 0 || top != 0 || right >= 16 || bottom >= 32)
            {
                return null;
            }

            width -= (int)right * (chroma == 3 ? 1 : 2);
            height -= (int)bottom * (chroma == 1 ? 2 : 1) * (framesOnly ? 1 : 2);
        }

        var plain = new H264Parameters(width, height, chroma, depth, null, null, null);
        var read = bits.Flag() ? plain.WithUsability(ref bits) : plain;
        return bits.Failed || width <= 0 || height <= 0 ? null : read;
    }

    private H264Parameters? WithUsability(ref BitCursor bits)
    {
        Rational? aspect = null;
        if (bits.Flag())
        {
            var number = bits.Bits(8);
            var (x, y) = number == 255 ? (bits.Bits(16), bits.Bits(16)) : (0, 0);
            if (number is > 16 and < 255 || (number == 255 && (x == 0 || y == 0)))
            {
                return null;
            }

            aspect = number switch { 0 => null, 255 => new Rational(x, y), _ => Aspects[number - 1] };
        }

        if (bits.Flag())
        {
            bits.Flag(); // overscan
        }

        bool? full = null;
        int? matrix = null;
        if (bits.Flag())
        {
            bits.Bits(3);
            full = bits.Flag();
            if (bits.Flag())
            {
                bits.Bits(16);
                matrix = (int)bits.Bits(8);
            }
        }

        return this with { PixelAspect = aspect, FullRange = full, Matrix = matrix };
    }

    private static bool SkipScalingLists(ref BitCursor bits, int chroma)
    {
        if (!bits.Flag())
        {
            return true;
        }

        for (var list = 0; list < (chroma == 3 ? 12 : 8); list++)
        {
            if (!bits.Flag())
            {
                continue;
            }

            var (last, next) = (8, 8);
            for (var i = 0; i < (list < 6 ? 16 : 64) && next != 0; i++)
            {
                var delta = bits.Signed();
                if (bits.Failed || delta is < -128 or > 127)
                {
                    return false;
                }

                next = (last + delta + 256) % 256;
                last = next == 0 ? last : next;
            }
        }

        return true;
    }

    private static bool SkipPictureOrder(ref BitCursor bits)
    {
        switch (bits.Unsigned())
        {
            case 0:
                bits.Unsigned();
                return true;
            case 1:
                bits.Flag();
                bits.Signed();
                bits.Signed();
                var cycle = bits.Unsigned();
                for (var i = 0U; i < cycle && !bits.Failed; i++)
                {
                    bits.Signed();
                }

                return cycle < 256;
            case 2:
                return true;
            default:
                return false;
        }
    }

    /// <summary>Takes out the bytes that keep start codes from appearing inside (section 7.4.1).</summary>
    private static int Unescape(ReadOnlySpan<byte> nal, Span<byte> payload)
    {
        var (length, zeros) = (0, 0);
        foreach (var b in nal)
        {
            if (zeros >= 2 && b == 3)
            {
                zeros = 0;
                continue;
            }

            zeros = b == 0 ? zeros + 1 : 0;
            payload[length++] = b;
        }

        return length;
    }
}
