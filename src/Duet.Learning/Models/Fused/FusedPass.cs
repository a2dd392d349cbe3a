using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Models.Fused;

/// <summary>
/// A training pass over an encoder's blocks and its own gradient: on a CPU in fp32 or bf16, faster and in less memory than <see cref="AutogradPass"/>. Convolutions are libtorch's or short products; between
/// two of them one kernel normalises, adds and rectifies. Of each unit only the convolution's output is kept; what came of it is computed again when a gradient needs it, which costs one
/// read and one write of the map. Block outputs are kept, since their ReLU stood behind a sum.
/// </summary>
internal sealed class FusedPass
{
    private readonly Stack<Step> steps = new();
    private readonly bool remember;
    private readonly bool sparing;
    private readonly bool again;
    private Tensor? input;

    private FusedPass(bool remember, bool sparing = false, bool again = false) => (this.remember, this.sparing, this.again) = (remember, sparing, again);

    private delegate GradientParts Step(GradientParts gradient);

    /// <summary>Whether a map can go this way.</summary>
    public static bool Takes(Tensor map) => map.device_type == DeviceType.CPU && map.dtype is ScalarType.Float32 or ScalarType.BFloat16;

    /// <summary>Walks the blocks and forgets the way.</summary>
    /// <param name="blocks">The blocks.</param>
    /// <param name="input">A channels-last map.</param>
    public static Tensor Run(IEnumerable<EncoderBlock> blocks, Tensor input)
    {
        var output = new FusedPass(remember: false).Forward(blocks, input, ofInput: false);
        return output.Take();
    }

    /// <summary>Walks the blocks and remembers the way.</summary>
    /// <param name="blocks">The blocks.</param>
    /// <param name="input">A channels-last map; it must not change before the gradient is taken.</param>
    /// <param name="ofInput">Whether the input's gradient will be wanted.</param>
    /// <param name="sparing">Whether of residual blocks only the outputs are kept, and the blocks walked again when their gradient is taken: the same bits for less memory and more time.</param>
    public static (FusedPass Pass, Tensor Output) Remember(IEnumerable<EncoderBlock> blocks, Tensor input, bool ofInput, bool sparing)
    {
        var pass = new FusedPass(remember: true, sparing);
        pass.input = input.alias().DetachFromDisposeScope();
        return (pass, pass.Forward(blocks, pass.input, ofInput).Value.alias());
    }

    /// <summary>Takes the way back, once: parameters' gradients are added to theirs.</summary>
    /// <param name="gradient">Of the output: a channels-last map of its type, which is changed.</param>
    /// <returns>The input's gradient, where it was asked for.</returns>
    public Tensor? Differentiate(Tensor gradient)
    {
        using var none = no_grad();
        var parts = new GradientParts(gradient.alias().DetachFromDisposeScope(), null);
        while (steps.TryPop(out var step))
        {
            using var scope = NewDisposeScope();
            parts = step(parts);
        }

        input?.Dispose();
        return parts.Sum();
    }

    private Activation Forward(IEnumerable<EncoderBlock> blocks, Tensor input, bool ofInput)
    {
        using var none = no_grad();
        var map = new Activation(input);
        var first = true;
        foreach (var block in blocks)
        {
            using var scope = NewDisposeScope();
            var next = block switch
            {
                EncoderBlock.Single single => Single(single.Unit, map, !first || ofInput),
                EncoderBlock.Residual residual when remember && sparing => Sparing(residual, map, !first || ofInput),
                EncoderBlock.Residual residual => Residual(residual, map, !first || ofInput),
                EncoderBlock.Pool => Pool(map, !first || ofInput),
                EncoderBlock.Statistic statistic when !remember => new Activation(statistic.Compute(map.Value).DetachFromDisposeScope()),
                _ => throw new NotSupportedException($"unknown block {block.GetType().Name}"),
            };
            if (!first)
            {
                Release(map);
            }

            (map, first) = (next, false);
        }

        return map;
    }

