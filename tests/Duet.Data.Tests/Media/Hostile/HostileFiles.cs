using System.Buffers.Binary;
using System.Text;

namespace Duet.Data.Tests.Media.Hostile;

/// <summary>Turns good files into traps.</summary>
internal static class HostileFiles
{
    /// <summary>A playlist of HTTP live streaming.</summary>
    public static string Playlist(string segment) => $"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:1.0,\n{segment}\n#EXT-X-ENDLIST\n";

    /// <summary>A DASH manifest.</summary>
    public static string Manifest(string address) =>
        $"""
        <?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">
        <Period><AdaptationSet mimeType="video/mp4"><Representation id="0" bandwidth="1000" codecs="avc1.64000a"><BaseURL>{address}</BaseURL></Representation></AdaptationSet></Period></MPD>
        """;

    /// <summary>Gives an AVI a stream of subtitles that are themselves a file, as some players write them ("GAB2").</summary>
    public static byte[] WithSubtitleFile(ReadOnlySpan<byte> avi, string subtitles)
    {
        var header = Chunk(avi, 12, "LIST");
        var movie = avi[12..].IndexOf("movi"u8) + 12 - 8;
        var frames = Chunk(avi, movie, "LIST");
        byte[] stream =
        [
            .. "LIST"u8, .. Little(4 + 8 + 56 + 8), .. "strl"u8,
            .. "strh"u8, .. Little(56), .. "txts"u8, .. new byte[16], .. Little(1), .. Little(25), .. Little(0), .. Little(25), .. new byte[20],
            .. "strf"u8, .. Little(0),
        ];
        byte[] text = [.. "GAB2\0"u8, 2, 0, .. Little(2), 0, 0, 4, 0, .. Little(subtitles.Length), .. Encoding.ASCII.GetBytes(subtitles)];
        byte[] packet = [.. "02tx"u8, .. Little(text.Length), .. text, .. new byte[text.Length % 2]];
        byte[] newHeader = [.. "LIST"u8, .. Little(header.Length + stream.Length), .. header, .. stream];
        BinaryPrimitives.WriteInt32LittleEndian(newHeader.AsSpan(12 + 8 + 24), 3); // streams, in the main header
        byte[] newMovie = [.. "LIST"u8, .. Little(frames.Length + packet.Length), .. "movi"u8, .. packet, .. frames[4..]];
        return [.. "RIFF"u8, .. Little(4 + newHeader.Length + newMovie.Length), .. "AVI "u8, .. newHeader, .. newMovie];
    }

    /// <summary>Makes a MOV say that its media lie in another file, by a Macintosh alias.</summary>
    public static byte[] WithReference(ReadOnlySpan<byte> mov, string path)
    {
        var name = Encoding.ASCII.GetBytes(path);
        byte[] alias =
        [
            .. new byte[10 + 1 + 27 + 12 + 1 + 63 + 16], 0xff, 0xff, 0xff, 0xff, .. new byte[16],
            0, 2, .. Big16(name.Length), .. name, .. new byte[name.Length % 2], 0xff, 0xff, 0, 0,
        ];
        byte[] entry = [.. Big(12 + alias.Length), .. "alis"u8, 0, 0, 0, 0, .. alias];
        return Boxes(mov, [.. new byte[4], .. Big(1), .. entry]);
    }

    /// <summary>Changes the codec's name of a Matroska file's subtitles.</summary>
    public static byte[] WithCodecName(ReadOnlySpan<byte> mkv, string name) =>
        Elements(mkv, "86", content => content.AsSpan().StartsWith("S_TEXT"u8) ? Encoding.UTF8.GetBytes(name) : content);

    /// <summary>Changes the length that a Matroska file claims.</summary>
    public static byte[] WithLength(ReadOnlySpan<byte> mkv, double seconds) => Elements(
        Elements(mkv, "4489", _ => BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness(BitConverter.DoubleToInt64Bits(1000 * seconds)))), "1254C367", _ => []); // no tags

    /// <summary>Elements with all of one kind changed, lengths corrected.</summary>
    private static byte[] Elements(ReadOnlySpan<byte> elements, string kind, Func<byte[], byte[]> change)
    {
        var result = new List<byte>();
        for (var at = 0; at < elements.Length;)
        {
            var id = Width(elements[at]);
            var width = Width(elements[at + id]);
            var size = (long)elements[at + id] & ((1 << (8 - width)) - 1);
            for (var i = 1; i < width; i++)
            {
                size = (size << 8) | elements[at + id + i];
            }

            var body = at + id + width;
            var end = size == (1L << (7 * width)) - 1 ? elements.Length : body + (int)size;
            var name = Convert.ToHexString(elements.Slice(at, id));
            var content = elements[body..end];
            var changed = name == kind ? change(content.ToArray())
                : name is "18538067" or "1654AE6B" or "AE" or "1549A966" ? Elements(content, kind, change) // Segment, Tracks, TrackEntry, Info
                : content.ToArray();
            result.AddRange(elements.Slice(at, id));
            result.Add(1);
            result.AddRange(BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness((long)changed.Length))[1..]);
            result.AddRange(changed);
            at = end;
        }

        return [.. result];

        static int Width(byte first) => byte.LeadingZeroCount(first) + 1;
    }

    /// <summary>Boxes with the list of references replaced wherever there is one, lengths corrected.</summary>
    private static byte[] Boxes(ReadOnlySpan<byte> boxes, byte[] references)
    {
        var result = new List<byte>();
        while (boxes.Length >= 8)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(boxes);
            var type = boxes[4..8];
            var content = boxes[8..size];
            var changed = Encoding.ASCII.GetString(type) switch
            {
                "moov" or "trak" or "mdia" or "minf" or "dinf" => Boxes(content, references),
                "dref" => references,
                _ => content.ToArray(),
            };
            result.AddRange([.. Big(8 + changed.Length), .. type, .. changed]);
            boxes = boxes[size..];
        }

        return [.. result];
    }

    private static ReadOnlySpan<byte> Chunk(ReadOnlySpan<byte> file, int at, string type) =>
        file.Slice(at, 4).SequenceEqual(Encoding.ASCII.GetBytes(type))
            ? file.Slice(at + 8, BinaryPrimitives.ReadInt32LittleEndian(file[(at + 4)..]))
            : throw new InvalidDataException($"There is no {type} at {at}.");

    private static byte[] Little(int value) => BitConverter.GetBytes(value);

    private static byte[] Big(int value) => BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness(value));

    private static byte[] Big16(int value) => BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness((short)value));
}
