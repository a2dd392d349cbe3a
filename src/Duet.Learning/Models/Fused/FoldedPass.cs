using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Models.Fused;

/// <summary>
/// An encoder for inference on a CPU: batch normalisation by its running statistics is folded into the convolutions' weights, and bias, residual and ReLU are applied before a
/// convolution writes its map. The weights are copies of what they were when it was made.
/// </summary>
internal sealed class FoldedPass : IDisposable
{
    private readonly Dictionary<ConvolutionUnit, (Tensor Filters, Tensor Bias)> folded = [];

    private FoldedPass(ScalarType type) => Type = type;

    /// <summary>Folds every unit.</summary>
    /// <param name="blocks">The encoder's blocks.</param>
    /// <param name="type">What maps are in: fp32 or bf16.</param>
    /// <returns>Null where a weight is no finite number: oneDNN's ReLU makes 0 of what is none, and nobody would hear of a run that diverged.</returns>
    public static FoldedPass? Of(IEnumerable<EncoderBlock> blocks, ScalarType type)
    {
        var pass = new FoldedPass(type);
        using var scope = NewDisposeScope();
        using var none = no_grad();
        foreach (var unit in blocks.SelectMany(Units))
        {
            var normalised = unit.Norm.ByRunningStatistics();
            var weight = unit.Convolution.Weight;
            var scale = tensor(normalised.Scale).reshape([-1, .. Enumerable.Repeat(1L, (int)weight.Dimensions - 1)]);
            var (filters, bias) = (weight * scale, tensor(normalised.Shift).to(type));
            if (!double.IsFinite(filters.sum().Plus(bias.sum(ScalarType.Float32)).Number()))
            {
                pass.Dispose();
                return null;
            }

            pass.folded.Add(unit, (unit.Convolution.Folded(filters, type).DetachFromDisposeScope(), bias.DetachFromDisposeScope()));
        }

        return pass;
    }

    /// <summary>What maps are in.</summary>
    public ScalarType Type { get; }

    /// <summary>The output of some of the blocks.</summary>
    /// <param name="blocks">The blocks.</param>
    /// <param name="map">A channels-last map.</param>
    public Tensor Run(IEnumerable<EncoderBlock> blocks, Tensor map)
    {
        foreach (var block in blocks)
        {
            using var scope = NewDisposeScope();
            map = (block switch
            {
                EncoderBlock.Single single => Run(single.Unit, map, null),
                EncoderBlock.Residual residual => Run(residual, map),
                EncoderBlock.Pool or EncoderBlock.Statistic => AutogradPass.Run(block, map),
                _ => throw new NotSupportedException($"unknown block {block.GetType().Name}"),
            }).MoveToOuterDisposeScope();
        }

        return map;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (filters, bias) in folded.Values)
        {
            filters.Dispose();
            bias.Dispose();
        }

        folded.Clear();
    }

    private static IEnumerable<ConvolutionUnit> Units(EncoderBlock block) => block switch
    {
        EncoderBlock.Single single => [single.Unit],
        EncoderBlock.Residual residual => residual.Projection is { } projection ? [.. residual.Body, projection] : residual.Body,
        _ => [],
    };

    private Tensor Run(EncoderBlock.Residual block, Tensor map)
    {
        var shortcut = block.Projection is { } projection ? Run(projection, map, null) : map;
        for (var i = 0; i < block.Body.Count; i++)
        {
            var before = map;
            map = Run(block.Body[i], map, i == block.Body.Count - 1 ? shortcut : null);
            if (i > 0)
            {
                before.Dispose(); // the largest maps are inside of blocks
            }
        }

        return map;
    }

    private Tensor Run(ConvolutionUnit unit, Tensor map, Tensor? residual)
    {
        var (filters, bias) = folded[unit];
        return unit.Convolution.Run(map, filters, bias, residual, unit.Relu);
    }
}
