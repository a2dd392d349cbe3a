using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Duet.Learning.Models.Fused;

/// <summary>A choice that is made when a kernel is compiled.</summary>
internal interface IChoice
{
    /// <summary>Whether it is taken.</summary>
    static abstract bool Taken { get; }
}

/// <summary>Taken.</summary>
internal readonly struct Yes : IChoice
{
    public static bool Taken => true;
}

/// <summary>Not taken.</summary>
internal readonly struct No : IChoice
{
    public static bool Taken => false;
}

/// <summary>What a kernel works on. Addresses of numbers per channel are of <see cref="MapLayout.Columns"/> of them, the channels repeated.</summary>
internal unsafe struct NormalisationArguments
{
    /// <summary>How the maps lie.</summary>
    public MapLayout Layout;

    /// <summary>The convolution's output.</summary>
    public void* Map;

    /// <summary>What is added before the ReLU; the gradient's second part.</summary>
    public void* Other;

    /// <summary>What is written, or the ReLU's output.</summary>
    public void* Result;

    /// <summary>The gradient.</summary>
    public void* Gradient;

    /// <summary>Per channel: scale, or the pivot that is taken off before summing.</summary>
    public float* First;

    /// <summary>Per channel: shift.</summary>
    public float* Second;

    /// <summary>Per channel.</summary>
    public float* Third;

    /// <summary>Per channel.</summary>
    public float* Fourth;

    /// <summary>Per channel.</summary>
    public float* Fifth;

    /// <summary>By block: a sum per channel, then another.</summary>
    public double* Sums;
}

