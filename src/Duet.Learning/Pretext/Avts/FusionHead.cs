using Duet.Learning.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext.Avts;

/// <summary>
/// Judges a pair from both embeddings at once: concatenated, fc, ReLU, fc to one logit. With binary cross-entropy this is the late-fusion
/// control that the AVTS paper reports to fail from scratch.
/// </summary>
public sealed class FusionHead : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly Linear fc1;
    private readonly Linear fc2;

    /// <summary>Makes it with its first weights.</summary>
    /// <param name="embedding">Size of one embedding.</param>
    /// <param name="hidden">Units of the hidden layer.</param>
    /// <param name="seed">The run's seed.</param>
    public FusionHead(long embedding, int hidden, long seed)
        : base(nameof(FusionHead))
    {
        fc1 = new Linear(2L * embedding, hidden, Math.Sqrt(2.0 / (2.0 * embedding)), seed, "fusion.fc1");
        fc2 = new Linear(hidden, 1, Math.Sqrt(1.0 / hidden), seed, "fusion.fc2");
        register_module(nameof(fc1), fc1);
        register_module(nameof(fc2), fc2);
    }

    /// <summary>How strongly each pair seems in sync.</summary>
    /// <param name="video"><c>[pairs, embedding]</c>.</param>
    /// <param name="audio"><c>[pairs, embedding]</c>.</param>
    /// <returns>Logits, <c>[pairs]</c>.</returns>
    public override Tensor forward(Tensor video, Tensor audio)
    {
        using var scope = NewDisposeScope();
        return fc2.forward(fc1.forward(cat([video, audio], 1)).relu()).squeeze(1).MoveToOuterDisposeScope();
    }
}
