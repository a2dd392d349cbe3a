using CsCheck;
using Duet.Data.Clips;
using Duet.Data.Store;
using Shouldly;
using SkiaSharp;
using Xunit;

namespace Duet.Data.Tests.Clips;

public sealed class CropResizerTests
{
    private sealed record Case(int Width, int Height, double X, double Y, double CropWidth, double CropHeight, int Size, bool Flip, int Seed);

    private static readonly Gen<Case> Cases =
        from width in Gen.Int[1, 90]
        from height in Gen.Int[1, 90]
        from x in Gen.Int[0, width - 1]
        from y in Gen.Int[0, height - 1]
        from w in Gen.Int[1, width - x]
        from h in Gen.Int[1, height - y]
        from half in Gen.Bool
        from size in Gen.Int[1, 40]
        from flip in Gen.Bool
        from seed in Gen.Int[0, 1 << 20]
        select half ? new Case(width, height, x / 2.0, y / 2.0, w / 2.0, h / 2.0, size, flip, seed) : new Case(width, height, x, y, w, h, size, flip, seed);

    private static byte[] Noise(Case c)
    {
        var bytes = new byte[(c.Width * c.Height * 4) + CropResizer.SourceSlack];
        new Random(c.Seed).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Resize(Case c, byte[] source, bool vectors)
    {
        var resizer = new CropResizer(vectors);
        resizer.Prepare(c.X, c.Y, c.CropWidth, c.CropHeight, c.Width, c.Height, c.Size, c.Flip);
        var result = new byte[c.Size * c.Size * 3];
        resizer.Resize(source, c.Width * 4, result);
        return result;
    }

    /// <summary>The definition, in doubles: a weighted mean over all pixels of the crop with a triangle as wide as the output pixel (at least one source pixel).</summary>
    private static byte[] Naive(Case c, byte[] source)
    {
        var result = new byte[c.Size * c.Size * 3];
        for (var row = 0; row < c.Size; row++)
        {
            for (var column = 0; column < c.Size; column++)
            {
                for (var channel = 0; channel < 3; channel++)
                {
                    double sum = 0, weights = 0;
                    for (var y = (int)Math.Floor(c.Y); y < Math.Min(c.Height, Math.Ceiling(c.Y + c.CropHeight)); y++)
                    {
                        for (var x = (int)Math.Floor(c.X); x < Math.Min(c.Width, Math.Ceiling(c.X + c.CropWidth)); x++)
                        {
                            var weight = Triangle(x, c.X, c.CropWidth / c.Size, column) * Triangle(y, c.Y, c.CropHeight / c.Size, row);
                            sum += weight * source[(((y * c.Width) + x) * 4) + channel];
                            weights += weight;
                        }
                    }

                    var place = c.Flip ? c.Size - 1 - column : column;
                    result[(((row * c.Size) + place) * 3) + channel] = (byte)Math.Round(sum / weights);
                }
            }
        }

        return result;
    }

    private static double Triangle(int pixel, double origin, double scale, int output) =>
        Math.Max(0, 1 - (Math.Abs(pixel + 0.5 - (origin + ((output + 0.5) * scale))) / Math.Max(1, scale)));

    [Fact]
    public void It_is_within_one_of_the_naive_antialiased_bilinear() =>
        Cases.Sample(
            c =>
            {
                var source = Noise(c);
                var expected = Naive(c, source);
                var actual = Resize(c, source, vectors: true);
                for (var i = 0; i < actual.Length; i++)
                {
                    if (Math.Abs(actual[i] - expected[i]) > 1)
                    {
                        return false;
                    }
                }

                return true;
            },
            iter: 300);

    [Fact]
    public void With_and_without_vectors_the_bytes_are_equal() =>
        Cases.Sample(c => Resize(c, Noise(c), vectors: true).AsSpan().SequenceEqual(Resize(c, Noise(c), vectors: false)), iter: 1000);

    [Fact]
    public void Flipping_mirrors_and_changes_nothing_else() =>
        Cases.Sample(
            c =>
            {
                var source = Noise(c);
                var plain = Resize(c with { Flip = false }, source, vectors: true);
                var flipped = Resize(c with { Flip = true }, source, vectors: true);
                for (var i = 0; i < c.Size * c.Size; i++)
                {
                    var mirrored = ((i / c.Size) * c.Size) + (c.Size - 1 - (i % c.Size));
                    if (!plain.AsSpan(i * 3, 3).SequenceEqual(flipped.AsSpan(mirrored * 3, 3)))
                    {
                        return false;
                    }
                }

                return true;
            },
            iter: 300);

    [Fact]
    public void A_crop_of_the_result_size_is_copied_exactly()
    {
        var c = new Case(60, 40, 7, 3, 32, 32, 32, Flip: false, 5);
        var source = Noise(c);
        var result = Resize(c, source, vectors: true);
        for (var y = 0; y < 32; y++)
        {
            for (var x = 0; x < 32; x++)
            {
                result.AsSpan(((y * 32) + x) * 3, 3).SequenceEqual(source.AsSpan((((y + 3) * 60) + x + 7) * 4, 3)).ShouldBeTrue();
            }
        }
    }

    [Fact]
    public void Nothing_is_written_behind_the_result()
    {
        var c = new Case(60, 40, 0, 0, 40, 40, 9, Flip: true, 5);
        var resizer = new CropResizer();
        resizer.Prepare(0, 0, 40, 40, 60, 40, 9, true);
        var guarded = new byte[(9 * 9 * 3) + 16];
        guarded.AsSpan(9 * 9 * 3).Fill(0xA5);
        resizer.Resize(Noise(c), 240, guarded.AsSpan(0, 9 * 9 * 3));
        guarded.AsSpan(9 * 9 * 3).ToArray().ShouldAllBe(b => b == 0xA5);
    }

    [Fact]
    public void Too_small_buffers_are_refused()
    {
        var resizer = new CropResizer();
        resizer.Prepare(0, 0, 8, 8, 8, 8, 8, false);
        Should.Throw<ArgumentException>(() => resizer.Resize(new byte[8 * 8 * 4], 32, new byte[192]));
        Should.Throw<ArgumentException>(() => resizer.Resize(new byte[(8 * 8 * 4) + CropResizer.SourceSlack], 32, new byte[191]));
    }

    [Theory]
    [InlineData(40, 8, 3, 44)] // full decode
    [InlineData(20, 3, 1, 46)] // the transform halves the frame
    [InlineData(6, 0, 0, 48)] // ... or takes an eighth of it
    public void Decoded_frames_look_like_the_picture_that_was_encoded(int size, int x, int y, int side)
    {
        var video = MemoryStore.Video("a", width: 65, height: 48);
        var jpeg = MemoryStore.Picture(65, 48, 3, quality: 98);
        var frames = new FrameBuffer();
        frames.Reset(1, jpeg.Length);
        jpeg.CopyTo(frames.Bytes, 0);
        frames.Frames[0] = (0, jpeg.Length);
        var actual = new byte[size * size * 3];
        new FrameDecoder(size).Decode(frames, video, new CropBox(x, y, side, side, Flip: true), actual);
        using SKBitmap bitmap = MemoryStore.Bitmap(65, 48, 3);
        byte[] original = [.. bitmap.Bytes, .. new byte[CropResizer.SourceSlack]];
        var expected = Naive(new Case(65, 48, x, y, side, side, size, Flip: true, 0), original);
        var error = 0.0;
        for (var i = 0; i < actual.Length; i++)
        {
            error += Math.Pow(actual[i] - expected[i], 2);
        }

        var psnr = 10 * Math.Log10(255 * 255 / (error / actual.Length));
        psnr.ShouldBeGreaterThan(size == 40 ? 30 : 27);
    }

    [Theory]
    [InlineData(SKJpegEncoderDownsample.Downsample420)]
    [InlineData(SKJpegEncoderDownsample.Downsample422)]
    [InlineData(SKJpegEncoderDownsample.Downsample444)]
    public void Decoding_the_crop_alone_gives_the_pixels_that_a_whole_decode_gives(SKJpegEncoderDownsample downsample)
    {
        using var bitmap = MemoryStore.Bitmap(171, 128, 2);
        using var pixmap = bitmap.PeekPixels();
        using var encoded = pixmap.Encode(new SKJpegEncoderOptions(80, downsample, SKJpegEncoderAlphaOption.Ignore));
        var jpeg = encoded!.ToArray();
        using var whole = SKBitmap.Decode(jpeg, new SKImageInfo(171, 128, SKColorType.Rgba8888, SKAlphaType.Opaque));
        byte[] source = [.. whole.Bytes, .. new byte[CropResizer.SourceSlack]];
        var frames = new FrameBuffer();
        frames.Reset(1, jpeg.Length);
        jpeg.CopyTo(frames.Bytes, 0);
        frames.Frames[0] = (0, jpeg.Length);
        var decoder = new FrameDecoder(48);
        (from x in Gen.Int[0, 106] from y in Gen.Int[0, 63] from side in Gen.Int[30, 65] select (x, y, side)).Sample(
            c =>
            {
                var expected = Resize(new Case(171, 128, c.x, c.y, c.side, c.side, 48, Flip: false, 0), source, vectors: true);
                var actual = new byte[expected.Length];
                decoder.Decode(frames, MemoryStore.Video("a"), new CropBox(c.x, c.y, c.side, c.side, Flip: false), actual);
                return actual.AsSpan().SequenceEqual(expected);
            },
            iter: 300,
            threads: 1);
    }
}
