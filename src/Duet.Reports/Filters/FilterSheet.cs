using Duet.Reports.Charts;

namespace Duet.Reports.Filters;

/// <summary>A drawing of all filters of a bank, a pixel per weight; the page enlarges it without smoothing.</summary>
/// <param name="Png">The image.</param>
/// <param name="Width">Its width, pixels.</param>
/// <param name="Height">Its height, pixels.</param>
internal sealed record FilterSheet(byte[] Png, int Width, int Height)
{
    /// <summary>Temporal filters are narrow, so that more of them stand in a row.</summary>
    private const int PicturesPerRow = 8, TemporalPerRow = 32;

    /// <summary>Transparent pixels between two filters, and between the time steps of one.</summary>
    private const int Gap = 2, SliceGap = 1;

    /// <summary>Draws weights.</summary>
    /// <param name="weights">The bank's weights.</param>
    /// <param name="layout">Its axes.</param>
    /// <param name="scale">The weight that is drawn at full strength; null: each filter's own largest.</param>
    public static FilterSheet Draw(IReadOnlyList<float> weights, FilterLayout layout, double? scale)
    {
        var (tileWidth, tileHeight) = TileSize(layout);
        int perRow = Math.Min(layout.Filters, layout.Temporal ? TemporalPerRow : layout.Slices > 1 ? PicturesPerRow / 2 : PicturesPerRow);
        int rows = (layout.Filters + perRow - 1) / perRow;
        int width = (perRow * (tileWidth + Gap)) - Gap, height = (rows * (tileHeight + Gap)) - Gap;
        byte[] pixels = new byte[width * height * 4];
        for (int filter = 0; filter < layout.Filters; filter++)
        {
            int left = filter % perRow * (tileWidth + Gap), top = filter / perRow * (tileHeight + Gap);
            double full = scale ?? Largest(weights, layout, filter);
            DrawTile(weights, layout, filter, full > 0 ? full : 1, (x, y, r, g, b) =>
            {
                int at = (((top + y) * width) + left + x) * 4;
                (pixels[at], pixels[at + 1], pixels[at + 2], pixels[at + 3]) = (r, g, b, 255);
            });
        }

        return new FilterSheet(Charts.Png.EncodeRgba(pixels, width, height), width, height);
    }

    /// <summary>The scale that learned and random weights share: above 99.9 % of all their sizes, so that one outlier doesn't turn the rest grey.</summary>
    public static double CommonScale(FilterBank bank)
    {
        float[] sizes = [.. bank.Learned.Concat(bank.Random).Where(float.IsFinite).Select(Math.Abs)];
        Array.Sort(sizes);
        return sizes.Length == 0 ? 1 : sizes[(int)Math.Min(sizes.Length - 1, Math.Ceiling(0.999 * sizes.Length))];
    }

    private static (int Width, int Height) TileSize(FilterLayout layout) => layout switch
    {
        { Temporal: true } => (layout.Slices, layout.Channels),
        { Spectral: true } => (layout.Rows, layout.Columns),
        _ => ((layout.Slices * (layout.Columns + SliceGap)) - SliceGap, layout.Rows),
    };

    private static void DrawTile(IReadOnlyList<float> weights, FilterLayout layout, int filter, double full, Action<int, int, byte, byte, byte> set)
    {
        if (layout.Temporal)
        {
            for (int channel = 0; channel < layout.Channels; channel++)
            {
                for (int slice = 0; slice < layout.Slices; slice++)
                {
                    var (r, g, b) = SignedColour(weights[layout.At(filter, channel, slice, 0)] / full);
                    set(slice, channel, r, g, b);
                }
            }

            return;
        }

        for (int slice = 0; slice < layout.Slices; slice++)
        {
            for (int pixel = 0; pixel < layout.Pixels; pixel++)
            {
                int row = pixel / layout.Columns, column = pixel % layout.Columns;
                if (layout.Colour)
                {
                    set((slice * (layout.Columns + SliceGap)) + column, row, Level(0), Level(1), Level(2));
                }
                else
                {
                    // Of several channels that are no colours, the mean.
                    double value = Enumerable.Range(0, layout.Channels).Average(c => (double)weights[layout.At(filter, c, slice, pixel)]);
                    var (r, g, b) = SignedColour(value / full);
                    var (x, y) = layout.Spectral ? (row, layout.Columns - 1 - column) : ((slice * (layout.Columns + SliceGap)) + column, row);
                    set(x, y, r, g, b);
                }

                byte Level(int channel)
                {
                    double value = weights[layout.At(filter, channel, slice, pixel)] / full;
                    return double.IsNaN(value) ? (byte)0 : (byte)Math.Round(127.5 + (127.5 * Math.Clamp(value, -1, 1)));
                }
            }
        }
    }

    private static double Largest(IReadOnlyList<float> weights, FilterLayout layout, int filter)
    {
        int length = layout.Channels * layout.Slices * layout.Pixels;
        double largest = 0;
        for (int i = filter * length; i < (filter + 1) * length; i++)
        {
            largest = float.IsFinite(weights[i]) ? Math.Max(largest, Math.Abs(weights[i])) : largest;
        }

        return largest;
    }

    /// <summary>Blue below zero, near white at zero, red above; black where it isn't a number.</summary>
    internal static (byte R, byte G, byte B) SignedColour(double value)
    {
        if (double.IsNaN(value))
        {
            return (0, 0, 0);
        }

        double strength = Math.Clamp(Math.Abs(value), 0, 1);
        (double R, double G, double B) end = value < 0 ? (28, 92, 190) : (196, 42, 46);
        return (Mix(247, end.R), Mix(247, end.G), Mix(247, end.B));

        byte Mix(double from, double to) => (byte)Math.Round(from + ((to - from) * strength));
    }
}
