using System.Buffers;
using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Models.Fused;

/// <summary>What a batch normalisation of one map is: y = scale * x + shift per channel, and the numbers that its gradient needs.</summary>
/// <param name="Scale">Per channel.</param>
/// <param name="Shift">Per channel.</param>
/// <param name="Mean">What was taken for the mean.</param>
/// <param name="InverseDeviation">What was taken for 1 / sqrt(variance + epsilon).</param>
/// <param name="OfBatch">Whether mean and variance are the map's own, so that they have gradients; else the running ones.</param>
internal sealed record Normalised(float[] Scale, float[] Shift, float[] Mean, float[] InverseDeviation, bool OfBatch);

/// <summary>Runs <see cref="NormalisationKernels{TElement}"/> over tensors: channels-last maps in fp32 or bf16 on the CPU.</summary>
internal static unsafe class FusedNormalisation
{
    /// <summary>The mean and the variance, that of a population, of each channel.</summary>
    /// <param name="map">A map.</param>
    /// <param name="mean">Set to the mean.</param>
    /// <param name="variance">Set to the variance.</param>
    public static void Moments(Tensor map, double[] mean, double[] variance)
    {
        var layout = Layout(map);
        using var sums = new Sums(layout);
        using var pivot = new PerChannel(layout, channel => FirstOf(map, channel));
        var arguments = new NormalisationArguments { Layout = layout, Map = TensorMemory.Of(map), First = pivot.Address, Sums = sums.Address };
        ParallelFor.Run(layout.Blocks, map.dtype == ScalarType.BFloat16 ? &NormalisationKernels<Bf16Element>.Moments : &NormalisationKernels<Fp32Element>.Moments, &arguments);
        GC.KeepAlive(map);
        for (var c = 0; c < layout.Channels; c++)
        {
            var (sum, square) = sums.Total(c);
            sum /= layout.Positions;
            mean[c] = pivot.Address[c] + sum;
            variance[c] = Math.Max(0, (square / layout.Positions) - (sum * sum));
            if (double.IsNaN(square))
            {
                variance[c] = double.NaN; // Math.Max would hide it on its way to the loss
            }
        }
    }

    /// <summary>scale * map + shift, plus a residual, then ReLU.</summary>
    /// <param name="map">The convolution's output.</param>
    /// <param name="normalised">Scale and shift.</param>
    /// <param name="residual">What is added, or null.</param>
    /// <param name="relu">Whether there is a ReLU.</param>
    /// <param name="result">Where to: the map itself, or another of its layout.</param>
    public static void Apply(Tensor map, Normalised normalised, Tensor? residual, bool relu, Tensor result)
    {
        var layout = Layout(map);
        using var scale = new PerChannel(layout, normalised.Scale);
        using var shift = new PerChannel(layout, normalised.Shift);
        var arguments = new NormalisationArguments
        {
            Layout = layout,
            Map = TensorMemory.Of(map),
            Other = residual is null ? null : TensorMemory.Of(residual),
            Result = TensorMemory.Of(result),
            First = scale.Address,
            Second = shift.Address,
        };
        ParallelFor.Run(layout.Blocks, map.dtype == ScalarType.BFloat16 ? Applying<Bf16Element>(residual is not null, relu) : Applying<Fp32Element>(residual is not null, relu), &arguments);
        GC.KeepAlive(map);
        GC.KeepAlive(residual);
        GC.KeepAlive(result);
    }

    /// <summary>
    /// The gradient of <see cref="Apply"/> with its normalisation. Where there is a residual or a second part, <paramref name="gradient"/> becomes the gradient of the sum before the
    /// ReLU, which is the residual's, and the map's is new; else it becomes the map's.
    /// </summary>
    /// <param name="gradient">Of the result; changed.</param>
    /// <param name="second">What is to be added to it, or null.</param>
    /// <param name="map">The convolution's output.</param>
    /// <param name="output">The result, where there was a residual and a ReLU; else null.</param>
    /// <param name="normalised">What the forward pass used.</param>
    /// <param name="relu">Whether there was a ReLU.</param>
    /// <param name="keep">Whether the residual's gradient is wanted after this.</param>
    /// <param name="ofScale">Set to the gradient of the normalisation's weight.</param>
    /// <param name="ofShift">Set to that of its bias.</param>
    /// <returns>The map's gradient: <paramref name="gradient"/> itself unless <paramref name="keep"/>.</returns>
    public static Tensor Differentiate(Tensor gradient, Tensor? second, Tensor map, Tensor? output, Normalised normalised, bool relu, bool keep, float[] ofScale, float[] ofShift)
    {
        var layout = Layout(map);
        using var scale = new PerChannel(layout, normalised.Scale);
        using var shift = new PerChannel(layout, normalised.Shift);
        using var mean = new PerChannel(layout, normalised.Mean);
        using var sums = new Sums(layout);
        var affine = relu && output is null;
        var arguments = new NormalisationArguments
        {
            Layout = layout,
            Map = TensorMemory.Of(map),
            Other = second is null ? null : TensorMemory.Of(second),
            Result = output is null ? null : TensorMemory.Of(output),
            Gradient = TensorMemory.Of(gradient),
            First = scale.Address,
            Second = shift.Address,
            Third = mean.Address,
            Sums = sums.Address,
        };
        var bf16 = map.dtype == ScalarType.BFloat16;
        ParallelFor.Run(layout.Blocks, bf16 ? Reducing<Bf16Element>(second is not null, output is not null, affine) : Reducing<Fp32Element>(second is not null, output is not null, affine), &arguments);
        GC.KeepAlive(second);
        GC.KeepAlive(output);

        var (slope, constant) = (new float[layout.Channels], new float[layout.Channels]);
        for (var c = 0; c < layout.Channels; c++)
        {
            var (sum, product) = sums.Total(c);
            var deviation = normalised.InverseDeviation[c];
            ofShift[c] = (float)sum;
            ofScale[c] = (float)(product * deviation);
            if (normalised.OfBatch)
            {
                // dx = scale (g - mean(g) - x^ mean(g x^)), x^ = (x - mean) / deviation, gathered by x.
                var x = -normalised.Scale[c] * (double)deviation * deviation * product / layout.Positions;
                slope[c] = (float)x;
                constant[c] = (float)((-normalised.Scale[c] * sum / layout.Positions) - (x * normalised.Mean[c]));
            }
        }

        var result = keep ? empty_like(gradient) : gradient;
        using var slopes = new PerChannel(layout, slope);
        using var constants = new PerChannel(layout, constant);
        var masked = affine && second is null; // else the first pass has written what it masked
        arguments.Result = TensorMemory.Of(result);
        arguments.Third = scale.Address;
        arguments.Fourth = slopes.Address;
        arguments.Fifth = constants.Address;
        ParallelFor.Run(layout.Blocks, bf16 ? Differentiating<Bf16Element>(masked) : Differentiating<Fp32Element>(masked), &arguments);
        GC.KeepAlive(map);
        GC.KeepAlive(gradient);
        GC.KeepAlive(result);
        return result;
    }