    /// <summary>Frees a map that the forward pass needs no more, unless a gradient will want it and it can't be made again.</summary>
    private void Release(Activation map)
    {
        if (!remember || map.CanBeMadeAgain)
        {
            map.Free();
        }
    }

    private Activation Single(ConvolutionUnit unit, Activation input, bool ofInput)
    {
        var (output, record) = Forward(unit, input, null);
        if (remember)
        {
            steps.Push(gradient =>
            {
                var map = record!.Normalised(gradient.First, gradient.Second, keep: false);
                gradient.Second?.Dispose();
                return new GradientParts(record.Convolved(map, ofInput), null);
            });
        }

        return output;
    }

    private Activation Residual(EncoderBlock.Residual block, Activation input, bool ofInput)
    {
        var (shortcut, projection) = block.Projection is { } unit ? Forward(unit, input, null) : (input, null);
        var records = new Record?[block.Body.Count];
        var map = input;
        for (var i = 0; i < records.Length; i++)
        {
            var (next, record) = Forward(block.Body[i], map, i == records.Length - 1 ? shortcut : null);
            if (i > 0)
            {
                Release(map);
            }

            (map, records[i]) = (next, record);
        }

        if (block.Projection is not null)
        {
            shortcut.Free();
        }

        if (remember)
        {
            steps.Push(gradient => Differentiate(records, projection, gradient, ofInput));
        }

        return map;
    }

    private Activation Sparing(EncoderBlock.Residual block, Activation input, bool ofInput)
    {
        var output = new FusedPass(remember: false).Residual(block, input, ofInput);
        steps.Push(gradient =>
        {
            output.Free();
            var whole = new FusedPass(remember: true, again: true);
            _ = whole.Residual(block, input, ofInput);
            return whole.steps.Pop()(gradient);
        });
        return output;
    }

    private static GradientParts Differentiate(Record?[] records, Record? projection, GradientParts gradient, bool ofInput)
    {
        // The first part becomes the gradient of the sum before the ReLU: the shortcut's.
        var along = records[^1]!.Normalised(gradient.First, gradient.Second, keep: true);
        gradient.Second?.Dispose();
        for (var i = records.Length - 1; i > 0; i--)
        {
            along = records[i - 1]!.Normalised(records[i]!.Convolved(along, ofInput: true)!, null, keep: false);
        }

        var body = records[0]!.Convolved(along, ofInput);
        var shortcut = gradient.First;
        if (projection is not null)
        {
            shortcut = projection.Convolved(projection.Normalised(shortcut!, null, keep: false), ofInput)!;
        }

        return ofInput ? new GradientParts(body, shortcut) : GradientParts.None(shortcut);
    }

    private Activation Pool(Activation input, bool ofInput)
    {
        var (pooled, indices) = nn.functional.max_pool2d_with_indices(input.Value, Square(EncoderBlock.Pool.Window), Square(EncoderBlock.Pool.Stride), Square(EncoderBlock.Pool.Padding));
        var output = new Activation(ChannelsLast.Ensure(pooled).DetachFromDisposeScope());
        if (remember)
        {
            indices.DetachFromDisposeScope();
            steps.Push(gradient =>
            {
                using var places = indices;
                using var sum = gradient.Sum();
                output.Free();
                return new GradientParts(ofInput ? ChannelsLast.Ensure(PoolingGradient.Compute(sum!, input.Value, places, EncoderBlock.Pool.Window, EncoderBlock.Pool.Stride, EncoderBlock.Pool.Padding)).DetachFromDisposeScope() : null, null);
            });
        }

        return output;
    }

    private static long[] Square(long side) => [side, side];

