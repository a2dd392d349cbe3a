namespace Duet.Data.Media.Mp4;

/// <summary>One track of a movie header: its place in time, its packets' table, and what its codec's description says.</summary>
internal sealed record Track
{
    /// <summary>Longest empty stretch before a track, seconds: behind it ffprobe might stop before the first packet.</summary>
    private const int MaxDelaySeconds = 1;

    private static readonly string[] TrackBoxes = ["edts", "udta"];
    private static readonly string[] TableBoxes = ["stco", "co64", "ctts", "stss", "sdtp", "sgpd", "sbgp"];

    public required MediaKind Kind { get; init; }

    public required bool IsDefault { get; init; }

    public required int Rotation { get; init; }

    /// <summary>Width and height at which a player shows it, pixels; 0 where the header does not say.</summary>
    public required (uint Width, uint Height) Shown { get; init; }

    /// <summary>Ticks per second.</summary>
    public required uint TimeScale { get; init; }

    /// <summary>When it starts, ticks.</summary>
    public required long Start { get; init; }

    /// <summary>How long it lasts, ticks.</summary>
    public required long Duration { get; init; }

    public required SampleTable Table { get; init; }

    /// <summary>The codec's four characters.</summary>
    public required string Codec { get; init; }

    /// <summary>The sample entry's content.</summary>
    public required ReadOnlyMemory<byte> Description { get; init; }

    /// <summary>Reads a <c>trak</c> box; null where it is not of a plain kind.</summary>
    /// <param name="track">Its content.</param>
    /// <param name="movieScale">The movie's ticks per second.</param>
    public static Track? Read(ReadOnlyMemory<byte> track, uint movieScale)
    {
        if (Boxes.Known(track, ["tkhd", "mdia"], TrackBoxes) is not { } boxes
            || (boxes.TryGetValue("udta", out var user) && !IsHarmless(user))
            || Boxes.Known(boxes["mdia"].Content, ["mdhd", "hdlr", "minf"], ["elng"]) is not { } media
            || Boxes.Known(media["minf"].Content, ["dinf", "stbl"], ["vmhd", "smhd", "hdlr"]) is not { } information
            || !LiesInThisFile(information["dinf"].Content)
            || Boxes.Known(information["stbl"].Content, ["stsd", "stts", "stsc", "stsz"], TableBoxes) is not { } tables
            || SampleTable.Read(tables) is not { } table
            || Header(boxes["tkhd"].Cursor) is not { } header
            || MediaHeader(media["mdhd"].Cursor) is not { } clock
            || KindOf(media["hdlr"].Cursor) is not { } kind
            || Entry(tables["stsd"].Content) is not { } entry)
        {
            return null;
        }

        var duration = Math.Min(clock.Duration, table.Duration);
        var start = table.FirstOffset;
        if (boxes.TryGetValue("edts", out var edits))
        {
            if (Edit(edits.Content, movieScale, clock.Scale) is not { } edit || edit.From >= duration)
            {
                return null;
            }

            (start, duration) = (edit.Empty, Math.Min(duration, edit.Empty + edit.Length));
        }
        else if (start != 0)
        {
            return null; // a reader's guess at decoding times would count
        }

        return new Track
        {
            Kind = kind,
            IsDefault = header.IsDefault,
            Rotation = header.Rotation,
            Shown = header.Shown,
            TimeScale = clock.Scale,
            Start = start,
            Duration = duration,
            Table = table,
            Codec = entry.Type,
            Description = entry.Content,
        };
    }

    /// <summary>User data may hold what adds streams (covers) or roles: neither is here, in whatever nesting.</summary>
    public static bool IsHarmless(Box user) =>
        user.Content.Span.IndexOf("covr"u8) < 0 && user.Content.Span.IndexOf("kind"u8) < 0 && user.Content.Span.IndexOf("mdta"u8) < 0;

    private static (bool IsDefault, int Rotation, (uint, uint) Shown)? Header(ByteCursor cursor)
    {
        var version = cursor.U8();
        cursor.Skip(2);
        var flags = cursor.U8();
        cursor.Skip(version == 1 ? 32 : 20); // times, number, duration
        cursor.Skip(16); // layer, group, volume
        var rotation = RotationOf(ref cursor);
        var shown = (cursor.U32() >> 16, cursor.U32() >> 16);
        return cursor.Failed || version > 1 || rotation is null ? null : ((flags & 1) != 0, rotation.Value, shown);
    }

