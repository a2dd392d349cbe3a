using System.Text.Json;

namespace Duet.Data.Store;

/// <summary>Where each JPEG frame of a video lies inside its pictures entry.</summary>
internal static class FrameTable
{
    /// <summary>The JSON entry's key.</summary>
    public const string Key = "frame_offsets";

    /// <summary>Reads and checks the table.</summary>
    /// <param name="json">The JSON entry.</param>
    /// <param name="frameCount">How many frames the catalog says.</param>
    /// <param name="framesLength">Length of the pictures entry, bytes.</param>
    /// <returns><paramref name="frameCount"/> + 1 offsets; the last is the entry's length.</returns>
    /// <exception cref="FormatException">The JSON is damaged or says something impossible.</exception>
    public static long[] Parse(ReadOnlySpan<byte> json, int frameCount, long framesLength)
    {
        var offsets = new long[frameCount + 1];
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 16 });
            while (reader.Read())
            {
                if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals(Key))
                {
                    continue;
                }

                if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
                {
                    break;
                }

                var count = 0;
                while (reader.Read() && reader.TokenType == JsonTokenType.Number)
                {
                    if (count == frameCount)
                    {
                        throw new FormatException($"The frame table has more than the catalog's {frameCount} frames.");
                    }

                    offsets[count++] = reader.GetInt64();
                }

                offsets[count] = framesLength;
                Check(offsets, count, frameCount);
                return offsets;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException($"The JSON can't be read: {e.Message}", e);
        }

        throw new FormatException($"The JSON has no '{Key}'.");
    }

    private static void Check(long[] offsets, int count, int frameCount)
    {
        if (count != frameCount || offsets[0] != 0)
        {
            throw new FormatException($"The frame table has {count} frames from offset {offsets[0]}, not {frameCount} from 0.");
        }

        for (var i = 0; i < frameCount; i++)
        {
            // Four bytes are the smallest thing with a start and an end marker.
            if (offsets[i + 1] - offsets[i] is < 4 or > StoreLayout.MaxFrameBytes)
            {
                throw new FormatException($"Frame {i} can't lie from byte {offsets[i]} to {offsets[i + 1]}.");
            }
        }
    }
}
