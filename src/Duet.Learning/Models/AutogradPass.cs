using Duet.Learning.Native;
using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>Walks blocks operator by operator, with libtorch's own gradients: on any device, in any type. The faster ways are tested against it.</summary>
internal static class AutogradPass
{
    /// <summary>A block's output.</summary>
    /// <param name="block">The block.</param>
    /// <param name="map">A channels-last map.</param>
    public static Tensor Run(EncoderBlock block, Tensor map)
    {
        using var scope = NewDisposeScope();
        return (block switch
        {
            EncoderBlock.Single single => Activate(single.Unit, Normalise(single.Unit, map)),
            EncoderBlock.Residual residual => Run(residual, map),
            EncoderBlock.Pool => nn.functional.max_pool2d(map, EncoderBlock.Pool.Window, EncoderBlock.Pool.Stride, EncoderBlock.Pool.Padding),
            EncoderBlock.Statistic statistic => statistic.Compute(map),
            _ => throw new NotSupportedException($"unknown block {block.GetType().Name}"),
        }).MoveToOuterDisposeScope();
    }

    private static Tensor Run(EncoderBlock.Residual block, Tensor map)
    {
        var shortcut = block.Projection is { } projection ? Normalise(projection, map) : map;
        for (var i = 0; i < block.Body.Count; i++)
        {
            map = Normalise(block.Body[i], map);
            map = Activate(block.Body[i], i == block.Body.Count - 1 ? map.AddInPlace(shortcut) : map);
        }

        return map;
    }

    private static Tensor Normalise(ConvolutionUnit unit, Tensor map) => unit.Norm.forward(unit.Convolution.forward(map));

    /// <summary>In place: the map before it is fresh, and no gradient needs it.</summary>
    private static Tensor Activate(ConvolutionUnit unit, Tensor map) => unit.Relu ? map.relu_() : map;
}