/// <summary>
/// The memory-bound half of a training step: batch normalisation, the residual sum and ReLU in one pass over a channels-last map and, backward, in two. Everything is computed in 32-bit
/// floats, sums in 64 bits beyond a block's. A loop handles sixteen numbers at a time; a tail of fewer than a row goes one by one.
/// </summary>
/// <typeparam name="TElement">The maps' numbers.</typeparam>
internal static unsafe class NormalisationKernels<TElement>
    where TElement : struct, IMapElement
{
    private const int Lanes = MapLayout.Lanes;

    /// <summary>Sums of (map - first) and of its square, by block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Moments(void* arguments, long begin, long end)
    {
        ref readonly var a = ref *(NormalisationArguments*)arguments;
        for (var block = begin; block < end; block++)
        {
            var (from, to) = (block * a.Layout.BlockRows, Math.Min(a.Layout.Rows, (block + 1) * a.Layout.BlockRows));
            var sums = a.Sums + (block * 2 * a.Layout.Channels);
            new Span<double>(sums, 2 * a.Layout.Channels).Clear();
            var column = 0;
            for (; column + Lanes < a.Layout.Columns && from < to; column += 2 * Lanes)
            {
                // Two vectors side by side: of bf16 they are a cache line. Even and odd rows apart: four sums that don't wait for each other.
                var (pivot, pivot2) = (Vector512.Load(a.First + column), Vector512.Load(a.First + column + Lanes));
                var (sum, sum2, sum3, sum4) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
                var (square, square2, square3, square4) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
                var row = from;
                for (; row + 1 < to; row += 2)
                {
                    var i = (row * a.Layout.Columns) + column;
                    var x = TElement.Load(a.Map, i) - pivot;
                    var y = TElement.Load(a.Map, i + Lanes) - pivot2;
                    var z = TElement.Load(a.Map, i + a.Layout.Columns) - pivot;
                    var w = TElement.Load(a.Map, i + a.Layout.Columns + Lanes) - pivot2;
                    sum += x;
                    sum2 += y;
                    sum3 += z;
                    sum4 += w;
                    square = Vector512.FusedMultiplyAdd(x, x, square);
                    square2 = Vector512.FusedMultiplyAdd(y, y, square2);
                    square3 = Vector512.FusedMultiplyAdd(z, z, square3);
                    square4 = Vector512.FusedMultiplyAdd(w, w, square4);
                }

                if (row < to)
                {
                    var i = (row * a.Layout.Columns) + column;
                    var x = TElement.Load(a.Map, i) - pivot;
                    var y = TElement.Load(a.Map, i + Lanes) - pivot2;
                    sum += x;
                    sum2 += y;
                    square = Vector512.FusedMultiplyAdd(x, x, square);
                    square2 = Vector512.FusedMultiplyAdd(y, y, square2);
                }

                Fold(sums, a.Layout.Channels, column, sum + sum3, square + square3);
                Fold(sums, a.Layout.Channels, column + Lanes, sum2 + sum4, square2 + square4);
            }

            if (column < a.Layout.Columns && from < to)
            {
                var pivot = Vector512.Load(a.First + column);
                var (sum, square) = (Vector512<float>.Zero, Vector512<float>.Zero);
                for (var row = from; row < to; row++)
                {
                    var x = TElement.Load(a.Map, (row * a.Layout.Columns) + column) - pivot;
                    sum += x;
                    square = Vector512.FusedMultiplyAdd(x, x, square);
                }

                Fold(sums, a.Layout.Channels, column, sum, square);
            }

            if (block == a.Layout.Blocks - 1)
            {
                for (var i = a.Layout.Rows * a.Layout.Columns; i < a.Layout.Numbers; i++)
                {
                    var channel = (int)(i % a.Layout.Channels);
                    double x = TElement.Get(a.Map, i) - a.First[channel];
                    sums[channel] += x;
                    sums[a.Layout.Channels + channel] += x * x;
                }
            }
        }
    }

    /// <summary>result = map * first + second, plus other where there is one, then ReLU where there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply<TOther, TRelu>(void* arguments, long begin, long end)
        where TOther : struct, IChoice
        where TRelu : struct, IChoice
    {
        ref readonly var a = ref *(NormalisationArguments*)arguments;
        var (from, to) = (begin * a.Layout.BlockRows, Math.Min(a.Layout.Rows, end * a.Layout.BlockRows));
        for (var row = from; row < to; row++)
        {
            var start = row * a.Layout.Columns;
            for (var column = 0; column < a.Layout.Columns; column += Lanes)
            {
                var y = Vector512.FusedMultiplyAdd(TElement.Load(a.Map, start + column), Vector512.Load(a.First + column), Vector512.Load(a.Second + column));
                if (TOther.Taken)
                {
                    y += TElement.Load(a.Other, start + column);
                }

                // A NaN must stay one: the comparison is false for it, so it is what is kept.
                TElement.Store(a.Result, start + column, TRelu.Taken ? Vector512.ConditionalSelect(Vector512.LessThan(y, Vector512<float>.Zero), Vector512<float>.Zero, y) : y);
            }
        }

        if (end == a.Layout.Blocks)
        {
            for (var i = a.Layout.Rows * a.Layout.Columns; i < a.Layout.Numbers; i++)
            {
                var channel = (int)(i % a.Layout.Channels);
                var y = MathF.FusedMultiplyAdd(TElement.Get(a.Map, i), a.First[channel], a.Second[channel]) + (TOther.Taken ? TElement.Get(a.Other, i) : 0);
                TElement.Set(a.Result, i, TRelu.Taken && y < 0 ? 0 : y);
            }
        }
    }

    /// <summary>
    /// Backward, first pass. g = gradient (+ other), 0 where the ReLU was: where result is 0 if <typeparamref name="TOutput"/>, where map * first + second is not above 0 if
    /// <typeparamref name="TAffine"/>. Sums of g and of g * (map - third) by block. g replaces the gradient where it is not the gradient itself or cheap to find again.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Reduce<TOther, TOutput, TAffine>(void* arguments, long begin, long end)
        where TOther : struct, IChoice
        where TOutput : struct, IChoice
        where TAffine : struct, IChoice
    {
        ref readonly var a = ref *(NormalisationArguments*)arguments;
        for (var block = begin; block < end; block++)
        {
            var (from, to) = (block * a.Layout.BlockRows, Math.Min(a.Layout.Rows, (block + 1) * a.Layout.BlockRows));
            var sums = a.Sums + (block * 2 * a.Layout.Channels);
            new Span<double>(sums, 2 * a.Layout.Channels).Clear();
            var column = 0;
            for (; column + Lanes < a.Layout.Columns && from < to; column += 2 * Lanes)
            {
                var (scale, shift, mean) = (Vector512.Load(a.First + column), Vector512.Load(a.Second + column), Vector512.Load(a.Third + column));
                var (scale2, shift2, mean2) = (Vector512.Load(a.First + column + Lanes), Vector512.Load(a.Second + column + Lanes), Vector512.Load(a.Third + column + Lanes));
                var (sum, sum2, product, product2) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
                for (var row = from; row < to; row++)
                {
                    var i = (row * a.Layout.Columns) + column;
                    var (x, x2) = (TElement.Load(a.Map, i), TElement.Load(a.Map, i + Lanes));
                    var g = Masked<TOther, TOutput, TAffine>(in a, i, x, scale, shift);
                    var g2 = Masked<TOther, TOutput, TAffine>(in a, i + Lanes, x2, scale2, shift2);
                    sum += g;
                    sum2 += g2;
                    product = Vector512.FusedMultiplyAdd(g, x - mean, product);
                    product2 = Vector512.FusedMultiplyAdd(g2, x2 - mean2, product2);
                }

                Fold(sums, a.Layout.Channels, column, sum, product);
                Fold(sums, a.Layout.Channels, column + Lanes, sum2, product2);
            }

            if (column < a.Layout.Columns && from < to)
            {
                var (scale, shift, mean) = (Vector512.Load(a.First + column), Vector512.Load(a.Second + column), Vector512.Load(a.Third + column));
                var (sum, product) = (Vector512<float>.Zero, Vector512<float>.Zero);
                for (var row = from; row < to; row++)
                {
                    var i = (row * a.Layout.Columns) + column;
                    var x = TElement.Load(a.Map, i);
                    var g = Masked<TOther, TOutput, TAffine>(in a, i, x, scale, shift);
                    sum += g;
                    product = Vector512.FusedMultiplyAdd(g, x - mean, product);
                }

                Fold(sums, a.Layout.Channels, column, sum, product);
            }

            if (block == a.Layout.Blocks - 1)
            {
                for (var i = a.Layout.Rows * a.Layout.Columns; i < a.Layout.Numbers; i++)
                {
                    var channel = (int)(i % a.Layout.Channels);
                    var x = TElement.Get(a.Map, i);
                    var g = TElement.Get(a.Gradient, i) + (TOther.Taken ? TElement.Get(a.Other, i) : 0);
                    var blocked = TOutput.Taken ? !(TElement.Get(a.Result, i) > 0) : TAffine.Taken && !(MathF.FusedMultiplyAdd(x, a.First[channel], a.Second[channel]) > 0);
                    g = blocked ? 0 : g;
                    if (TOther.Taken || TOutput.Taken)
                    {
                        TElement.Set(a.Gradient, i, g);
                    }

                    sums[channel] += g;
                    sums[a.Layout.Channels + channel] += (double)g * (x - a.Third[channel]);
                }
            }
        }
    }

    /// <summary>
    /// Backward, second pass: result = third * g + fourth * map + fifth, with g the gradient, 0 where map * first + second is not above 0 if <typeparamref name="TAffine"/>.
    /// The result may be the gradient's own memory.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Differentiate<TAffine>(void* arguments, long begin, long end)
        where TAffine : struct, IChoice
    {
        ref readonly var a = ref *(NormalisationArguments*)arguments;
        var (from, to) = (begin * a.Layout.BlockRows, Math.Min(a.Layout.Rows, end * a.Layout.BlockRows));
        for (var row = from; row < to; row++)
        {
            var start = row * a.Layout.Columns;
            for (var column = 0; column < a.Layout.Columns; column += Lanes)
            {
                var x = TElement.Load(a.Map, start + column);
                var g = TElement.Load(a.Gradient, start + column);
                if (TAffine.Taken)
                {
                    var y = Vector512.FusedMultiplyAdd(x, Vector512.Load(a.First + column), Vector512.Load(a.Second + column));
                    g = Vector512.ConditionalSelect(Vector512.GreaterThan(y, Vector512<float>.Zero), g, Vector512<float>.Zero);
                }

                var rest = Vector512.FusedMultiplyAdd(x, Vector512.Load(a.Fourth + column), Vector512.Load(a.Fifth + column));
                TElement.Store(a.Result, start + column, Vector512.FusedMultiplyAdd(g, Vector512.Load(a.Third + column), rest));
            }
        }

        if (end == a.Layout.Blocks)
        {
            for (var i = a.Layout.Rows * a.Layout.Columns; i < a.Layout.Numbers; i++)
            {
                var channel = (int)(i % a.Layout.Channels);
                var x = TElement.Get(a.Map, i);
                var g = TAffine.Taken && !(MathF.FusedMultiplyAdd(x, a.First[channel], a.Second[channel]) > 0) ? 0 : TElement.Get(a.Gradient, i);
                TElement.Set(a.Result, i, MathF.FusedMultiplyAdd(g, a.Third[channel], MathF.FusedMultiplyAdd(x, a.Fourth[channel], a.Fifth[channel])));
            }
        }
    }

    /// <summary>Sixteen numbers of <c>Reduce</c>'s g, written where they replace the gradient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Masked<TOther, TOutput, TAffine>(in NormalisationArguments a, long i, Vector512<float> x, Vector512<float> scale, Vector512<float> shift)
        where TOther : struct, IChoice
        where TOutput : struct, IChoice
        where TAffine : struct, IChoice
    {
        var g = TElement.Load(a.Gradient, i);
        if (TOther.Taken)
        {
            g += TElement.Load(a.Other, i);
        }

        if (TOutput.Taken)
        {
            g = Vector512.ConditionalSelect(Vector512.GreaterThan(TElement.Load(a.Result, i), Vector512<float>.Zero), g, Vector512<float>.Zero);
        }
        else if (TAffine.Taken)
        {
            g = Vector512.ConditionalSelect(Vector512.GreaterThan(Vector512.FusedMultiplyAdd(x, scale, shift), Vector512<float>.Zero), g, Vector512<float>.Zero);
        }

        if (TOther.Taken || TOutput.Taken)
        {
            TElement.Store(a.Gradient, i, g);
        }

        return g;
    }

    /// <summary>Adds a column vector's two sums to their channels'.</summary>
    private static void Fold(double* sums, int channels, int column, Vector512<float> first, Vector512<float> second)
    {
        var values = stackalloc float[2 * Lanes];
        first.Store(values);
        second.Store(values + Lanes);
        var channel = column % channels;
        for (var lane = 0; lane < Lanes; lane++)
        {
            sums[channel] += values[lane];
            sums[channels + channel] += values[Lanes + lane];
            channel = channel + 1 == channels ? 0 : channel + 1;
        }
    }
}
