using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Duet.Learning.Models.Fused;
using Duet.Learning.Native;
using static TorchSharp.torch;

namespace Duet.Learning.Models.Winograd;

/// <summary>
/// Convolves bf16 maps with kernels of 3 x 3 pixels over one frame or three, stride 1 and zeros around, by F(2x2, 3x3): sixteen multiplications where the plain way has thirty-six. Blocks of tiles
/// are transformed, multiplied and transformed back while they lie in the second-level cache. The bits do not depend on how many threads there are.
/// </summary>
internal static unsafe class WinogradConvolution
{
    private const int Lanes = WinogradTransforms.Lanes;

    /// <summary>Pixels of a tile of the input from side to side.</summary>
    private const int InputSide = 4;

    /// <summary>Numbers between planes, so that they do not all fall on the same few lines of the first-level cache.</summary>
    private const int Gap = 32;
    private const int MostBlockTiles = 64;
    private const int FewestBlockTiles = 16;

    /// <summary>What a block's transformed input may take of the second-level cache.</summary>
    private const int BlockBytes = 400_000;

    /// <summary>The fewest channels, on both sides, with which the products are worth the transforms: with 48 they were as fast as oneDNN's convolutions, with fewer slower.</summary>
    public const long FewestChannels = 64;

    /// <summary>Whether a convolution is of the kind that is computed here.</summary>
    /// <param name="inputs">Input channels.</param>
    /// <param name="outputs">Output channels.</param>
    /// <param name="kernel">Kernel size: (time,) height, width.</param>
    /// <param name="stride">As many.</param>
    /// <param name="padding">As many.</param>
    public static bool Fits(long inputs, long outputs, ReadOnlySpan<long> kernel, ReadOnlySpan<long> stride, ReadOnlySpan<long> padding) =>
        inputs >= FewestChannels && outputs >= FewestChannels
        && (kernel is [3, 3] && padding is [1, 1] || kernel is [1, 3, 3] && padding is [0, 1, 1] || kernel is [3, 3, 3] && padding is [1, 1, 1])
        && stride.IndexOfAnyExcept(1) < 0;

    /// <summary>The convolution; then bias, residual and ReLU, where they are asked for.</summary>
    /// <param name="input">A channels-last bf16 map.</param>
    /// <param name="filters">What <see cref="WinogradFilters.Pack"/> made; the map is rounded as they are.</param>
    /// <param name="outputs">Output channels.</param>
    /// <param name="taps">The kernel's frames: 1 or 3.</param>
    /// <param name="bias">bf16, a number per output channel; or null.</param>
    /// <param name="residual">A channels-last map of the output's shape; or null.</param>
    /// <param name="relu">Whether to rectify.</param>
    /// <returns>A channels-last map in the current dispose scope.</returns>
    public static Tensor Run(Tensor input, Tensor filters, long outputs, int taps, Tensor? bias = null, Tensor? residual = null, bool relu = false)
    {
        var shape = input.shape;
        var output = ChannelsLast.Empty([shape[0], outputs, .. shape.AsSpan(2)], input.dtype);
        var tiles = new TileShape(shape, taps, WinogradTransforms.Side);
        var (blocks, columns) = WinogradFilters.Blocks(outputs);
        var depth = WinogradFilters.Padded(shape[1]);
        var a = new Arguments
        {
            Shape = tiles,
            Input = (ushort*)TensorMemory.Of(input),
            Filters = (ushort*)TensorMemory.Of(filters),
            Output = (ushort*)TensorMemory.Of(output),
            Bias = bias is null ? null : (ushort*)TensorMemory.Of(bias),
            Residual = residual is null ? null : (ushort*)TensorMemory.Of(residual),
            Relu = relu,
            Inputs = (int)shape[1],
            Outputs = (int)outputs,
            Depth = depth,
            Columns = columns,
            ColumnBlocks = blocks,
            Places = (int)(filters.numel() / (blocks * taps * WinogradFilters.Panel(depth, columns))),
            BlockTiles = BlockOf(tiles, depth),
        };
        ParallelFor.Run((tiles.Tiles + a.BlockTiles - 1) / a.BlockTiles, &Run, &a);
        GC.KeepAlive(input);
        GC.KeepAlive(filters);
        GC.KeepAlive(bias);
        GC.KeepAlive(residual);
        return output;
    }

    private static int BlockOf(TileShape shape, int depth)
    {
        var perTile = WinogradTransforms.Places * depth * sizeof(ushort) * shape.Taps;
        return Math.Clamp(BlockBytes / perTile / Lanes * Lanes, FewestBlockTiles, MostBlockTiles);
    }

    private static void Run(void* arguments, long begin, long end)
    {
        ref readonly var a = ref *(Arguments*)arguments;
        var plane = ((long)a.BlockTiles * a.Depth) + Gap;
        var frame = plane * a.Places;
        var productPlane = ((long)a.BlockTiles * a.Columns) + Gap;
        var transformed = (ushort*)WinogradScratch.Of((frame * a.Shape.Taps * sizeof(ushort)) + (productPlane * WinogradTransforms.Places * sizeof(float)) + (InputSide * InputSide * a.Depth * sizeof(ushort)));
        var products = (float*)(transformed + (frame * a.Shape.Taps));
        var copy = (ushort*)(products + (productPlane * WinogradTransforms.Places));
        var map = new TiledMap(a.Input, a.Shape, a.Inputs, 1, InputSide);
        var windows = stackalloc TiledMap.Window[MostBlockTiles];
        for (var block = begin; block < end; block++)
        {
            var first = block * a.BlockTiles;
            var count = (int)Math.Min(a.BlockTiles, a.Shape.Tiles - first);
            var ready = 0;
            for (var t = 0; t < a.Shape.Frames; t++)
            {
                for (; ready < Math.Min(a.Shape.Frames, t + 1 + (a.Shape.Taps / 2)); ready++)
                {
                    map.Find(in a.Shape, first, count, ready, new Span<TiledMap.Window>(windows, count));
                    Transform(in a, in map, windows, count, copy, transformed + (ready % a.Shape.Taps * frame), plane);
                }

                for (var columns = 0; columns < a.ColumnBlocks; columns++)
                {
                    Multiply(in a, count, t, columns, transformed, plane, products, productPlane);
                    Write(in a, first, count, t, columns, products, productPlane);
                }
            }
        }

        MatrixKernel.Release();
    }

