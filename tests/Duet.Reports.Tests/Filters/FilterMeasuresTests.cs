using Duet.Reports.Filters;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Filters;

public sealed class FilterMeasuresTests
{
    private static readonly int[] Shape = [64, 3, 3, 7, 7];

    [Fact]
    public void NoiseIsNoise()
    {
        var noise = Of(Shape, Noise(1), Noise(2));

        noise.Roughness!.Value.ShouldBe(1, 0.05);
        noise.StillShare!.Value.ShouldBe(1.0 / 3, 0.03);
        noise.GreyShare!.Value.ShouldBe(1.0 / 3, 0.03);
        noise.CosineToRandom.ShouldBe(0, 0.05);
        noise.Rms.ShouldBe(1, 0.05);
    }

    [Fact]
    public void FlatFiltersAreSmoothAndOnesThatDoNotMoveAreStill()
    {
        // The same in every frame, colour and pixel.
        var flat = Of(Shape, [.. Enumerable.Range(0, 64).SelectMany(f => Enumerable.Repeat(f + 1f, 3 * 3 * 49))], Noise(1));
        // The sign changes from frame to frame: nothing stays.
        var moving = Of(Shape, [.. Enumerable.Range(0, 64 * 9 * 49).Select(i => (i / 49 % 3) switch { 0 => 1f, 1 => -2f, _ => 1f })], Noise(1));
        // Red against green.
        var coloured = Of(Shape, [.. Enumerable.Range(0, 64 * 9 * 49).Select(i => (i / (3 * 49) % 3) switch { 0 => 1f, 1 => -1f, _ => 0f })], Noise(1));

        (flat.Roughness, flat.StillShare, flat.GreyShare).ShouldBe((0, 1, 1));
        moving.StillShare.ShouldBe(0);
        moving.GreyShare!.Value.ShouldBe(1, 1e-9);
        coloured.GreyShare.ShouldBe(0);
        coloured.StillShare!.Value.ShouldBe(1, 1e-9);
    }

    [Fact]
    public void ACheckerboardIsRougherThanNoise() =>
        Of([1, 1, 4, 4], [.. Enumerable.Range(0, 16).Select(i => ((i / 4) + i) % 2 == 0 ? 1f : -1f)], new float[16], "audio").Roughness!.Value.ShouldBe(2, 1e-9);

    [Fact]
    public void WhatHasNoTimeColourOrPictureHasNoMeasureOfIt()
    {
        var audio = Of([4, 1, 3, 3], new float[36], new float[36], "audio");
        (audio.StillShare, audio.GreyShare).ShouldBe((null, null));
        var temporal = Of([4, 5, 3, 1, 1], Noise(1)[..60], Noise(2)[..60]);
        (temporal.Roughness, temporal.GreyShare).ShouldBe((null, null));
        temporal.StillShare.ShouldNotBeNull();
    }

    [Fact]
    public void TheSameWeightsPointTheSameWay() => Of(Shape, [.. Noise(1).Select(w => 3 * w)], Noise(1)).CosineToRandom.ShouldBe(1, 1e-6);

    [Fact]
    public void BrokenWeightsAreCounted() => Of([1, 1, 1, 2], [float.NaN, float.PositiveInfinity], [1, 1], "audio").NotFinite.ShouldBe(2);

    private static FilterMeasures Of(int[] shape, float[] learned, float[] random, string modality = "video") =>
        FilterMeasures.Of(new EncoderFilters(modality, "net", "avts", 1, 0, true, []), new FilterBank("w", shape, learned, random));

    private static float[] Noise(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 64 * 9 * 49).Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
    }
}
