using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>
/// A video encoder, global average pooling and a linear layer: torchvision's video networks, with the same state names
/// (<c>stem.0.weight</c>, <c>layer1.0.conv1.0.weight</c>, ..., <c>fc.weight</c>). It owns the encoder.
/// </summary>
public sealed class VideoClassifier : nn.Module<Tensor, Tensor>
{
    private readonly Linear fc;

    /// <summary>Makes it with a classifier initialised as torchvision does: normal with deviation 0.01.</summary>
    /// <param name="encoder">A video encoder.</param>
    /// <param name="classes">How many classes.</param>
    /// <param name="seed">The run's seed.</param>
    /// <exception cref="ArgumentException">The encoder is not a video encoder.</exception>
    public VideoClassifier(Encoder encoder, int classes, long seed)
        : base(nameof(VideoClassifier))
    {
        if (encoder.Modality != Modality.Video)
        {
            throw new ArgumentException($"{encoder.Architecture} is not a video encoder", nameof(encoder));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        Encoder = encoder;

        // The encoder's parts, not the encoder, are registered, so that names have no prefix; modes and moves reach all that has state.
        foreach (var (name, part) in encoder.named_children())
        {
            register_module(name, part);
        }

        fc = new Linear(encoder.Channels, classes, 0.01, seed, $"{encoder.Architecture}.fc");
        register_module(nameof(fc), fc);
    }

    /// <summary>The encoder.</summary>
    public Encoder Encoder { get; }

    /// <summary>Scores of each class.</summary>
    /// <param name="input"><c>[batch, 3, time, height, width]</c>, fp32, normalised.</param>
    /// <returns><c>[batch, classes]</c>, before softmax.</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return fc.forward(Encoder.forward(input).mean([2, 3, 4])).MoveToOuterDisposeScope();
    }
}
