using CsCheck;
using Duet.Data.Media;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Media;

public sealed class JpegSplitterTests
{
    // A comment that holds an end marker, then a scan with stuffed bytes, a restart marker and fill bytes.
    private static readonly byte[] Frame =
    [
        0xFF, 0xD8, 0xFF, 0xFE, 0, 6, 0xFF, 0xD9, 0xFF, 0xD8, 0xFF, 0xDB, 0, 3, 7,
        0xFF, 0xDA, 0, 4, 1, 2, 9, 0xFF, 0, 8, 0xFF, 0xD3, 7, 7, 7, 0xFF, 0xFF, 0xD9,
    ];

    [Fact]
    public void Frames_are_found_however_the_stream_is_cut()
    {
        Gen.Select(Gen.Int[1, 6], Gen.Int[1, 40]).Sample((count, piece) =>
        {
            var splitter = new JpegSplitter();
            var stream = Enumerable.Repeat(Frame, count).SelectMany(f => f).ToArray();
            foreach (var chunk in stream.Chunk(piece))
            {
                splitter.Append(chunk);
            }

            return splitter.Offsets.SequenceEqual(Enumerable.Range(0, count).Select(i => (long)i * Frame.Length))
                && splitter.End == stream.Length && splitter.Position == stream.Length;
        });
    }

    [Fact]
    public void A_frame_that_is_cut_off_is_not_counted()
    {
        var splitter = new JpegSplitter();
        splitter.Append(Frame);
        splitter.Append(Frame.AsSpan(0, Frame.Length - 1));
        splitter.Offsets.Count.ShouldBe(1);
        splitter.End.ShouldBe(Frame.Length);
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xD9 })]
    [InlineData(new byte[] { 0x00 })]
    [InlineData(new byte[] { 0xFF, 0xD8, 0xFF, 0xD9 })]
    [InlineData(new byte[] { 0xFF, 0xD8, 0xFF, 0xDB, 0, 1 })]
    [InlineData(new byte[] { 0xFF, 0xD8, 0xFF, 0xD8 })]
    public void What_is_no_jpeg_is_refused(byte[] bytes) => Should.Throw<FormatException>(() => new JpegSplitter().Append(bytes));
}