    /// <summary>The turn that a matrix makes, degrees counter-clockwise; null where it does anything else.</summary>
    public static int? RotationOf(ref ByteCursor cursor)
    {
        const int one = 1 << 16;
        var (a, b, u) = ((int)cursor.U32(), (int)cursor.U32(), cursor.U32());
        var (c, d, v) = ((int)cursor.U32(), (int)cursor.U32(), cursor.U32());
        cursor.Skip(8); // where it is moved to: of no interest
        var w = cursor.U32();
        return u != 0 || v != 0 || w != 1 << 30 ? null : (a, b, c, d) switch
        {
            (one, 0, 0, one) => 0,
            (0, one, -one, 0) => 270,
            (-one, 0, 0, -one) => 180,
            (0, -one, one, 0) => 90,
            _ => null,
        };
    }

    private static (uint Scale, long Duration)? MediaHeader(ByteCursor cursor)
    {
        var version = cursor.U8();
        cursor.Skip(version == 1 ? 19 : 11);
        var scale = cursor.U32();
        var duration = version == 1 ? cursor.U64() : cursor.U32();
        return cursor.Failed || version > 1 || scale is 0 or > 10_000_000 || duration is 0 or uint.MaxValue or > 1UL << 48 ? null : (scale, (long)duration);
    }

    private static MediaKind? KindOf(ByteCursor cursor)
    {
        cursor.Skip(8);
        var kind = cursor.Take(4);
        return kind.SequenceEqual("vide"u8) ? MediaKind.Video : kind.SequenceEqual("soun"u8) ? MediaKind.Audio : null;
    }

    private static bool LiesInThisFile(ReadOnlyMemory<byte> data)
    {
        if (Boxes.Known(data, ["dref"], []) is not { } boxes)
        {
            return false;
        }

        // One entry of 12 bytes, which names nothing, with the flag that says: this file.
        var cursor = boxes["dref"].Cursor;
        cursor.U32();
        return cursor.U32() == 1 && cursor.U32() == 12 && cursor.Take(4) is { Length: 4 } type
            && (type.SequenceEqual("url "u8) || type.SequenceEqual("alis"u8)) && cursor.U32() == 1 && cursor.Left == 0;
    }

    private static Box? Entry(ReadOnlyMemory<byte> descriptions)
    {
        var cursor = new ByteCursor(descriptions.Span);
        cursor.U32();
        return cursor.U32() == 1 && Boxes.Children(descriptions[Math.Min(8, descriptions.Length)..], trailer: 4) is [var entry] ? entry : null;
    }

    /// <summary>An edit list that leaves out the head and the tail at most, perhaps after an empty stretch: what encoders write for their delay.</summary>
    private static (long Empty, long From, long Length)? Edit(ReadOnlyMemory<byte> edits, uint movieScale, uint scale)
    {
        if (Boxes.Known(edits, ["elst"], []) is not { } boxes)
        {
            return null;
        }

        var cursor = boxes["elst"].Cursor;
        var version = cursor.U8();
        cursor.Skip(3);
        var entries = cursor.U32();
        if (version > 1 || entries is not (1 or 2) || cursor.Left != (version == 1 ? 20L : 12L) * entries)
        {
            return null;
        }

        var (empty, from, length) = (0L, -1L, 0L);
        for (var i = 0; i < entries; i++)
        {
            var duration = version == 1 ? cursor.U64() : cursor.U32();
            var start = version == 1 ? (long)cursor.U64() : (int)cursor.U32();
            var isLast = i == entries - 1;
            if (cursor.U32() != 1 << 16 || duration is 0 or > 1UL << 48 || (isLast ? start is < 0 or > 1L << 48 : start != -1))
            {
                return null;
            }

            var ticks = Mp4Prober.Rescale((long)duration, scale, movieScale);
            (empty, from, length) = isLast ? (empty, start, ticks) : (ticks, from, length);
        }

        return empty > (long)MaxDelaySeconds * scale || length == 0 ? null : (empty, from, length);
    }
}
