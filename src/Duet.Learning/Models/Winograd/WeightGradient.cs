using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Duet.Learning.Native;
using static TorchSharp.torch;

namespace Duet.Learning.Models.Winograd;

/// <summary>
/// The gradient of a convolution's weight, of stride 1, as products in a domain: at each place the transformed input, channels by tiles, times the transformed gradient, tiles by channels.
/// Tiles are taken in chunks that stay in the last-level cache, or all at once where the sums are the larger part: then sums are transformed back as soon as they are there, and never all in
/// memory. A frame's tiles lie in panels of their own, so that a kernel's other taps in time are products of other frames' panels. The bits do not depend on how many threads there are.
/// </summary>
/// <typeparam name="TDomain">The domain.</typeparam>
[SkipLocalsInit]
internal static unsafe class WeightGradient<TDomain>
    where TDomain : struct, IWeightDomain
{
    private const int Lanes = WinogradTransforms.Lanes;

    /// <summary>Tiles that are turned into columns at a time: sixteen pairs.</summary>
    private const int Group = 2 * Lanes;

    /// <summary>What a chunk may take instead of the domain's, as a multiple of the sums, and at the most.</summary>
    private const int ChunkPerSums = 2;
    private const long MostChunkBytes = 48L << 20;

    /// <summary>Input channels whose sums are made and transformed back at a time.</summary>
    private const int SumRows = 64;

    /// <summary>The most tiles of a panel: its rows stay near each other, whatever the pages' size.</summary>
    private const int MostPanelTiles = 256;

    /// <summary>Tiles of a chunk that are worth a product.</summary>
    private const int FewestChunkTiles = 128;
    private const int Gap = 32;

    /// <summary>The gradient.</summary>
    /// <param name="input">A channels-last bf16 map.</param>
    /// <param name="gradient">Of the output, likewise.</param>
    /// <param name="taps">The kernel's frames: an odd number.</param>
    /// <returns>fp32, <c>[out, in, taps, numbers of a filter]</c>, in the current dispose scope.</returns>
    public static Tensor Compute(Tensor input, Tensor gradient, int taps)
    {
        using var scope = NewDisposeScope();
        var (inputs, outputs) = ((int)input.shape[1], (int)gradient.shape[1]);
        var shape = new TileShape(input.shape, taps, TDomain.Side);
        var (blocks, columns) = WinogradFilters.Blocks(outputs);
        var depth = WinogradFilters.Padded(inputs);
        var tiles = TilesOf(shape, depth, blocks * columns);
        var atOnce = tiles >= shape.Tiles;
        var panelTiles = Math.Min(tiles, MostPanelTiles);
        var panels = (tiles + panelTiles - 1) / panelTiles;
        var left = empty([(long)shape.Frames * panels * TDomain.Places * depth * (panelTiles + Gap)], dtype: ScalarType.BFloat16);
        var right = empty([(long)shape.Frames * panels * TDomain.Places * blocks * columns * panelTiles], dtype: ScalarType.BFloat16);
        var sums = empty([atOnce ? 0 : (long)taps * TDomain.Places * depth * blocks * columns], dtype: ScalarType.Float32);
        var result = empty([outputs, inputs, taps, TDomain.FilterNumbers], dtype: ScalarType.Float32);
        var a = new Arguments
        {
            Shape = shape,
            Input = (ushort*)TensorMemory.Of(input),
            Gradient = (ushort*)TensorMemory.Of(gradient),
            Left = (ushort*)TensorMemory.Of(left),
            Right = (ushort*)TensorMemory.Of(right),
            Sums = atOnce ? null : (float*)TensorMemory.Of(sums),
            Result = (float*)TensorMemory.Of(result),
            Inputs = inputs,
            Outputs = outputs,
            Depth = depth,
            Columns = columns,
            ColumnBlocks = blocks,
            ProductRows = Math.Min(depth, TDomain.ProductRows),
            PanelTiles = panelTiles,
            Panels = panels,
        };
        for (a.First = 0; a.First < shape.Tiles; a.First += tiles)
        {
            a.Count = (int)Math.Min(tiles, shape.Tiles - a.First);
            ParallelFor.Run((long)shape.Frames * a.Groups, &Transform, &a);
            if (!atOnce)
            {
                ParallelFor.Run((long)TDomain.Places * taps * blocks * a.RowBlocks, &Add, &a);
            }
        }

        ParallelFor.Run((long)blocks * taps * ((depth + SumRows - 1) / SumRows), atOnce ? &MultiplyAndTransformBack : &TransformBack, &a);
        GC.KeepAlive(input);
        GC.KeepAlive(gradient);
        GC.KeepAlive(left);
        GC.KeepAlive(right);
        GC.KeepAlive(sums);
        return result.MoveToOuterDisposeScope();
    }

    private static int TilesOf(TileShape shape, int depth, int width)
    {
        var perTile = (long)TDomain.Places * (depth + width) * sizeof(ushort) * shape.Frames;
        var most = (shape.Tiles + Group - 1) / Group * Group;
        var fewest = Math.Max(Group, FewestChunkTiles / shape.Frames / Group * Group);
        var bytes = Math.Max(TDomain.ChunkBytes, Math.Min(MostChunkBytes, (long)ChunkPerSums * shape.Taps * TDomain.Places * depth * width * sizeof(float)));
        return (int)Math.Min(most, Math.Max(bytes / perTile / Group * Group, fewest));
    }

    /// <summary>Transforms groups of tiles of one frame and turns them into columns (the input) and pairs of rows (the gradient).</summary>
    private static void Transform(void* arguments, long begin, long end)
    {
        ref readonly var a = ref *(Arguments*)arguments;
        var widest = Math.Max(a.Depth, a.Width);
        var plane = ((long)Group * widest) + Gap;
        var rows = (ushort*)WinogradScratch.Of((plane * TDomain.Places * sizeof(ushort)) + (TDomain.Places * widest * sizeof(ushort)));
        var border = rows + (plane * TDomain.Places);
        for (var unit = begin; unit < end; unit++)
        {
            var (frame, group) = Math.DivRem((int)unit, a.Groups);
            var count = Math.Min(Group, a.Count - (group * Group));
            var first = a.First + (group * Group);
            var (inFrame, column) = Math.DivRem(group * Group, a.PanelTiles);
            var panel = ((long)frame * a.Panels) + inFrame;
            TDomain.Input(in a.Shape, a.Input, a.Inputs, a.Depth, first, count, frame, rows, plane, border);
            Clear(rows, plane, count, a.Depth);
            Turn(in a, rows, plane, panel, column);
            TDomain.Gradient(in a.Shape, a.Gradient, a.Outputs, a.Width, first, count, frame, rows, plane, border);
            Clear(rows, plane, count, a.Width);
            Pair(in a, rows, plane, panel, column);
        }
    }

    private static void Clear(ushort* rows, long plane, int count, int channels)
    {
        for (var place = 0; count < Group && place < TDomain.Places; place++)
        {
            new Span<ushort>(rows + (place * plane) + ((long)count * channels), (Group - count) * channels).Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Turn(ref readonly Arguments a, ushort* rows, long plane, long panel, int column)
    {
        var wordsMemory = stackalloc uint[(Lanes * Lanes) + WinogradScratch.Slack];
        var words = (uint*)WinogradScratch.Align(wordsMemory);
        for (var place = 0; place < TDomain.Places; place++)
        {
            for (var c = 0; c < a.Depth; c += Lanes)
            {
                for (var pair = 0; pair < Lanes; pair++)
                {
                    var from = rows + (place * plane) + (2L * pair * a.Depth) + c;
                    Bf16Pairs.Load(from, from + a.Depth).Store(words + (pair * Lanes));
                }

                Bf16Pairs.Transpose(words, Lanes, (uint*)(a.LeftAt(panel, place, c) + column), a.LeftStride / 2);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pair(ref readonly Arguments a, ushort* rows, long plane, long panel, int column)
    {
        var width = a.Width;
        for (var place = 0; place < TDomain.Places; place++)
        {
            for (var block = 0; block < a.ColumnBlocks; block++)
            {
                var to = a.RightAt(panel, place, block) + (column * a.Columns);
                for (var pair = 0; pair < Lanes; pair++)
                {
                    var from = rows + (place * plane) + (2L * pair * width) + (block * a.Columns);
                    for (var c = 0; c < a.Columns; c += Lanes)
                    {
                        Bf16Pairs.Load(from + c, from + width + c).Store((uint*)to + (pair * a.Columns) + c);
                    }
                }
            }
        }
    }

    /// <summary>A chunk's products at some places and taps, added to the sums.</summary>
    private static void Add(void* arguments, long begin, long end)
    {
        ref readonly var a = ref *(Arguments*)arguments;
        for (var unit = begin; unit < end; unit++)
        {
            var (rest, tap) = Math.DivRem((int)unit, a.Shape.Taps);
            (rest, var rowBlock) = Math.DivRem(rest, a.RowBlocks);
            var (place, block) = Math.DivRem(rest, a.ColumnBlocks);
            var row = rowBlock * a.ProductRows;
            var to = a.Sums + (((((long)tap * TDomain.Places) + place) * a.Depth) + row) * a.Width + (block * a.Columns);
            Multiply(in a, tap, place, row, Math.Min(a.ProductRows, a.Depth - row), block, to, a.Width);
        }

        MatrixKernel.Release();
    }

    /// <summary>All sums of some input channels, a block of output channels and a tap, transformed back.</summary>
    private static void MultiplyAndTransformBack(void* arguments, long begin, long end)
    {
        ref readonly var a = ref *(Arguments*)arguments;
        var plane = ((long)SumRows * a.Columns) + Gap;
        var sums = (float*)WinogradScratch.Of(plane * TDomain.Places * sizeof(float));
        for (var unit = begin; unit < end; unit++)
        {
            var (row, block, tap) = Unit(in a, unit);
            var rows = Math.Min(SumRows, a.Depth - row);
            for (var place = 0; place < TDomain.Places; place++)
            {
                Multiply(in a, tap, place, row, rows, block, sums + (place * plane), a.Columns);
            }

            TransformBack(in a, sums, plane, a.Columns, row, block, tap);
        }

        MatrixKernel.Release();
    }

    private static void TransformBack(void* arguments, long begin, long end)
    {
        ref readonly var a = ref *(Arguments*)arguments;
        var plane = (long)a.Depth * a.Width;
        for (var unit = begin; unit < end; unit++)
        {
            var (row, block, tap) = Unit(in a, unit);
            TransformBack(in a, a.Sums + (tap * TDomain.Places * plane) + ((long)row * a.Width) + (block * a.Columns), plane, a.Width, row, block, tap);
        }
    }

    private static (int Row, int Block, int Tap) Unit(ref readonly Arguments a, long unit)
    {
        var (rest, tap) = Math.DivRem((int)unit, a.Shape.Taps);
        var (row, block) = Math.DivRem(rest, a.ColumnBlocks);
        return (row * SumRows, block, tap);
    }

    /// <summary>One place's products of a chunk, for some input channels and a block of output channels.</summary>
    private static void Multiply(ref readonly Arguments a, int tap, int place, int row, int rows, int block, float* to, long stride)
    {
        // A frame's gradient meets the input of the frame that the tap sees; at the ends there is none.
        var offset = tap - (a.Shape.Taps / 2);
        var add = a.Sums != null && a.First > 0;
        for (var frame = Math.Max(0, -offset); frame < a.Shape.Frames - Math.Max(0, offset); frame++)
        {
            for (var panel = 0; panel * a.PanelTiles < a.Groups * Group; panel++)
            {
                var tiles = Math.Min(a.PanelTiles, (a.Groups * Group) - (panel * a.PanelTiles));
                var left = a.LeftAt(((long)(frame + offset) * a.Panels) + panel, place, row);
                var right = a.RightAt(((long)frame * a.Panels) + panel, place, block);
                MatrixKernel.Multiply(rows, a.Columns, tiles, left, a.LeftStride, right, a.Columns, to, stride, add);
                add = true;
            }
        }

        for (var i = 0; !add && i < rows; i++)
        {
            new Span<float>(to + (i * stride), a.Columns).Clear();
        }
    }

    private static void TransformBack(ref readonly Arguments a, float* sums, long plane, int stride, int row, int block, int tap)
    {
        var tapsMemory = stackalloc float[(Lanes * Lanes) + WinogradScratch.Slack];
        var taps = (float*)WinogradScratch.Align(tapsMemory);
        var filtersMemory = stackalloc float[(Lanes * Lanes) + WinogradScratch.Slack];
        var filters = (float*)WinogradScratch.Align(filtersMemory);
        new Span<float>(taps, Lanes * Lanes).Clear(); // the domain does not write all sixteen rows
        var inputs = Math.Min(SumRows, a.Inputs - row);
        var outputs = Math.Min(a.Columns, a.Outputs - (block * a.Columns));
        for (var output = 0; output < outputs; output += Lanes)
        {
            var lanes = Math.Min(Lanes, outputs - output);
            for (var input = 0; input < inputs; input++)
            {
                TDomain.Filters(sums + ((long)input * stride) + output, plane, taps);
                Bf16Pairs.Transpose((uint*)taps, Lanes, (uint*)filters, Lanes);
                for (var lane = 0; lane < lanes; lane++)
                {
                    var filter = (((((block * a.Columns) + output + lane) * (long)a.Inputs) + row + input) * a.Shape.Taps) + tap;
                    new ReadOnlySpan<float>(filters + (lane * Lanes), TDomain.FilterNumbers).CopyTo(new Span<float>(a.Result + (filter * TDomain.FilterNumbers), TDomain.FilterNumbers));
                }
            }
        }
    }

    private struct Arguments
    {
        public TileShape Shape;
        public ushort* Input;
        public ushort* Gradient;
        public ushort* Left;
        public ushort* Right;
        public float* Sums;
        public float* Result;
        public int Inputs;
        public int Outputs;
        public int Depth;
        public int Columns;
        public int ColumnBlocks;
        public int ProductRows;
        public int PanelTiles;
        public int Panels;
        public long First;
        public int Count;

        /// <summary>Groups of tiles of one frame of the present chunk.</summary>
        public readonly int Groups => (Count + Group - 1) / Group;

        /// <summary>Numbers from row to row of a panel of the input: a cache line more than its tiles take, so that rows of 256 do not all fall on the same few lines of the caches.</summary>
        public readonly int LeftStride => PanelTiles + Gap;

        public readonly int RowBlocks => (Depth + ProductRows - 1) / ProductRows;

        public readonly int Width => ColumnBlocks * Columns;

        public readonly ushort* LeftAt(long panel, int place, int row) => Left + (((((panel * TDomain.Places) + place) * Depth) + row) * LeftStride);

        public readonly ushort* RightAt(long panel, int place, int block) => Right + (((((panel * TDomain.Places) + place) * ColumnBlocks) + block) * Columns * PanelTiles);
    }
}
