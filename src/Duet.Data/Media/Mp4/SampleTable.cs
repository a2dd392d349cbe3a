namespace Duet.Data.Media.Mp4;

/// <summary>The times and the first packet of a track (ISO/IEC 14496-12, section 8.6 to 8.8).</summary>
/// <param name="Samples">How many packets.</param>
/// <param name="Duration">Their length together, in the track's time scale.</param>
/// <param name="FirstOffset">The first packet's composition offset, in the track's time scale.</param>
/// <param name="FirstPacket">Where the first packet lies in the file.</param>
/// <param name="FirstPacketLength">Its length, bytes.</param>
internal sealed record SampleTable(uint Samples, long Duration, long FirstOffset, long FirstPacket, int FirstPacketLength)
{
    /// <summary>Longest first packet that is looked at, bytes.</summary>
    public const int MaxPacket = 1 << 20;

    /// <summary>Reads the tables of <c>stbl</c>; null where they are not plain.</summary>
    public static SampleTable? Read(IReadOnlyDictionary<string, Box> tables)
    {
        if (Times(tables["stts"].Cursor) is not { } times
            || FirstOffsetOf(tables) is not { } offset
            || FirstChunk(tables) is not { } place
            || !StartsWithKey(tables))
        {
            return null;
        }

        var sizes = tables["stsz"].Cursor;
        sizes.U32();
        var all = sizes.U32();
        var count = sizes.U32();
        var first = all == 0 ? sizes.U32() : all;
        return sizes.Failed || (all == 0 && sizes.Left != 4L * (count - 1L)) || count != times.Samples || first is 0 or > MaxPacket
            ? null
            : new SampleTable(count, times.Duration, offset, place, (int)first);
    }

    private static (uint Samples, long Duration)? Times(ByteCursor cursor)
    {
        cursor.U32();
        var entries = cursor.U32();
        if (cursor.Failed || entries == 0 || cursor.Left != 8L * entries)
        {
            return null;
        }

        var (samples, duration) = (0UL, 0UL);
        for (var i = 0U; i < entries; i++)
        {
            var (count, delta) = (cursor.U32(), cursor.U32());
            samples += count;
            duration += (ulong)count * delta;
            if (count == 0 || delta is 0 or > int.MaxValue || samples > int.MaxValue || duration > 1UL << 48)
            {
                return null;
            }
        }

        return ((uint)samples, (long)duration);
    }

    private static long? FirstOffsetOf(IReadOnlyDictionary<string, Box> tables)
    {
        if (!tables.TryGetValue("ctts", out var box))
        {
            return 0;
        }

        var cursor = box.Cursor;
        cursor.U32();
        var entries = cursor.U32();
        if (cursor.Failed || entries == 0 || cursor.Left != 8L * entries)
        {
            return null;
        }

        var first = -1L;
        for (var i = 0U; i < entries; i++)
        {
            var (count, offset) = (cursor.U32(), cursor.U32());
            if (count == 0 || offset > int.MaxValue >> 4) // negative ones too: they move the whole track
            {
                return null;
            }

            first = first < 0 ? offset : first;
        }

        return first;
    }

    private static long? FirstChunk(IReadOnlyDictionary<string, Box> tables)
    {
        var wide = tables.ContainsKey("co64");
        if (wide == tables.ContainsKey("stco"))
        {
            return null;
        }

        var offsets = tables[wide ? "co64" : "stco"].Cursor;
        offsets.U32();
        var chunks = offsets.U32();
        var first = wide ? offsets.U64() : offsets.U32();
        var runs = tables["stsc"].Cursor;
        runs.U32();
        var entries = runs.U32();
        if (offsets.Failed || offsets.Left != (chunks - 1L) * (wide ? 8 : 4) || first > long.MaxValue >> 1 || entries == 0 || runs.Left != 12L * entries)
        {
            return null;
        }

        for (var (i, before) = (0U, 0U); i < entries; i++)
        {
            var (chunk, samples, description) = (runs.U32(), runs.U32(), runs.U32());
            if (chunk <= before || chunk > chunks || (i == 0 && chunk != 1) || samples == 0 || description != 1)
            {
                return null;
            }

            before = chunk;
        }

        return (long)first;
    }

    /// <summary>Whether decoding can start at the first packet: all are key frames, or the first is named as one.</summary>
    private static bool StartsWithKey(IReadOnlyDictionary<string, Box> tables)
    {
        if (!tables.TryGetValue("stss", out var box))
        {
            return true;
        }

        var cursor = box.Cursor;
        cursor.U32();
        var entries = cursor.U32();
        return entries > 0 && cursor.Left == 4L * entries && cursor.U32() == 1;
    }
}
