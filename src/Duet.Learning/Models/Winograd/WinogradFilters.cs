using System.Runtime.CompilerServices;
using Duet.Learning.Native;
using static TorchSharp.torch;

namespace Duet.Learning.Models.Winograd;

/// <summary>
/// A convolution's filters in the transformed domain, bf16, laid out for the products: <c>[blocks of outputs, taps, places, inputs / 2, outputs of a block, 2]</c>. Those that convolve a gradient
/// back are the same with inputs and outputs exchanged and every axis of the kernel turned round.
/// </summary>
[SkipLocalsInit]
internal static unsafe class WinogradFilters
{
    private const int Lanes = WinogradTransforms.Lanes;

    /// <summary>Columns of a product: four vectors, the most that oneDNN's keeps in registers beside enough rows.</summary>
    private const int MostColumns = 64;

    /// <summary>A number of channels, rounded up to whole vectors.</summary>
    public static int Padded(long channels) => (int)((channels + Lanes - 1) / Lanes * Lanes);

    /// <summary>Blocks of about equal width that channels are cut into, and that width: whole vectors.</summary>
    public static (int Blocks, int Columns) Blocks(long channels)
    {
        var blocks = (int)((channels + MostColumns - 1) / MostColumns);
        return (blocks, Padded((channels + blocks - 1) / blocks));
    }

    /// <summary>Numbers from place to place: a panel of inputs by outputs, and a cache line so that the places' panels do not all fall on the same few lines of the caches.</summary>
    public static long Panel(int depth, int columns) => ((long)depth * columns) + (2 * Lanes);

    /// <summary>Transforms them.</summary>
    /// <param name="weight">fp32, <c>[out, in, (time,) 3, 3]</c>.</param>
    /// <param name="back">Whether they are to convolve the output's gradient.</param>
    /// <param name="carried">Whether they are rounded as <see cref="CarriedRounding"/> does, and have its seventeen places.</param>
    /// <returns>A tensor of one axis in the current dispose scope.</returns>
    public static Tensor Pack(Tensor weight, bool back, bool carried = false)
    {
        weight = weight.contiguous();
        var shape = weight.shape;
        var taps = shape.Length == 5 ? (int)shape[2] : 1;
        var (outputs, inputs) = back ? (shape[1], shape[0]) : (shape[0], shape[1]);
        var (blocks, columns) = Blocks(outputs);
        var depth = Padded(inputs);
        var places = carried ? CarriedRounding.Places : WinogradTransforms.Places;
        var packed = empty([blocks * taps * places * Panel(depth, columns)], dtype: ScalarType.BFloat16);
        var arguments = new Arguments
        {
            Weight = (float*)TensorMemory.Of(weight),
            Packed = (uint*)TensorMemory.Of(packed),
            Outputs = (int)outputs,
            Inputs = (int)inputs,
            Columns = columns,
            Depth = depth,
            Taps = taps,
            Length = weight.numel(),
            OutputStep = (back ? 1 : shape[1]) * taps * 9,
            InputStep = (back ? shape[1] : 1) * taps * 9,
            Back = back,
            Places = places,
        };
        ParallelFor.Run(blocks * (columns / Lanes), &PackGroups, &arguments);
        GC.KeepAlive(weight);
        return packed;
    }

    /// <summary>Transforms groups of sixteen outputs' filters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackGroups(void* arguments, long begin, long end)
    {
        ref readonly var a = ref *(Arguments*)arguments;
        var tapsMemory = stackalloc float[(Lanes * Lanes) + WinogradScratch.Slack];
        var taps = (float*)WinogradScratch.Align(tapsMemory);
        var evenMemory = stackalloc float[(CarriedRounding.Places * Lanes) + WinogradScratch.Slack];
        var even = (float*)WinogradScratch.Align(evenMemory);
        var oddMemory = stackalloc float[(CarriedRounding.Places * Lanes) + WinogradScratch.Slack];
        var odd = (float*)WinogradScratch.Align(oddMemory);
        var first = a.Back ? taps + (8 * Lanes) : taps;
        var step = a.Back ? -Lanes : Lanes;
        var panel = Panel(a.Depth, a.Columns) / 2;
        for (var unit = begin; unit < end; unit++)
        {
            var (block, column) = Math.DivRem((int)unit * Lanes, a.Columns);
            for (var tap = 0; tap < a.Taps; tap++)
            {
                var to = a.Packed + (((block * a.Taps) + tap) * a.Places * panel) + column;
                for (var input = 0; input < a.Depth; input += 2, to += a.Columns)
                {
                    Gather(in a, (int)unit * Lanes, input, tap, taps);
                    WinogradTransforms.Filters(first, step, even);
                    Gather(in a, (int)unit * Lanes, input + 1, tap, taps);
                    WinogradTransforms.Filters(first, step, odd);
                    if (a.Places == CarriedRounding.Places)
                    {
                        CarriedRounding.Filters(even);
                        CarriedRounding.Filters(odd);
                    }

                    for (var place = 0; place < a.Places; place++)
                    {
                        Bf16Pairs.Store(to + (place * panel), even + (place * Lanes), odd + (place * Lanes));
                    }
                }
            }
        }
    }

    /// <summary>Sixteen outputs' filters of one input and one tap in time, tap by tap; zeros where there are none.</summary>
    private static void Gather(ref readonly Arguments a, int output, int input, int tap, float* taps)
    {
        var lanes = input < a.Inputs ? Math.Clamp(a.Outputs - output, 0, Lanes) : 0;
        var from = a.Weight + (output * a.OutputStep) + (input * a.InputStep) + ((a.Back ? a.Taps - 1 - tap : tap) * 9);
        if (lanes == Lanes && from + ((Lanes - 1) * a.OutputStep) + Lanes <= a.Weight + a.Length)
        {
            // Nine numbers of each filter are wanted, seven of the next come along.
            Bf16Pairs.Transpose((uint*)from, a.OutputStep, (uint*)taps, Lanes);
            return;
        }

        new Span<float>(taps, 9 * Lanes).Clear();
        for (var lane = 0; lane < lanes; lane++)
        {
            for (var i = 0; i < 9; i++)
            {
                taps[(i * Lanes) + lane] = from[(lane * a.OutputStep) + i];
            }
        }
    }

    private struct Arguments
    {
        public float* Weight;
        public uint* Packed;
        public int Outputs;
        public int Inputs;
        public int Columns;
        public int Depth;
        public int Taps;
        public long Length;
        public long OutputStep;
        public long InputStep;
        public bool Back;
        public int Places;
    }
}
