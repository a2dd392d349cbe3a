using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Duet.Learning.Models.Fused;
using Duet.Learning.Models.Winograd;
using Shouldly;
using Xunit;
using static Duet.Learning.Tests.Models.Winograd.TransformMatrices;

namespace Duet.Learning.Tests.Models.Winograd;

/// <summary>The transforms against products with the matrices of Lavin and Gray, written out.</summary>
public sealed unsafe class WinogradTransformsTests
{
    private const int Lanes = WinogradTransforms.Lanes;
    private const int Places = WinogradTransforms.Places;
    private const int Gap = 5;

    [Fact]
    public void Inputs_become_Bt_d_B()
    {
        var channels = 3 * Lanes;
        var tile = Numbers(16 * channels);
        var to = new ushort[Places * (channels + Gap)];
        fixed (ushort* from = tile, at = to)
        {
            WinogradTransforms.Input(new TilePixels(from, 4 * channels, channels), channels, at, channels + Gap);
        }

        Check(to, channels, c => Sandwich(B, Square(tile, 4, channels, c)));
    }

    /// <summary>Two tiles, of which one lies as in a map and one as in a copy of its own.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pairs_of_inputs_and_of_gradients_become_the_same(bool ofInput)
    {
        var side = ofInput ? 4 : 2;
        var matrix = ofInput ? B : Transposed(A);
        const int Channels = Lanes + 7;
        var wide = side + 3;
        var (map, copy) = (Numbers(side * wide * Channels), Numbers(side * side * Lanes));
        var words = new uint[Places * (Lanes + Gap)];
        fixed (ushort* even = map, odd = copy)
        {
            fixed (uint* to = words)
            {
                var (first, second) = (new TilePixels(even, wide * Channels, Channels), new TilePixels(odd, side * Lanes, Lanes));
                if (ofInput)
                {
                    WinogradTransforms.Inputs(first, second, to, Lanes + Gap);
                }
                else
                {
                    WinogradTransforms.Gradients(first, second, to, Lanes + Gap);
                }
            }
        }

        for (var lane = 0; lane < Lanes; lane++)
        {
            var inMap = Sandwich(matrix, Square([.. Enumerable.Range(0, side * side).Select(i => Get(map, ((((i / side) * wide) + (i % side)) * Channels) + lane))], side, 1, 0));
            var inCopy = Sandwich(matrix, Square(copy, side, Lanes, lane));
            for (var i = 0; i < Places; i++)
            {
                var word = words[(i * (Lanes + Gap)) + lane];
                ((ushort)word).ShouldBe(Rounded((float)inMap[i / 4, i % 4]), $"even, lane {lane}, place {i}");
                ((ushort)(word >> 16)).ShouldBe(Rounded((float)inCopy[i / 4, i % 4]), $"odd, lane {lane}, place {i}");
            }
        }
    }