    /// <summary>Transforms a block of tiles of the input, of one frame.</summary>
    private static void Transform(ref readonly Arguments a, ref readonly TiledMap map, TiledMap.Window* windows, int count, ushort* copy, ushort* to, long plane)
    {
        for (var tile = 0; tile < count; tile++, to += a.Depth)
        {
            var pixels = map.Read(in windows[tile], 0, a.Depth, copy);
            if (a.IsCarried)
            {
                CarriedRounding.Input(pixels, a.Depth, to, plane);
            }
            else
            {
                WinogradTransforms.Input(pixels, a.Depth, to, plane);
            }
        }
    }

    /// <summary>The products of a block of tiles and a block of output channels, at all places.</summary>
    private static void Multiply(ref readonly Arguments a, int count, int frame, int block, ushort* transformed, long plane, float* products, long productPlane)
    {
        var panel = WinogradFilters.Panel(a.Depth, a.Columns);
        for (var place = 0; place < WinogradTransforms.Places; place++)
        {
            var add = false;
            for (var tap = 0; tap < a.Shape.Taps; tap++)
            {
                var source = frame + tap - (a.Shape.Taps / 2);
                if (source < 0 || source >= a.Shape.Frames)
                {
                    continue;
                }

                var left = transformed + (source % a.Shape.Taps * a.Places * plane);
                var right = a.Filters + (((block * a.Shape.Taps) + tap) * a.Places * panel);
                var to = products + (place * productPlane);
                MatrixKernel.Multiply(count, a.Columns, a.Depth, left + (place * plane), a.Depth, right + (place * panel), a.Columns, to, a.Columns, add);
                if (place == CarriedRounding.Sum && a.IsCarried)
                {
                    // Rounded by rounded is there; the rest by the rest is less than what fp32 keeps.
                    MatrixKernel.Multiply(count, a.Columns, a.Depth, left + (CarriedRounding.Rest * plane), a.Depth, right + (place * panel), a.Columns, to, a.Columns, true);
                    MatrixKernel.Multiply(count, a.Columns, a.Depth, left + (place * plane), a.Depth, right + (CarriedRounding.Rest * panel), a.Columns, to, a.Columns, true);
                }

                add = true;
            }
        }
    }

    /// <summary>Transforms products back and writes them to the map.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void Write(ref readonly Arguments a, long first, int count, int frame, int block, float* products, long productPlane)
    {
        var from = block * a.Columns;
        var width = Math.Min(a.Columns, a.Outputs - from);
        var memory = stackalloc float[(4 * Lanes) + WinogradScratch.Slack];
        var pixels = (float*)WinogradScratch.Align(memory);
        var place = a.Shape.Place(first, frame);
        for (var tile = 0; tile < count; tile++, place = a.Shape.After(place))
        {
            var (start, top, left) = place;
            var corner = ((start + ((long)top * a.Shape.Width) + left) * a.Outputs) + from;
            var (rows, columns) = (Math.Min(2, a.Shape.Height - top), Math.Min(2, a.Shape.Width - left));
            for (var c = 0; c < width; c += Lanes)
            {
                WinogradTransforms.Output(products + ((long)tile * a.Columns) + c, productPlane, pixels);
                for (var row = 0; row < rows; row++)
                {
                    for (var column = 0; column < columns; column++)
                    {
                        var at = corner + ((((long)row * a.Shape.Width) + column) * a.Outputs) + c;
                        Finish(in a, at, from + c, Math.Min(Lanes, width - c), Vector512.Load(pixels + (((row * 2) + column) * Lanes)));
                    }
                }
            }
        }
    }

    /// <summary>Adds, rectifies and writes sixteen channels of a pixel, or the last few.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(ref readonly Arguments a, long at, int channel, int lanes, Vector512<float> y)
    {
        if (lanes == Lanes)
        {
            y = a.Bias != null ? y + Bf16Element.Load(a.Bias, channel) : y;
            y = a.Residual != null ? y + Bf16Element.Load(a.Residual, at) : y;
            y = a.Relu ? Vector512.ConditionalSelect(Vector512.LessThan(y, Vector512<float>.Zero), Vector512<float>.Zero, y) : y;
            Bf16Element.StoreNumber(a.Output, at, y);
            return;
        }

        for (var i = 0; i < lanes; i++)
        {
            var value = y.GetElement(i);
            value = a.Bias != null ? value + Bf16Element.Get(a.Bias, channel + i) : value;
            value = a.Residual != null ? value + Bf16Element.Get(a.Residual, at + i) : value;
            Bf16Element.Set(a.Output, at + i, a.Relu && value < 0 ? 0 : value);
        }
    }

    private struct Arguments
    {
        public TileShape Shape;
        public ushort* Input;
        public ushort* Filters;
        public ushort* Output;
        public ushort* Bias;
        public ushort* Residual;
        public bool Relu;
        public int Inputs;
        public int Outputs;
        public int Places;
        public int Depth;
        public int Columns;
        public int ColumnBlocks;
        public int BlockTiles;

        public readonly bool IsCarried => Places == CarriedRounding.Places;
    }
}
