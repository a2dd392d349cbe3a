namespace Duet.Learning.Models;

/// <summary>
/// A convolution, its batch normalisation and, mostly, a ReLU: what every network here is made of. A network is a list of blocks of them, which is walked in three ways: by
/// <see cref="AutogradPass"/>, operator by operator; by <see cref="Fused.FusedPass"/> in training on a CPU; by <see cref="Fused.FoldedPass"/> where nothing is learned.
/// </summary>
/// <param name="Convolution">The convolution.</param>
/// <param name="Norm">Its normalisation.</param>
/// <param name="Relu">Whether a ReLU follows, after the residual where there is one.</param>
internal sealed record ConvolutionUnit(Convolution Convolution, BatchNormalisation Norm, bool Relu = true);

/// <summary>A step of an encoder's stage.</summary>
internal abstract record EncoderBlock
{
    /// <summary>One unit.</summary>
    public sealed record Single(ConvolutionUnit Unit) : EncoderBlock;

    /// <summary>ResNet's basic block: units one after the other; the input, projected where its shape changes, is added before the last one's ReLU.</summary>
    /// <param name="Body">The units.</param>
    /// <param name="Projection">What the input goes through before it is added; null where its shape stays.</param>
    public sealed record Residual(IReadOnlyList<ConvolutionUnit> Body, ConvolutionUnit? Projection) : EncoderBlock;

    /// <summary>Something without weights, of which no gradient is asked: statistics in the place of a network.</summary>
    /// <param name="Compute">What it does to a map.</param>
    public sealed record Statistic(Func<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor> Compute) : EncoderBlock;

    /// <summary>A 3x3 max-pool of stride 2 over a spectrogram's map.</summary>
    public sealed record Pool : EncoderBlock
    {
        /// <summary>The window's size.</summary>
        public const int Window = 3;

        /// <summary>Its stride.</summary>
        public const int Stride = 2;

        /// <summary>What is added around the map.</summary>
        public const int Padding = 1;
    }
}
