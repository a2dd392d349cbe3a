using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Models.Fused;

/// <summary>
/// Where <see cref="FusedPass"/> meets autograd: one node of the graph for a whole encoder. Parameters are no inputs of it: the pass adds to their gradients itself, where autograd would
/// copy each of them. An anchor that asks for a gradient and gets none makes autograd come by.
/// </summary>
internal sealed class EncoderFunction : autograd.SingleTensorFunction<EncoderFunction>
{
    private const string Key = "pass";

    /// <inheritdoc/>
    public override string Name => nameof(EncoderFunction);

    /// <summary>A differentiable pass over blocks.</summary>
    /// <param name="blocks">The blocks.</param>
    /// <param name="map">A channels-last map.</param>
    /// <param name="sparing">See <see cref="FusedPass.Remember"/>.</param>
    /// <returns>The last block's output.</returns>
    public static Tensor Run(IReadOnlyList<EncoderBlock> blocks, Tensor map, bool sparing)
    {
        using var anchor = zeros(1, requires_grad: true);
        return apply(anchor, map, blocks, sparing);
    }

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (map, blocks) = ((Tensor)vars[1], (IReadOnlyList<EncoderBlock>)vars[2]);
        var (pass, output) = FusedPass.Remember(blocks, map, map.requires_grad, (bool)vars[3]);
        ctx.save_data(Key, pass);
        return output;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        using var wrapper = grad_output; // it is in no scope: TorchSharp made it on its way here

        // A copy: autograd's gradient may be one number for a whole map, or somebody else's too.
        var gradient = ChannelsLast.Ensure(ChannelsLast.Ensure(grad_output).clone());
        return [null!, ((FusedPass)ctx.get_data(Key)).Differentiate(gradient)?.MoveToOuterDisposeScope()!, null!, null!];
    }
}
