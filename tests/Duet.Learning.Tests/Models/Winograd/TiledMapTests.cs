using Duet.Learning.Models.Winograd;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Models.Winograd;

/// <summary>Tiles and what is read of them, against a map that is asked number by number.</summary>
public sealed unsafe class TiledMapTests
{
    private const int Lanes = WinogradTransforms.Lanes;

    [Theory]
    [InlineData(1, 2, new long[] { 2, 8, 3, 5, 7 })]
    [InlineData(3, 2, new long[] { 2, 8, 3, 4, 6 })]
    [InlineData(3, 1, new long[] { 3, 8, 2, 1, 3 })]
    [InlineData(1, 2, new long[] { 4, 8, 1, 9 })]
    public void The_tile_after_a_tile_is_the_next(int taps, int side, long[] map)
    {
        var shape = new TileShape(map, taps, side);
        for (var frame = 0; frame < shape.Frames; frame++)
        {
            for (var tile = 1L; tile < shape.Tiles; tile++)
            {
                shape.After(shape.Place(tile - 1, frame)).ShouldBe(shape.Place(tile, frame), $"tile {tile}, frame {frame}");
            }
        }
    }

    /// <summary>Blocks of channels may end two vectors after the map's last channel.</summary>
    [Theory]
    [InlineData(1, 4, 2, 1, 5, 7, 40, 1)]
    [InlineData(0, 2, 2, 1, 5, 7, 32, 1)]
    [InlineData(1, 4, 2, 3, 2, 1, 16, 1)]
    [InlineData(0, 1, 1, 3, 3, 4, 21, 1)]
    [InlineData(1, 4, 2, 1, 5, 7, 40, 3)]
    [InlineData(1, 4, 2, 3, 5, 6, 48, 3)]
    public void Windows_show_the_map_and_zeros_around_it(int around, int read, int side, int taps, int height, int width, int channels, int vectors)
    {
        const ushort Guard = 0xabcd;
        const int Clips = 2;
        const int Frames = 3;
        var shape = new TileShape([Clips, channels, Frames, height, width], taps, side);
        var numbers = Enumerable.Range(1, Clips * Frames * height * width * channels).Select(i => (ushort)i).ToArray();
        var count = vectors * Lanes;
        var memory = stackalloc ushort[(16 * count) + (2 * Lanes)];
        new Span<ushort>(memory, (16 * count) + (2 * Lanes)).Fill(Guard);
        var copy = memory + Lanes;
        var windows = new TiledMap.Window[(int)shape.Tiles + 1];
        fixed (ushort* start = numbers)
        {
            var map = new TiledMap(start, shape, channels, around, read);
            for (var frame = 0; frame < shape.Frames; frame++)
            {
                map.Find(in shape, 0, (int)shape.Tiles, frame, windows);
                for (var tile = 0; tile < windows.Length; tile++)
                {
                    for (var channel = 0; channel < channels + (2 * Lanes); channel += count)
                    {
                        var pixels = map.Read(in windows[tile], channel, count, copy);
                        for (var i = 0; i < read * read * count; i++)
                        {
                            var (row, column, lane) = (i / (read * count), i / count % read, i % count);
                            var expected = tile < shape.Tiles ? At(shape, tile, frame, row - around, column - around, channel + lane) : 0;
                            ((int)pixels.First[(row * pixels.Down) + (column * pixels.Right) + lane]).ShouldBe(expected, $"tile {tile}, frame {frame}, row {row}, column {column}, channel {channel + lane}");
                        }
                    }
                }
            }
        }

        for (var i = 0; i < Lanes; i++)
        {
            memory[i].ShouldBe(Guard);
            copy[(read * read * count) + i].ShouldBe(Guard);
        }

        int At(TileShape tiles, int tile, int frame, int down, int right, int channel)
        {
            var (picture, inPicture) = Math.DivRem(tile, tiles.TilesHigh * tiles.TilesWide);
            var (row, column) = ((inPicture / tiles.TilesWide * side) + down, (inPicture % tiles.TilesWide * side) + right);
            var outside = row < 0 || row >= height || column < 0 || column >= width || channel >= channels;
            return outside ? 0 : numbers[((((((picture * tiles.Frames) + frame) * height) + row) * width) + column) * channels + channel];
        }
    }
}
