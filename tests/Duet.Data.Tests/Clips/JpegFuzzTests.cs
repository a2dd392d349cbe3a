using Duet.Data.Clips;
using Duet.Data.Media;
using Duet.Data.Store;
using Duet.Tests.Shared.Fuzzing;
using Shouldly;
using SkiaSharp;
using Xunit;

namespace Duet.Data.Tests.Clips;

/// <summary>Damaged JPEGs through everything that reads them.</summary>
public sealed class JpegFuzzTests
{
    /// <summary>Markers, and the beginnings of segments whose sizes matter.</summary>
    private static readonly byte[][] Words =
    [
        [0xFF, 0xD8], [0xFF, 0xD9], [0xFF, 0xDA], [0xFF, 0xD0], [0xFF, 0xFF], [0xFF, 0x00], [0xFF, 0xC0], [0xFF, 0xC1], [0xFF, 0xC2], [0xFF, 0xC4], [0xFF, 0xC9], [0xFF, 0xDD, 0, 4, 0, 1],
        [0xFF, 0xC0, 0, 17, 8, 0x20, 0, 0x20, 0, 3], [0xFF, 0xC2, 0, 17, 8, 0, 64, 0, 96, 3], [0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0], [0xFF, 0xE1, 0, 34, .. "Exif\0\0II*\0"u8],
        [0xFF, 0xE2, 0, 16, .. "ICC_PROFILE\0"u8], [0xFF, 0xEE, 0, 14, .. "Adobe"u8], [.. "RIFF"u8], [0x89, .. "PNG"u8], [.. "GIF89a"u8], [.. "BM"u8],
    ];

    /// <summary>By the decoder of training and evaluation: crops that are decoded in part, whole and shrunk.</summary>
    [Fact]
    [Trait("Category", "Slow")]
    public void Frames()
    {
        var video = MemoryStore.Video("v", width: 96, height: 64);
        CropBox[] crops = [new(10, 7, 40, 40, Flip: false), new(0, 0, 96, 64, Flip: true), new(3, 3, 60, 60, Flip: false)];
        var buffer = new FrameBuffer();
        FrameDecoder[] decoders = [new(32), new(16), new(24)];
        var rgb = new byte[32 * 32 * 3];
        var fuzzer = new MutationFuzzer("jpeg-frames", Samples()) { Words = Words, LongestInput = 1 << 16 };
        FuzzProcess.Run(fuzzer, 8_000, 48 << 20, bytes =>
        {
            Put(buffer, bytes);
            for (var i = 0; i < crops.Length; i++)
            {
                decoders[i].Decode(buffer, video, crops[i], rgb);
            }
        }).Checked(fuzzer.Name);
    }

    /// <summary>
    /// The end is missing: Skia blanks the rows that are, and where a part is decoded it looked for their width in memory that was no longer the decoder's, and wrote
    /// wherever that led. The process did not live to tell.
    /// </summary>
    [Fact]
    public void A_frame_that_ends_too_early_is_refused()
    {
        var video = MemoryStore.Video("v", width: 96, height: 64);
        var (decoder, buffer, rgb) = (new FrameDecoder(32), new FrameBuffer(), new byte[32 * 32 * 3]);
        foreach (var jpeg in Samples())
        {
            for (var length = jpeg.Length / 2; length > 0; length -= 3)
            {
                Put(buffer, jpeg.AsSpan(0, length));
                Should.Throw<StoreException>(() => decoder.Decode(buffer, video, new CropBox(10, 7, 40, 57, Flip: length % 2 == 0), rgb));
            }
        }
    }

