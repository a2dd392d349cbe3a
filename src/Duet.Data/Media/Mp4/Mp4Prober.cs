using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Duet.Data.Media.Mp4;

/// <summary>
/// Reads the header of a plain MP4 or MOV file: H.264 pictures, AAC-LC or MP3 sound, one description per track, no fragments.
/// What it says is what ffprobe says, in a millisecond instead of the 80 that starting ffprobe takes; every file that has anything
/// else in it is left to ffprobe. The bytes are nobody's friends: each size is checked against what is there, and nothing throws.
/// </summary>
internal static class Mp4Prober
{
    /// <summary>ffmpeg's name of the container.</summary>
    private const string Format = "mov,mp4,m4a,3gp,3g2,mj2";

    private const int MaxHeader = 32 << 20; // a table entry per packet: enough for a day
    private const int MaxTracks = 16;
    private const int MaxTopLevelBoxes = 64;

    private static readonly string[] Brands = ["isom", "iso2", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "qt  ", "M4V ", "M4A ", "MSNV", "3gp4", "3gp5", "3gp6"];

    /// <summary>Probes a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>What it holds; null where ffprobe has to be asked, which also says what is wrong with a file that can't be read.</returns>
    public static MediaProbe? TryProbe(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            return Header(file, RandomAccess.GetLength(file)) is { } header ? Movie(file, header) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A time in other ticks, rounded to the nearest, halves away from zero; times are not negative here.</summary>
    internal static long Rescale(long time, uint to, uint from) => (long)((((Int128)time * to) + (from / 2)) / from);

    /// <summary>The movie header, found among the boxes of the file's first level.</summary>
    private static byte[]? Header(SafeFileHandle file, long length)
    {
        byte[]? header = null;
        Span<byte> start = stackalloc byte[16];
        var position = 0L;
        for (var i = 0; position < length; i++)
        {
            var read = RandomAccess.Read(file, start, position);
            var cursor = new ByteCursor(start[..read]);
            var size = (ulong)cursor.U32();
            var type = cursor.Take(4);
            var content = 8;
            if (size == 1)
            {
                (size, content) = (cursor.U64(), 16);
            }

            var isMedia = type.SequenceEqual("mdat"u8);
            if (cursor.Failed || i == MaxTopLevelBoxes || size < (ulong)content || (size > (ulong)(length - position) && !isMedia))
            {
                return null;
            }

            if (i == 0)
            {
                if (!type.SequenceEqual("ftyp"u8) || !Brands.Contains(System.Text.Encoding.ASCII.GetString(cursor.Take(4))))
                {
                    return null;
                }
            }
            else if (type.SequenceEqual("moov"u8))
            {
                if (header is not null || size > MaxHeader)
                {
                    return null;
                }

                header = Read(file, position + content, (int)size - content);
                if (header is null)
                {
                    return null;
                }
            }
            else if (!isMedia && !type.SequenceEqual("free"u8) && !type.SequenceEqual("skip"u8) && !type.SequenceEqual("wide"u8))
            {
                return null;
            }

            if (size > (ulong)(length - position))
            {
                break; // the media are cut off: what was promised is still what the header says
            }

            position += (long)size;
        }

        return header;
    }

    private static MediaProbe? Movie(SafeFileHandle file, byte[] header)
    {
        if (Boxes.Children(header) is not [{ Type: "mvhd" } movie, ..] boxes || boxes.Count > MaxTracks + 3 || Clock(movie.Cursor) is not { } clock)
        {
            return null;
        }

        var streams = new List<MediaStream>();
        foreach (var box in boxes.Skip(1))
        {
            switch (box.Type)
            {
                case "trak":
                    if (Track.Read(box.Content, clock.Scale) is not { } track || Stream(file, track, streams.Count) is not { } stream)
                    {
                        return null;
                    }

                    streams.Add(stream);
                    break;
                case "udta" when Track.IsHarmless(box):
                case "iods":
                case "free":
                    break;
                default:
                    return null;
            }
        }

        return streams.Count == 0 ? null : new MediaProbe
        {
            Format = Format,
            DurationSeconds = Printed(Rescale(clock.Duration, 1_000_000, clock.Scale), 1_000_000),
            Streams = streams,
        };
    }

    private static (uint Scale, long Duration)? Clock(ByteCursor cursor)
    {
        var version = cursor.U8();
        cursor.Skip(version == 1 ? 19 : 11);
        var scale = cursor.U32();
        var duration = version == 1 ? cursor.U64() : cursor.U32();
        cursor.Skip(16); // rate, volume
        return Track.RotationOf(ref cursor) != 0 || cursor.Failed || version > 1 || scale is 0 or > 10_000_000 || duration is 0 or uint.MaxValue or > 1UL << 40
            ? null
            : (scale, (long)duration);
    }

    private static MediaStream? Stream(SafeFileHandle file, Track track, int index)
    {
        if (Read(file, track.Table.FirstPacket, track.Table.FirstPacketLength) is not { } packet)
        {
            return null;
        }

        var stream = new MediaStream
        {
            Index = index,
            Kind = track.Kind,
            StartSeconds = Printed(track.Start, track.TimeScale),
            DurationSeconds = Printed(track.Duration, track.TimeScale),
            IsDefault = track.IsDefault,
        };
        if (track.Kind == MediaKind.Video)
        {
            return track.Codec == "avc1" && VideoDescription.Read(track.Description, packet) is { } video && video.Complete(stream, track) is { } pictures
                ? pictures
                : null;
        }

        return track.Codec == "mp4a" && Sound(track.Description, packet) is { } sound
            ? stream with { Codec = sound.Codec, SampleRate = sound.SampleRate, Channels = sound.Channels }
            : null;
    }

    private static SoundParameters? Sound(ReadOnlyMemory<byte> entry, ReadOnlySpan<byte> packet)
    {
        const int fields = 28;
        var cursor = new ByteCursor(entry.Span);
        cursor.Skip(6);
        return cursor.U16() == 1 && cursor.U16() == 0 && entry.Length >= fields // one data reference, version 0
            && Boxes.Known(entry[fields..], ["esds"], ["btrt"], trailer: 4) is { } boxes
            ? SoundParameters.Read(boxes["esds"].Content.Span, packet)
            : null;
    }

    /// <summary>Seconds as ffprobe prints them, six decimals, and a reader of its answer gets them.</summary>
    private static double Printed(long ticks, uint scale) => double.Parse(
        (ticks * (1.0 / scale)).ToString("F6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static byte[]? Read(SafeFileHandle file, long position, int count)
    {
        if (position > RandomAccess.GetLength(file) - count)
        {
            return null; // before memory is set aside for it
        }

        var bytes = new byte[count];
        for (var done = 0; done < count;)
        {
            var read = RandomAccess.Read(file, bytes.AsSpan(done), position + done);
            if (read == 0)
            {
                return null;
            }

            done += read;
        }

        return bytes;
    }
}