    [Fact]
    public void Products_become_At_m_A()
    {
        var products = Floats(Places * (Lanes + Gap));
        var pixels = new float[4 * Lanes];
        fixed (float* from = products, to = pixels)
        {
            WinogradTransforms.Output(from, Lanes + Gap, to);
        }

        for (var lane = 0; lane < Lanes; lane++)
        {
            var expected = Sandwich(A, Square(products, 4, Lanes + Gap, lane));
            for (var i = 0; i < 4; i++)
            {
                pixels[(i * Lanes) + lane].ShouldBe((float)expected[i / 2, i % 2], 1e-5f);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Filters_become_G_w_Gt_also_turned_round(bool back)
    {
        var taps = Floats(9 * Lanes);
        var places = new float[Places * Lanes];
        fixed (float* from = taps, to = places)
        {
            WinogradTransforms.Filters(back ? from + (8 * Lanes) : from, back ? -Lanes : Lanes, to);
        }

        for (var lane = 0; lane < Lanes; lane++)
        {
            var filter = Square(taps, 3, Lanes, lane);
            var expected = Sandwich(G, back ? Turned(filter) : filter);
            for (var i = 0; i < Places; i++)
            {
                places[(i * Lanes) + lane].ShouldBe((float)expected[i / 4, i % 4], 1e-5f);
            }
        }
    }

    [Fact]
    public void Filters_gradients_are_Gt_u_G()
    {
        var sums = Floats(Places * (Lanes + Gap));
        var taps = new float[9 * Lanes];
        fixed (float* from = sums, to = taps)
        {
            WinogradTransforms.FilterGradients(from, Lanes + Gap, to);
        }

        for (var lane = 0; lane < Lanes; lane++)
        {
            var expected = Sandwich(Transposed(G), Square(sums, 4, Lanes + Gap, lane));
            for (var i = 0; i < 9; i++)
            {
                taps[(i * Lanes) + lane].ShouldBe((float)expected[i / 3, i % 3], 1e-5f);
            }
        }
    }

    [Fact]
    public void What_is_no_number_stays_none()
    {
        foreach (var value in new[] { float.NaN, BitConverter.UInt32BitsToSingle(0xffff_0000), float.PositiveInfinity, float.NegativeInfinity })
        {
            var tile = new ushort[16 * Lanes];
            tile[5 * Lanes] = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
            var to = new ushort[Places * Lanes];
            fixed (ushort* from = tile, at = to)
            {
                WinogradTransforms.Input(new TilePixels(from, 4 * Lanes, Lanes), Lanes, at, Lanes);
                Enumerable.Range(0, Places).Count(p => !float.IsFinite(Get(to, p * Lanes))).ShouldBe(9, $"places that see pixel 5, {value}");
            }
        }
    }

    [Fact]
    public void Weights_that_are_no_numbers_stay_none_in_pairs()
    {
        var none = BitConverter.UInt32BitsToSingle(0x7fff_ffff);
        float[] even = [none, BitConverter.UInt32BitsToSingle(0xffff_ffff), float.NaN, float.PositiveInfinity, 1, -0f, 3.14159f, 1e-40f, .. Enumerable.Repeat(2f, 8)];
        float[] odd = [.. even.Reverse()];
        var pairs = new uint[Lanes];
        fixed (float* first = even, second = odd)
        {
            fixed (uint* to = pairs)
            {
                Bf16Pairs.Store(to, first, second);
            }
        }

        for (var i = 0; i < Lanes; i++)
        {
            Rounded(BitConverter.UInt32BitsToSingle(pairs[i] << 16), even[i]);
            Rounded(BitConverter.UInt32BitsToSingle(pairs[i] & 0xffff_0000), odd[i]);
        }

        static void Rounded(float actual, float exact)
        {
            var expected = float.IsFinite(exact) ? (float)(Math.Round(exact / Ulp(exact)) * Ulp(exact)) : exact;
            actual.ShouldBe(expected, $"{exact}");
        }

        // The distance of bf16 numbers at a number: 8 bits of precision, and none below the smallest.
        static double Ulp(float exact) => Math.ScaleB(1, Math.Max(exact == 0 ? -126 : Math.ILogB(exact), -126) - 7);
    }

    [Fact]
    public void Sixteen_rows_of_words_become_columns()
    {
        Assert.SkipUnless(Avx512F.IsSupported, "this processor has no AVX-512");
        const int Stride = 19;
        const int Step = 17;
        var from = Enumerable.Range(0, Lanes * Stride).Select(i => (uint)i).ToArray();
        var to = new uint[Lanes * Step];
        fixed (uint* rows = from, columns = to)
        {
            Bf16Pairs.Transpose(rows, Stride, columns, Step);
        }

        for (var row = 0; row < Lanes; row++)
        {
            for (var column = 0; column < Lanes; column++)
            {
                to[(column * Step) + row].ShouldBe(from[(row * Stride) + column]);
            }
        }
    }

    private static void Check(ushort[] actual, int channels, Func<int, double[,]> expected)
    {
        for (var c = 0; c < channels; c++)
        {
            var places = expected(c);
            for (var i = 0; i < Places; i++)
            {
                var value = Get(actual, (i * (channels + Gap)) + c);
                value.ShouldBe(BitConverter.UInt32BitsToSingle((uint)Rounded((float)places[i / 4, i % 4]) << 16), $"channel {c}, place {i}");
            }
        }
    }

    private static ushort[] Numbers(int count) => [.. Floats(count).Select(Rounded)];

    private static float[] Floats(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 4) - 2))];
    }
}
