using CsCheck;
using Duet.Data.Media;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Media;

public sealed class FrameGeometryTests
{
    [Theory]
    [InlineData(1920, 1080, "1", 0, 128, 228, 128)]
    [InlineData(1080, 1920, "1", 0, 128, 128, 228)]
    [InlineData(1920, 1080, "1", 90, 128, 128, 228)]
    [InlineData(1920, 1080, "1", 180, 128, 228, 128)]
    [InlineData(720, 576, "64/45", 0, 128, 228, 128)]
    [InlineData(50, 50, "1", 0, 128, 50, 50)]
    [InlineData(51, 60, "1", 0, 128, 50, 58)]
    public void Frames_are_upright_with_square_pixels_and_never_larger_than_the_source(
        int width, int height, string aspect, int rotation, int shortSide, int storedWidth, int storedHeight)
    {
        Rational.TryParse(aspect, out var pixel).ShouldBeTrue();
        FrameGeometry.Fit(Stream(width, height, pixel, rotation), shortSide).ShouldBe((storedWidth, storedHeight));
    }

    [Theory]
    [InlineData(8, 8)]
    [InlineData(2000, 20)]
    public void What_is_too_small_or_too_long_is_refused(int width, int height) => FrameGeometry.Fit(Stream(width, height, 1, 0), 128).ShouldBeNull();

    [Fact]
    public void Sides_are_even_and_keep_their_proportion() => Gen.Select(Gen.Int[16, 4000], Gen.Int[16, 4000], Gen.Int[16, 256]).Sample((width, height, side) =>
        FrameGeometry.Fit(Stream(width, height, 1, 0), side) is not var (w, h)
        || (w % 2 == 0 && h % 2 == 0 && Math.Min(w, h) <= side && Math.Abs(((double)w / h) - ((double)width / height)) <= (double)width / height * 0.15));

    private static MediaStream Stream(int width, int height, Rational aspect, int rotation) =>
        new() { Index = 0, Kind = MediaKind.Video, Codec = "h264", Width = width, Height = height, PixelAspect = aspect, Rotation = rotation };
}