    private static MapLayout Layout(Tensor map) => new(map.numel(), (int)map.shape[1]);

    private static float FirstOf(Tensor map, int channel) => map.dtype == ScalarType.BFloat16
        ? Bf16Element.Get(TensorMemory.Of(map), channel)
        : Fp32Element.Get(TensorMemory.Of(map), channel);

    private static delegate*<void*, long, long, void> Applying<T>(bool residual, bool relu)
        where T : struct, IMapElement => (residual, relu) switch
        {
            (true, true) => &NormalisationKernels<T>.Apply<Yes, Yes>,
            (true, false) => &NormalisationKernels<T>.Apply<Yes, No>,
            (false, true) => &NormalisationKernels<T>.Apply<No, Yes>,
            _ => &NormalisationKernels<T>.Apply<No, No>,
        };

    private static delegate*<void*, long, long, void> Reducing<T>(bool second, bool output, bool affine)
        where T : struct, IMapElement => (second, output, affine) switch
        {
            (true, true, _) => &NormalisationKernels<T>.Reduce<Yes, Yes, No>,
            (false, true, _) => &NormalisationKernels<T>.Reduce<No, Yes, No>,
            (true, _, true) => &NormalisationKernels<T>.Reduce<Yes, No, Yes>,
            (false, _, true) => &NormalisationKernels<T>.Reduce<No, No, Yes>,
            (true, _, _) => &NormalisationKernels<T>.Reduce<Yes, No, No>,
            _ => &NormalisationKernels<T>.Reduce<No, No, No>,
        };

    private static delegate*<void*, long, long, void> Differentiating<T>(bool masked)
        where T : struct, IMapElement => masked ? &NormalisationKernels<T>.Differentiate<Yes> : &NormalisationKernels<T>.Differentiate<No>;

    /// <summary>Numbers per channel, repeated over a row's columns, in pinned memory.</summary>
    private readonly ref struct PerChannel
    {
        private readonly float[] memory;
        private readonly MemoryHandle pin;

        public PerChannel(MapLayout layout, float[] values)
            : this(layout, channel => values[channel])
        {
        }

        public PerChannel(MapLayout layout, Func<int, float> value)
        {
            memory = ArrayPool<float>.Shared.Rent(layout.Columns);
            for (var c = 0; c < layout.Channels; c++)
            {
                memory[c] = value(c);
            }

            for (var filled = layout.Channels; filled < layout.Columns; filled += layout.Channels)
            {
                memory.AsSpan(0, layout.Channels).CopyTo(memory.AsSpan(filled));
            }

            pin = memory.AsMemory().Pin();
            Address = (float*)pin.Pointer;
        }

        public float* Address { get; }

        public void Dispose()
        {
            pin.Dispose();
            ArrayPool<float>.Shared.Return(memory);
        }
    }

    /// <summary>Two sums per channel and block, in pinned memory.</summary>
    private readonly ref struct Sums
    {
        private readonly MapLayout layout;
        private readonly double[] memory;
        private readonly MemoryHandle pin;

        public Sums(MapLayout layout)
        {
            this.layout = layout;
            memory = ArrayPool<double>.Shared.Rent(checked(2 * layout.Channels * layout.Blocks));
            pin = memory.AsMemory().Pin();
            Address = (double*)pin.Pointer;
        }

        public double* Address { get; }

        public (double First, double Second) Total(int channel)
        {
            var (first, second) = (0.0, 0.0);
            for (var block = 0; block < layout.Blocks; block++)
            {
                first += Address[(block * 2 * layout.Channels) + channel];
                second += Address[(((block * 2) + 1) * layout.Channels) + channel];
            }

            return (first, second);
        }

        public void Dispose()
        {
            pin.Dispose();
            ArrayPool<double>.Shared.Return(memory);
        }
    }
}
