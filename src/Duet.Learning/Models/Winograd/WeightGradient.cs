using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Duet.Learning.Native;
using static TorchSharp.torch;

namespace Duet.Learning.Models.Winograd;

/// <summary>
/// The gradient of a convolution's weight, of stride 1, as products in a domain: at each place the transformed input, channels by tiles, times the transformed gradient, tiles by channels.
/// Tiles are taken in chunks that stay in the caches, in long clips some of their frames after the other, or all at once where the sums are the larger part: then sums are transformed back as
/// soon as they are there, and never all in memory. A frame's tiles lie in panels of their own, so that a kernel's other taps in time are products of other frames' panels. The bits do not
/// depend on how many threads there are.
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

    /// <summary>Tiles that make a product long enough: where a chunk has no room for so many of all frames, it holds some frames of them.</summary>
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
        var (tiles, frames) = ChunkOf(shape, depth, blocks * columns);
        var atOnce = tiles >= shape.Tiles && frames == shape.Frames;
        var panels = (tiles + MostPanelTiles - 1) / MostPanelTiles;
        var panelTiles = ((tiles / Group) + panels - 1) / panels * Group;
        var window = Math.Min(frames + taps - 1, shape.Frames);
        var left = empty([(long)window * panels * TDomain.Places * depth * (panelTiles + Gap)], dtype: ScalarType.BFloat16);
        var right = empty([(long)frames * panels * TDomain.Places * blocks * columns * panelTiles], dtype: ScalarType.BFloat16);
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
            InputFrames = window,
            GradientFrames = frames,
        };
        var blocksOfSums = (long)blocks * taps * ((depth + SumRows - 1) / SumRows);
        for (a.First = 0; a.First < shape.Tiles; a.First += tiles)
        {
            a.Count = (int)Math.Min(tiles, shape.Tiles - a.First);
            a.Ready = 0;
            for (a.Frame = 0; a.Frame < shape.Frames; a.Frame += frames)
            {
                a.End = Math.Min(a.Frame + frames, shape.Frames);
                var seen = Math.Min(a.End + (taps / 2), shape.Frames);
                ParallelFor.Run((long)(seen - a.Ready) * a.Groups, &TransformInput, &a);
                ParallelFor.Run((long)(a.End - a.Frame) * a.Groups, &TransformGradient, &a);
                a.Ready = seen;
                if (atOnce)
                {
                    ParallelFor.Run(blocksOfSums, &MultiplyAndTransformBack, &a);
                }
                else
                {
                    ParallelFor.Run((long)TDomain.Places * taps * blocks * a.RowBlocks, &Add, &a);
                }
            }
        }

        if (!atOnce)
        {
            ParallelFor.Run(blocksOfSums, &TransformBack, &a);
        }

        GC.KeepAlive(input);
        GC.KeepAlive(gradient);
        GC.KeepAlive(left);
        GC.KeepAlive(right);
        GC.KeepAlive(sums);
        return result.MoveToOuterDisposeScope();
    }

    /// <summary>Tiles of a chunk, and of how many of their frames.</summary>
    private static (int Tiles, int Frames) ChunkOf(TileShape shape, int depth, int width)
    {
        var perTile = (long)TDomain.Places * (depth + width) * sizeof(ushort);
        var bytes = Math.Max(TDomain.ChunkBytes, Math.Min(MostChunkBytes, (long)ChunkPerSums * shape.Taps * TDomain.Places * depth * width * sizeof(float)));
        var all = (shape.Tiles + Group - 1) / Group * Group;
        var tiles = (int)Math.Min(all, Math.Max(bytes / (perTile * shape.Frames) / Group * Group, FewestChunkTiles));
        return (tiles, (int)Math.Clamp(bytes / (perTile * tiles), 1, shape.Frames));
    }

    /// <summary>Transforms groups of tiles of the input's frames that are new in this chunk, and lays them out as columns.</summary>
    private static void TransformInput(void* arguments, long begin, long end)
    {
        ref readonly var a = ref *(Arguments*)arguments;
        var (around, side) = TDomain.InputWindow;
        var map = new TiledMap(a.Input, a.Shape, a.Inputs, around, side);
        var windows = stackalloc TiledMap.Window[Group];
        var words = (uint*)WinogradScratch.Of(TDomain.Places * Plane(a.Depth) * sizeof(uint));
        for (var unit = begin; unit < end; unit++)
        {
            var (frame, group) = Math.DivRem((int)unit, a.Groups);
            map.Find(in a.Shape, a.First + (group * Group), Math.Min(Group, a.Count - (group * Group)), a.Ready + frame, new Span<TiledMap.Window>(windows, Group));
            TDomain.Input(in map, windows, a.Depth, words, Plane(a.Depth));
            Turn(in a, words, a.Ready + frame, group * Group);
        }
    }

    /// <summary>Transforms groups of tiles of the gradient, and lays them out as pairs of rows.</summary>
    private static void TransformGradient(void* arguments, long begin, long end)
    {
        ref readonly var a = ref *(Arguments*)arguments;
        var map = new TiledMap(a.Gradient, a.Shape, a.Outputs, 0, TDomain.Side);
        var windows = stackalloc TiledMap.Window[Group];
        var words = (uint*)WinogradScratch.Of(TDomain.Places * Plane(a.Width) * sizeof(uint));
        for (var unit = begin; unit < end; unit++)
        {
            var (frame, group) = Math.DivRem((int)unit, a.Groups);
            map.Find(in a.Shape, a.First + (group * Group), Math.Min(Group, a.Count - (group * Group)), a.Frame + frame, new Span<TiledMap.Window>(windows, Group));
            TDomain.Gradient(in map, windows, a.Width, words, Plane(a.Width));
            Pair(in a, words, a.Frame + frame, group * Group);
        }
    }

    /// <summary>Words of a group from place to place: a cache line more than its pairs take, so that the places do not all fall on the same few lines of the first-level cache.</summary>
    private static long Plane(int channels) => ((long)Lanes * channels) + Lanes;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Turn(ref readonly Arguments a, uint* words, int frame, int tile)
    {
        var (panel, column) = Math.DivRem(tile, a.PanelTiles);
        for (var place = 0; place < TDomain.Places; place++)
        {
            for (var c = 0; c < a.Depth; c += Lanes)
            {
                Bf16Pairs.Transpose(words + (place * Plane(a.Depth)) + c, a.Depth, (uint*)(a.LeftAt(frame, panel, place, c) + column), a.LeftStride / 2);
            }
        }
    }

    private static void Pair(ref readonly Arguments a, uint* words, int frame, int tile)
    {
        var (panel, column) = Math.DivRem(tile, a.PanelTiles);
        for (var place = 0; place < TDomain.Places; place++)
        {
            for (var block = 0; block < a.ColumnBlocks; block++)
            {
                var from = words + (place * Plane(a.Width)) + (block * a.Columns);
                var to = (uint*)(a.RightAt(frame, panel, place, block) + (column * a.Columns));
                for (var pair = 0; pair < Lanes; pair++)
                {
                    new ReadOnlySpan<uint>(from + (pair * a.Width), a.Columns).CopyTo(new Span<uint>(to + (pair * a.Columns), a.Columns));
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
        var add = a.Sums != null && (a.First > 0 || a.Frame > 0);
        for (var frame = Math.Max(a.Frame, -offset); frame < Math.Min(a.End, a.Shape.Frames - offset); frame++)
        {
            for (var panel = 0; panel * a.PanelTiles < a.Groups * Group; panel++)
            {
                var tiles = Math.Min(a.PanelTiles, (a.Groups * Group) - (panel * a.PanelTiles));
                var left = a.LeftAt(frame + offset, panel, place, row);
                var right = a.RightAt(frame, panel, place, block);
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
        public int InputFrames;
        public int GradientFrames;
        public long First;
        public int Count;
        public int Frame;
        public int End;
        public int Ready;

        /// <summary>Groups of tiles of one frame of the present chunk.</summary>
        public readonly int Groups => (Count + Group - 1) / Group;

        /// <summary>Numbers from row to row of a panel of the input: a cache line more than its tiles take, so that rows of 256 do not all fall on the same few lines of the caches.</summary>
        public readonly int LeftStride => PanelTiles + Gap;

        public readonly int RowBlocks => (Depth + ProductRows - 1) / ProductRows;

        public readonly int Width => ColumnBlocks * Columns;

        /// <summary>A frame of the input: as many are kept as one chunk's taps see.</summary>
        public readonly ushort* LeftAt(int frame, int panel, int place, int row) => Left + ((((((((long)frame % InputFrames) * Panels) + panel) * TDomain.Places) + place) * Depth) + row) * LeftStride;

        public readonly ushort* RightAt(int frame, int panel, int place, int block) => Right + ((((((((long)frame % GradientFrames) * Panels) + panel) * TDomain.Places) + place) * ColumnBlocks) + block) * Columns * PanelTiles;
    }
}
