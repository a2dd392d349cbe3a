using Duet.Learning.Models.Fused;

namespace Duet.Learning.Tests.Models.Winograd;

/// <summary>The matrices of Lavin and Gray, and products with them in 64 bits.</summary>
internal static unsafe class TransformMatrices
{
    /// <summary>Of the input, transposed.</summary>
    public static readonly double[,] B = { { 1, 0, -1, 0 }, { 0, 1, 1, 0 }, { 0, -1, 1, 0 }, { 0, 1, 0, -1 } };
    /// <summary>Of filters.</summary>
    public static readonly double[,] G = { { 1, 0, 0 }, { 0.5, 0.5, 0.5 }, { 0.5, -0.5, 0.5 }, { 0, 0, 1 } };
    /// <summary>Of the output, transposed.</summary>
    public static readonly double[,] A = { { 1, 1, 1, 0 }, { 0, 1, -1, -1 } };

    /// <summary>The nearest bf16 number.</summary>
    public static ushort Rounded(float value)
    {
        ushort bits;
        Bf16Element.Set(&bits, 0, value);
        return bits;
    }

    /// <summary>A bf16 number.</summary>
    public static float Get(ushort[] numbers, int index) => BitConverter.UInt32BitsToSingle((uint)numbers[index] << 16);

    /// <summary>A channel of a tile.</summary>
    public static double[,] Square(ushort[] tile, int side, int channels, int channel) =>
        Square([.. Enumerable.Range(0, side * side).Select(i => Get(tile, (i * channels) + channel))], side, 1, 0);

    /// <summary>The same of fp32 numbers.</summary>
    public static double[,] Square(float[] numbers, int side, int step, int lane)
    {
        var square = new double[side, side];
        for (var i = 0; i < side * side; i++)
        {
            square[i / side, i % side] = numbers[(i * step) + lane];
        }

        return square;
    }

    /// <summary>m x mt.</summary>
    public static double[,] Sandwich(double[,] m, double[,] x) => Product(Product(m, x), Transposed(m));

    /// <summary>a b.</summary>
    public static double[,] Product(double[,] a, double[,] b)
    {
        var product = new double[a.GetLength(0), b.GetLength(1)];
        for (var i = 0; i < a.GetLength(0); i++)
        {
            for (var j = 0; j < b.GetLength(1); j++)
            {
                product[i, j] = Enumerable.Range(0, b.GetLength(0)).Sum(k => a[i, k] * b[k, j]);
            }
        }

        return product;
    }

    /// <summary>mt.</summary>
    public static double[,] Transposed(double[,] m)
    {
        var transposed = new double[m.GetLength(1), m.GetLength(0)];
        for (var i = 0; i < m.GetLength(0); i++)
        {
            for (var j = 0; j < m.GetLength(1); j++)
            {
                transposed[j, i] = m[i, j];
            }
        }

        return transposed;
    }

    /// <summary>A filter turned round.</summary>
    public static double[,] Turned(double[,] filter)
    {
        var turned = new double[3, 3];
        for (var i = 0; i < 9; i++)
        {
            turned[i / 3, i % 3] = filter[2 - (i / 3), 2 - (i % 3)];
        }

        return turned;
    }
}
