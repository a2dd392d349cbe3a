using Duet.Learning.Models;
using Duet.Learning.Models.Winograd;
using Duet.Learning.Native;
using Shouldly;
using TorchSharp;
using Xunit;
using static Duet.Learning.Tests.Models.Winograd.TransformMatrices;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Models.Winograd;

public sealed unsafe class CarriedRoundingTests
{
    private const int Lanes = WinogradTransforms.Lanes;
    private const int Gap = 5;

    /// <summary>What of the middle two places' errors the first and the last of a row make up for.</summary>
    private static readonly double[,] OfInputs = { { -0.5, -0.5 }, { 0.5, -0.5 } };
    private static readonly double[,] OfFilters = { { 0.5, 0.5 }, { 0.5, 0.5 } };

    [Fact]
    public void Inputs_are_rounded_to_the_nearest_of_what_the_middle_left()
    {
        const int Channels = 3 * Lanes;
        var random = new Random(1);
        var tile = Enumerable.Range(0, 16 * Channels).Select(_ => Rounded((float)(random.NextDouble() * 3))).ToArray();
        var to = new ushort[CarriedRounding.Places * (Channels + Gap)];
        fixed (ushort* from = tile, at = to)
        {
            CarriedRounding.Input(new TilePixels(from, 4 * Channels, Channels), Channels, at, Channels + Gap);
        }

        for (var c = 0; c < Channels; c++)
        {
            Check([.. Enumerable.Range(0, CarriedRounding.Places).Select(p => (double)Get(to, (p * (Channels + Gap)) + c))], Sandwich(B, Square(tile, 4, Channels, c)), OfInputs);
        }
    }

    [Fact]
    public void So_are_filters()
    {
        var random = new Random(2);
        var places = new float[CarriedRounding.Places * Lanes];
        var filters = Enumerable.Range(0, Lanes).Select(_ => Sandwich(G, Square([.. Enumerable.Range(0, 9).Select(_ => (float)(random.NextDouble() - 0.4))], 3, 1, 0))).ToArray();
        for (var i = 0; i < 16 * Lanes; i++)
        {
            places[i] = (float)filters[i % Lanes][i / Lanes / 4, i / Lanes % 4];
        }

        fixed (float* at = places)
        {
            CarriedRounding.Filters(at);
        }

        for (var lane = 0; lane < Lanes; lane++)
        {
            Check([.. Enumerable.Range(0, CarriedRounding.Places).Select(p => (double)places[(p * Lanes) + lane])], filters[lane], OfFilters);
        }
    }

    /// <summary>Rounding one by one makes an output half as far again from the exact one as a plain convolution in bf16 is, even of smooth maps; carried, it is nearly as near.</summary>
    [Theory]
    [InlineData(true, 1.2, 1.5)]
    [InlineData(false, 1.6, 1.8)]
    public void A_rectified_map_is_convolved_nearly_as_exactly_as_by_a_plain_convolution(bool smooth, double most, double plainly)
    {
        TorchRuntime.EnsureLoaded();
        Assert.SkipUnless(MatrixKernel.IsAvailable, "this processor has no AVX512-BF16");
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        foreach (var taps in new[] { 1, 3 })
        {
            var map = randn([2, 64, 3, 28, 28], generator: generator);
            map = smooth ? nn.functional.avg_pool3d(map, [1, 3, 3], [1, 1, 1], [0, 1, 1]).relu() : map;
            map = ChannelsLast.Ensure(map.to(ScalarType.BFloat16));
            var weight = randn([80, 64, taps, 3, 3], generator: generator);
            var exact = nn.functional.conv3d(map.to(ScalarType.Float64), weight.to(ScalarType.Float64), padding: [taps / 2, 1, 1]);
            var plain = Error(nn.functional.conv3d(map, weight.to(ScalarType.BFloat16), padding: [taps / 2, 1, 1]), exact);
            var single = Error(WinogradConvolution.Run(map, WinogradFilters.Pack(weight, back: false), 80, taps), exact);
            var carried = Error(WinogradConvolution.Run(map, WinogradFilters.Pack(weight, back: false, carried: true), 80, taps), exact);
            TestContext.Current.TestOutputHelper?.WriteLine($"{(smooth ? "smooth, rectified" : "random")}, {taps} frames: plain {plain:0.0000}, each place for itself {single:0.0000}, carried {carried:0.0000}");
            single.ShouldBeGreaterThan(plainly * plain);
            carried.ShouldBeLessThan(most * plain);
        }
    }

    [Fact]
    public void What_is_no_number_stays_none_and_where_it_is()
    {
        TorchRuntime.EnsureLoaded();
        Assert.SkipUnless(MatrixKernel.IsAvailable, "this processor has no AVX512-BF16");
        using var scope = NewDisposeScope();
        foreach (var value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            for (var pixel = 0; pixel < 36; pixel++)
            {
                var map = ones([1, 16, 1, 6, 6]).to(ScalarType.BFloat16);
                map[0, 3, 0, pixel / 6, pixel % 6] = value;
                var output = WinogradConvolution.Run(ChannelsLast.Ensure(map), WinogradFilters.Pack(ones([16, 16, 1, 3, 3]), back: false, carried: true), 16, 1);
                var expected = nn.functional.conv2d(map.squeeze(2).to(ScalarType.Float32), ones([16, 16, 3, 3]), padding: [1, 1]);
                output.squeeze(2).isfinite().Equals(expected.isfinite()).ShouldBeTrue($"{value} at {pixel}");
            }

            var weight = ones([16, 16, 1, 3, 3]);
            weight[5, 2, 0, 1, 1] = value;
            WinogradConvolution.Run(ChannelsLast.Ensure(ones([1, 16, 1, 6, 6]).to(ScalarType.BFloat16)), WinogradFilters.Pack(weight, back: false, carried: true), 16, 1)
                .isfinite().logical_not().sum().Number().ShouldBe(36, $"every pixel of one channel, {value}");
        }
    }

    private static double Error(Tensor actual, Tensor exact) => EncoderBatteryTests.RelativeError(actual.to(ScalarType.Float64), exact);

    private static void Check(double[] actual, double[,] exact, double[,] carries)
    {
        int[] order = [1, 2, 0, 3];
        var (row, all) = (new double[4, 4], new double[4, 4]); // errors that the row's own places made, and with what came from other rows
        foreach (var i in order)
        {
            foreach (var j in order)
            {
                var target = exact[i, j] + Carry(i, k => all[k, j]);
                var own = target + Carry(j, k => row[i, k]);
                var place = (i * 4) + j;
                Math.Abs(actual[place] - own).ShouldBeLessThanOrEqualTo(HalfUlp(own) * 1.0001, $"place {place}");
                (row[i, j], all[i, j]) = place == CarriedRounding.Sum ? (0, 0) : (actual[place] - target, actual[place] - exact[i, j]);
            }
        }

        var rest = exact[1, 1] - actual[CarriedRounding.Sum];
        Math.Abs(actual[CarriedRounding.Rest] - rest).ShouldBeLessThanOrEqualTo((HalfUlp(rest) * 1.0001) + 1e-9, "what is left of the sum");

        double Carry(int outer, Func<int, double> error) => outer is 0 or 3 ? (carries[outer / 3, 0] * error(1)) + (carries[outer / 3, 1] * error(2)) : 0;
        static double HalfUlp(double value) => value == 0 ? 0 : Math.ScaleB(1, Math.ILogB(value) - 8);
    }
}
