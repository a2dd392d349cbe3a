using Duet.Learning.Models;
using Duet.Learning.Pretext.Clustering;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>
/// One or two encoders, global pooling and a linear layer. Parameters are named <c>video.encoder.*</c>, <c>audio.encoder.*</c>, <c>fc.weight</c>
/// and <c>fc.bias</c>; the classifier's inputs are the video encoder's channels, then the audio encoder's. It owns the encoders.
/// </summary>
internal sealed class FinetuneModel : nn.Module
{
    /// <summary>torchvision's: so small that every class is as likely as any other at first.</summary>
    private const double ClassifierDeviation = 0.01;

    private readonly Linear fc;
    private readonly FinetuneOptions options;
    private readonly bool frozen;

    /// <summary>Makes it with a new classifier.</summary>
    /// <param name="encoders">At most one of each modality.</param>
    /// <param name="classes">How many classes.</param>
    /// <param name="options">What learns, and how maps are pooled.</param>
    /// <param name="seed">The seed of the classifier's first weights.</param>
    public FinetuneModel(IEnumerable<Encoder> encoders, int classes, FinetuneOptions options, long seed)
        : base(nameof(FinetuneModel))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        this.options = options;
        frozen = options.Layers == FinetuneLayers.Fc;
        Encoders = [.. encoders.OrderBy(e => e.Modality == Modality.Video ? 0 : 1)];
        foreach (var encoder in Encoders)
        {
            register_module(NameOf(encoder.Modality), new Part(encoder));
            foreach (var parameter in encoder.parameters())
            {
                parameter.requires_grad = !frozen;
            }
        }

        Features = Encoders.Sum(e => e.Channels);
        fc = new Linear(Features, classes, ClassifierDeviation, seed, "finetune.fc");
        register_module(nameof(fc), fc);
    }

    /// <summary>The encoders, video first.</summary>
    public IReadOnlyList<Encoder> Encoders { get; }

    /// <summary>The classifier's inputs.</summary>
    public int Features { get; }

    /// <summary>The classifier's parameters by name: <c>weight [classes, features]</c> and <c>bias [classes]</c>.</summary>
    public IReadOnlyDictionary<string, Tensor> Classifier => fc.state_dict();

    /// <summary>An encoder's name in checkpoints and files.</summary>
    public static string NameOf(Modality modality) => modality == Modality.Video ? "video" : "audio";

    /// <summary>Training mode, in which frozen encoders stay in evaluation mode: their batch normalisation neither uses nor learns a batch's statistics.</summary>
    public override void train(bool on = true)
    {
        base.train(on);
        if (frozen)
        {
            foreach (var encoder in Encoders)
            {
                encoder.eval();
            }
        }
    }

    /// <summary>Scores of each class.</summary>
    /// <param name="inputs">An input per encoder, in their order: <c>[batch, 3, time, height, width]</c>, <c>[batch, 1, time, mels]</c>.</param>
    /// <param name="keep">Multiplies the features, <c>[batch, features]</c>: dropout; null for none.</param>
    /// <returns><c>[batch, classes]</c>, before softmax.</returns>
    public Tensor Scores(IReadOnlyList<Tensor> inputs, Tensor? keep = null)
    {
        using var scope = NewDisposeScope();
        var features = Pooled(inputs);
        return fc.forward(keep is null ? features : features * keep).MoveToOuterDisposeScope();
    }

    /// <summary>How an encoder's last map becomes features.</summary>
    /// <param name="modality">Whose.</param>
    public GlobalPooling PoolingOf(Modality modality) => modality == Modality.Video ? options.VideoPooling : options.AudioPooling;

    private Tensor Pooled(IReadOnlyList<Tensor> inputs)
    {
        using var gradientless = frozen ? no_grad() : null;
        var pooled = Encoders.Select((e, i) =>
        {
            var map = e.forward(inputs[i]).flatten(2);
            return PoolingOf(e.Modality) == GlobalPooling.Max ? map.amax([2]) : map.mean([2]);
        }).ToArray();
        return pooled.Length == 1 ? pooled[0] : cat(pooled, 1);
    }

    /// <summary>Puts <c>encoder.</c> between an encoder's name and its parameters', as in the checkpoints of pretraining.</summary>
    private sealed class Part : nn.Module
    {
        private readonly Encoder encoder;

        public Part(Encoder encoder)
            : base(nameof(Part))
        {
            this.encoder = encoder;
            register_module(nameof(encoder), encoder);
        }

        public Encoder Encoder => encoder;
    }
}
