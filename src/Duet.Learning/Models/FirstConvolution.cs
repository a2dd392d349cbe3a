namespace Duet.Learning.Models;

/// <summary>A convolution's weights, copied out of libtorch.</summary>
/// <param name="Name">The parameter's name.</param>
/// <param name="Shape"><c>[out, in, (time,) height, width]</c>; an audio network's axes are time and mels.</param>
/// <param name="Weights">As many, in that order.</param>
public sealed record ConvolutionWeights(string Name, IReadOnlyList<long> Shape, IReadOnlyList<float> Weights);

/// <summary>The convolutions of an encoder's conv1: one, or two where it is factored into space and time as in R(2+1)D.</summary>
public static class FirstConvolution
{
    private static readonly string[] Stages = ["stem", "conv1"];

    /// <summary>Copies their weights, in the order in which they are applied.</summary>
    /// <param name="encoder">The encoder.</param>
    public static IReadOnlyList<ConvolutionWeights> Of(Encoder encoder)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        return
        [
            .. encoder.named_parameters()
                .Where(p => Stages.Contains(p.name.Split('.')[0]) && p.parameter.Dimensions >= 4)
                .OrderBy(p => p.name, StringComparer.Ordinal)
                .Select(p => new ConvolutionWeights(p.name, p.parameter.shape, Copy(p.parameter))),
        ];
    }

    private static float[] Copy(TorchSharp.torch.Tensor parameter)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        return parameter.detach().cpu().contiguous().data<float>().ToArray();
    }
}
