namespace Duet.Data.Media.Mp4;

/// <summary>A sound stream's codec as a probe reports it.</summary>
/// <param name="Codec">ffmpeg's name.</param>
/// <param name="SampleRate">Hz.</param>
/// <param name="Channels">How many.</param>
internal sealed record SoundParameters(string Codec, int SampleRate, int Channels)
{
    private const int LowComplexity = 2;
    private const int SpectralBandReplication = 5;

    private static readonly int[] AacRates = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];
    private static readonly int[] Mp3Rates = [44100, 48000, 32000];

    /// <summary>Reads an elementary stream descriptor (ISO/IEC 14496-1, section 7.2.6) and, where it is not enough, the first packet; null where they are of no plain kind.</summary>
    /// <param name="descriptor">The <c>esds</c> box's content.</param>
    /// <param name="packet">The first packet.</param>
    public static SoundParameters? Read(ReadOnlySpan<byte> descriptor, ReadOnlySpan<byte> packet)
    {
        var cursor = new ByteCursor(descriptor);
        cursor.Skip(4);
        if (Tag(ref cursor) != 3)
        {
            return null;
        }

        cursor.U16();
        if (cursor.U8() >= 0x20 || Tag(ref cursor) != 4) // depends on another stream, lies elsewhere, or has a clock of its own
        {
            return null;
        }

        var type = cursor.U8();
        cursor.Skip(12);
        if (cursor.Failed)
        {
            return null;
        }

        return type switch
        {
            0x40 when Tag(ref cursor, out var length) == 5 => Aac(cursor.Take(length), packet),
            0x69 or 0x6B => Mp3(packet),
            _ => null,
        };
    }

    /// <summary>AAC-LC, where no extension of its band or its channels can hide in the packets.</summary>
    private static SoundParameters? Aac(ReadOnlySpan<byte> configuration, ReadOnlySpan<byte> packet)
    {
        var bits = new BitCursor(configuration);
        var profile = bits.Bits(5);
        var rate = bits.Bits(4);
        var channels = bits.Bits(4);
        bits.Bits(3); // frame length, dependency, extension: must be zero, see below
        if (bits.Failed || profile != LowComplexity || rate >= AacRates.Length || channels is not (>= 1 and <= 6) || (configuration[1] & 7) != 0)
        {
            return null;
        }

        var hertz = AacRates[rate];
        if (bits.Left >= 16)
        {
            // The extension said to be absent, and no more said.
            if (bits.Bits(11) != 0x2B7 || bits.Bits(5) != SpectralBandReplication || bits.Bits(1) != 0 || bits.Failed || bits.Left > 11)
            {
                return null;
            }
        }
        else if (hertz <= 24_000)
        {
            return null; // nothing said: decoders look for the extension in the packets
        }

        // A packet that begins with a channel pair where one channel was announced, or the other way round, changes what a decoder reports.
        var element = packet.Length > 0 ? packet[0] >> 5 : -1;
        return element < 0 || (element == 0 && channels == 2) || (element == 1 && channels == 1) ? null : new SoundParameters("aac", hertz, (int)channels);
    }

    /// <summary>MPEG-1 and MPEG-2 layer 3 by the first packet's header (ISO/IEC 11172-3, section 2.4.1.3).</summary>
    private static SoundParameters? Mp3(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < 4 || packet[0] != 0xFF || (packet[1] & 0xE0) != 0xE0)
        {
            return null;
        }

        var (version, layer, bitrate, rate, mode) = ((packet[1] >> 3) & 3, (packet[1] >> 1) & 3, packet[2] >> 4, (packet[2] >> 2) & 3, packet[3] >> 6);
        return version is not (2 or 3) || layer != 1 || bitrate is 0 or 15 || rate == 3 ? null : new SoundParameters("mp3", Mp3Rates[rate] >> (version == 2 ? 1 : 0), mode == 3 ? 1 : 2);
    }

    private static int Tag(ref ByteCursor cursor) => Tag(ref cursor, out _);

    private static int Tag(ref ByteCursor cursor, out int length)
    {
        var tag = cursor.U8();
        length = 0;
        for (var i = 0; i < 4; i++)
        {
            var b = cursor.U8();
            length = (length << 7) | (b & 0x7F);
            if (b < 0x80)
            {
                break;
            }
        }

        return cursor.Failed ? -1 : tag;
    }
}