    private (Activation Output, Record? Record) Forward(ConvolutionUnit unit, Activation input, Activation? residual)
    {
        using var scope = NewDisposeScope();
        var filters = unit.Convolution.Filters(input.Value.dtype).alias(); // it may be the parameter itself
        var map = unit.Convolution.Run(input.Value, filters);
        var normalised = unit.Norm.Normalise(map, again);
        var output = remember ? empty_like(map) : map;
        FusedNormalisation.Apply(map, normalised, residual?.Value, unit.Relu, output);
        output.DetachFromDisposeScope();
        if (!remember)
        {
            return (new Activation(output), null);
        }

        map.DetachFromDisposeScope();
        filters.DetachFromDisposeScope();
        var activation = new Activation(output, residual is null ? (map, normalised, unit.Relu) : null);
        return (activation, new Record(unit, input, filters, map, normalised, activation));
    }

    /// <summary>A gradient in two parts that nobody has added yet: the next pass over the map does, on its way.</summary>
    private readonly record struct GradientParts(Tensor? First, Tensor? Second)
    {
        /// <summary>No gradient: nobody asked for the input's.</summary>
        public static GradientParts None(Tensor? unused)
        {
            unused?.Dispose();
            return default;
        }

        public Tensor? Sum()
        {
            if (Second is null)
            {
                return First;
            }

            using (Second)
            {
                return First!.AddInPlace(Second);
            }
        }
    }

    /// <summary>A map, or how to make it again: the convolution's output that it comes of, if no residual was added.</summary>
    private sealed class Activation(Tensor value, (Tensor Map, Normalised Normalised, bool Relu)? origin = null)
    {
        private Tensor? value = value;

        /// <summary>The map; made again where it was freed.</summary>
        public Tensor Value => value ??= Again();

        /// <summary>Whether the map may be freed and still be wanted.</summary>
        public bool CanBeMadeAgain => origin is not null;

        /// <summary>Frees the map.</summary>
        public void Free()
        {
            value?.Dispose();
            value = null;
        }

        /// <summary>The map, for somebody else to free.</summary>
        public Tensor Take()
        {
            using var mine = Value;
            return mine.alias();
        }

        private Tensor Again()
        {
            var (map, normalised, relu) = origin ?? throw new InvalidOperationException("the map was freed and can't be made again");
            var again = empty_like(map).DetachFromDisposeScope();
            FusedNormalisation.Apply(map, normalised, null, relu, again);
            return again;
        }
    }

    /// <summary>What a unit's gradient needs.</summary>
    private sealed record Record(ConvolutionUnit Unit, Activation Input, Tensor Filters, Tensor Map, Normalised Normal, Activation Output)
    {
        /// <summary>Back through ReLU, sum and normalisation. Those who took the output have been here before: it and the convolution's output are freed.</summary>
        public Tensor Normalised(Tensor? gradient, Tensor? second, bool keep)
        {
            var channels = (int)Map.shape[1];
            var (ofScale, ofShift) = (new float[channels], new float[channels]);
            var behindSum = Unit.Relu && !Output.CanBeMadeAgain ? Output.Value : null;
            var result = FusedNormalisation.Differentiate(gradient!, second, Map, behindSum, Normal, Unit.Relu, keep, ofScale, ofShift);
            AddGradient(Unit.Norm.Weight, ofScale);
            AddGradient(Unit.Norm.Bias, ofShift);
            Output.Free();
            Map.Dispose();
            return keep ? result.DetachFromDisposeScope() : result;
        }

        /// <summary>Back through the convolution; the gradient is freed.</summary>
        public Tensor? Convolved(Tensor gradient, bool ofInput)
        {
            var before = Unit.Convolution.Differentiate(gradient, Input.Value, Filters, ofInput);
            gradient.Dispose();
            Filters.Dispose();
            return before?.DetachFromDisposeScope();
        }

        private static void AddGradient(TorchSharp.Modules.Parameter parameter, float[] gradient)
        {
            if (parameter.requires_grad)
            {
                using var values = tensor(gradient);
                Gradients.Add(parameter, values);
            }
        }
    }
}