    /// <summary>Each of its scans costs all its pixels, and a few bytes.</summary>
    [Theory]
    [InlineData(0xC2, "no baseline JPEG")] // the kind of frame: progressive
    [InlineData(0xC9, "no baseline JPEG")] // arithmetic
    [InlineData(0xC3, "no baseline JPEG")] // lossless
    public void Other_kinds_of_JPEG_are_not_decoded(byte kind, string message)
    {
        var jpeg = Samples()[0];
        jpeg[jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]) + 1] = kind;
        JpegHeader.Problem(Samples()[0]).ShouldBeNull();
        JpegHeader.Problem(jpeg)!.ShouldContain(message);
        Filmstrip.Draw([jpeg], 24, 16, 70).ShouldBeNull();
    }

    /// <summary>Skia would decode these, the first one for as long as its pixels take.</summary>
    [Fact]
    public void Frames_are_looked_at_before_they_are_decoded()
    {
        var large = Samples()[0];
        var frame = large.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        (large[frame + 5], large[frame + 7]) = (32, 32);
        Refused(large, (32 * 256) + 96, (32 * 256) + 64).ShouldContain("fewer bits than its pixels take");
        Refused(Samples()[0], 128, 64).ShouldContain("it has 96x64 pixels instead of 128x64");
        Refused(Samples()[0], 96, 48).ShouldContain("it has 96x64 pixels instead of 96x48");

        static string Refused(byte[] jpeg, int width, int height)
        {
            var (decoder, buffer, rgb) = (new FrameDecoder(32), new FrameBuffer(), new byte[32 * 32 * 3]);
            Put(buffer, jpeg);
            return Should.Throw<StoreException>(() => decoder.Decode(buffer, MemoryStore.Video("v", width: width, height: height), new CropBox(0, 0, 32, 32, Flip: false), rgb)).Message;
        }
    }

    [Fact]
    public void A_scan_of_some_colours_and_one_too_short_for_its_pixels_are_not_decoded()
    {
        var several = Samples()[0];
        var scan = several.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        several[scan + 4] = 1;
        JpegHeader.Problem(several)!.ShouldContain("several scans");
        var large = Samples()[0];
        var frame = large.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        (large[frame + 5], large[frame + 7]) = (32, 32); // 8 256 x 8 288 pixels, of 270 MB
        JpegHeader.Problem(large)!.ShouldContain("fewer bits than its pixels take");
    }

    /// <summary>By what draws pages.</summary>
    [Fact]
    [Trait("Category", "Slow")]
    public void Filmstrips()
    {
        var fuzzer = new MutationFuzzer("jpeg-filmstrip", Samples()) { Words = Words, LongestInput = 1 << 16 };
        FuzzProcess.Run(fuzzer, 3_000, 128 << 20, bytes => _ = Filmstrip.Draw([bytes], 24, 16, 70) ?? throw new StoreException("no picture")).Checked(fuzzer.Name);
    }

    /// <summary>By what finds where each frame ends. What it takes must lie in order, and be found again however the stream is cut.</summary>
    [Fact]
    [Trait("Category", "Slow")]
    public void Sequences()
    {
        byte[][] samples = [[.. Samples().SelectMany(j => j)], Samples()[0]];
        var fuzzer = new MutationFuzzer("jpeg-sequence", samples) { Words = Words, IsTyped = e => e is FormatException };
        fuzzer.Run(40_000, bytes =>
        {
            var (whole, cut) = (new JpegSplitter(), new JpegSplitter());
            FormatException? error = null;
            try
            {
                whole.Append(bytes);
            }
            catch (FormatException e)
            {
                error = e;
            }

            try
            {
                for (var at = 0; at < bytes.Length; at += 100)
                {
                    cut.Append(bytes.AsSpan(at, Math.Min(100, bytes.Length - at)));
                }
            }
            catch (FormatException e) when (error?.Message == e.Message)
            {
            }

            if (!whole.Offsets.SequenceEqual(cut.Offsets) || whole.End != cut.End || whole.End > bytes.Length || !whole.Offsets.Order().SequenceEqual(whole.Offsets))
            {
                throw new InvalidOperationException("frames are found elsewhere when the stream comes in pieces");
            }

            if (error is not null || whole.End != bytes.Length)
            {
                throw new FormatException("no sequence of frames", error);
            }
        }).Checked(fuzzer.Name);
    }

    private static void Put(FrameBuffer buffer, ReadOnlySpan<byte> jpeg)
    {
        buffer.Reset(1, jpeg.Length);
        jpeg.CopyTo(buffer.Bytes);
        buffer.Frames[0] = (0, jpeg.Length);
    }

    /// <summary>Skia would blank them wherever it takes them to be; that ends the process.</summary>
    [Fact]
    public unsafe void Rows_that_are_not_there_are_left_as_they_are()
    {
        foreach (var jpeg in Samples())
        {
            for (var length = jpeg.Length * 3 / 4; length < jpeg.Length * 7 / 8; length++)
            {
                using var data = SKData.CreateCopy(jpeg.AsSpan(0, length));
                using var codec = SKCodec.Create(data);
                var info = new SKImageInfo(96, 64, SKColorType.Rgba8888, SKAlphaType.Opaque);
                var buffer = new byte[96 * 4 * 64];
                Array.Fill(buffer, (byte)0xA5);
                fixed (byte* pixels = buffer)
                {
                    FrameDecoder.DecodePart(codec, info, new SKRectI(16, 0, 80, 64), pixels).ShouldNotBe(SKCodecResult.Success);
                }

                buffer[0].ShouldNotBe((byte)0xA5, "the first row is there");
                buffer.AsSpan(64 * 4 * 63, 64 * 4).IndexOfAnyExcept((byte)0xA5).ShouldBe(-1);
            }
        }
    }

    private static byte[][] Samples()
    {
        using var picture = MemoryStore.Bitmap(96, 64, 3);
        using var pixels = picture.PeekPixels();
        using var full = pixels.Encode(new SKJpegEncoderOptions(60, SKJpegEncoderDownsample.Downsample444, SKJpegEncoderAlphaOption.Ignore));
        return [MemoryStore.Picture(96, 64, 1, quality: 50), MemoryStore.Picture(96, 64, 2), full!.ToArray()];
    }
}
