using Duet.Learning.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext.Avts;

/// <summary>
/// Two encoders with a projection head each (fc6 and fc7, figure 1 of the paper) that meet only in the loss; with cross-entropy, also the
/// head that fuses them. Parameters are named <c>video.encoder.*</c>, <c>video.head.*</c>, <c>audio.encoder.*</c>, <c>audio.head.*</c>, <c>fusion.*</c>.
/// </summary>
public sealed class AvtsModel : nn.Module
{
    private readonly Stream video;
    private readonly Stream audio;
    private readonly FusionHead? fusion;

    /// <summary>Makes the model with its first weights.</summary>
    /// <param name="video">The video network.</param>
    /// <param name="audio">The audio network.</param>
    /// <param name="head">Both heads' sizes.</param>
    /// <param name="avts">Which loss: whether there is a fusion head.</param>
    /// <param name="seed">The run's seed.</param>
    /// <exception cref="Data.UsageException">An option does not hold, or a network is of the other modality.</exception>
    public AvtsModel(EncoderOptions video, EncoderOptions audio, HeadOptions head, AvtsOptions avts, long seed)
        : base(nameof(AvtsModel))
    {
        ArgumentNullException.ThrowIfNull(head);
        ArgumentNullException.ThrowIfNull(avts);
        this.video = new Stream(video, head, Modality.Video, "video", seed);
        this.audio = new Stream(audio, head, Modality.Audio, "audio", seed);
        register_module(nameof(video), this.video);
        register_module(nameof(audio), this.audio);
        if (avts.Loss == AvtsLoss.CrossEntropy)
        {
            fusion = new FusionHead(head.EmbeddingSize(), avts.FusionHidden, seed);
            register_module(nameof(fusion), fusion);
        }
    }

    /// <summary>The video network without its head.</summary>
    public Encoder VideoEncoder => video.Encoder;

    /// <summary>The audio network without its head.</summary>
    public Encoder AudioEncoder => audio.Encoder;

    /// <summary>The head over the video network's last map.</summary>
    public ProjectionHead VideoHead => video.Head;

    /// <summary>The head over the audio network's last map.</summary>
    public ProjectionHead AudioHead => audio.Head;

    /// <summary>What both encoders' convolutions compute in.</summary>
    /// <exception cref="ArgumentException">Not resolved yet: see <see cref="PrecisionPolicy"/>.</exception>
    public Precision Precision
    {
        get => video.Encoder.Precision;
        set
        {
            video.Encoder.Precision = value;
            audio.Encoder.Precision = value;
        }
    }

    /// <summary>Embeds clips.</summary>
    /// <param name="clips"><c>[batch, 3, time, height, width]</c>, normalised.</param>
    /// <returns><c>[batch, embedding]</c>.</returns>
    public Tensor EmbedVideo(Tensor clips) => video.forward(clips);

    /// <summary>Embeds sounds.</summary>
    /// <param name="mels"><c>[batch, 1, time, mels]</c>, normalised.</param>
    /// <returns><c>[batch, embedding]</c>.</returns>
    public Tensor EmbedAudio(Tensor mels) => audio.forward(mels);

    /// <summary>
    /// How far from in sync each pair seems, lower is more in sync: the embeddings' l2 distance; with cross-entropy the probability of being out of sync.
    /// </summary>
    /// <param name="videoEmbeddings"><c>[pairs, embedding]</c>.</param>
    /// <param name="audioEmbeddings"><c>[pairs, embedding]</c>.</param>
    /// <returns><c>[pairs]</c>.</returns>
    public Tensor Distance(Tensor videoEmbeddings, Tensor audioEmbeddings) => fusion is null
        ? ContrastiveLoss.Distance(videoEmbeddings, audioEmbeddings)
        : fusion.forward(videoEmbeddings, audioEmbeddings).neg().sigmoid();

    /// <summary>The loss over pairs that the recipe chose.</summary>
    /// <param name="videoEmbeddings"><c>[pairs, embedding]</c>.</param>
    /// <param name="audioEmbeddings"><c>[pairs, embedding]</c>.</param>
    /// <param name="inSync">1 for a pair in sync, 0 for one that is not, <c>[pairs]</c>.</param>
    /// <param name="margin">The contrastive loss's margin.</param>
    /// <returns>A scalar.</returns>
    public Tensor Loss(Tensor videoEmbeddings, Tensor audioEmbeddings, Tensor inSync, double margin) => fusion is null
        ? ContrastiveLoss.Of(videoEmbeddings, audioEmbeddings, inSync, margin)
        : nn.functional.binary_cross_entropy_with_logits(fusion.forward(videoEmbeddings, audioEmbeddings), inSync);

    /// <summary>An encoder with its head.</summary>
    private sealed class Stream : nn.Module<Tensor, Tensor>
    {
        private readonly Encoder encoder;
        private readonly ProjectionHead head;

        public Stream(EncoderOptions options, HeadOptions headOptions, Modality modality, string name, long seed)
            : base(name)
        {
            encoder = EncoderRegistry.Create(options, seed);
            if (encoder.Modality != modality)
            {
                encoder.Dispose();
                throw new Data.UsageException($"The recipe's {name} network is '{options.Name}', which takes the other modality. 'duet recipes show' lists the networks of each.");
            }

            head = new ProjectionHead(encoder.Channels, headOptions, seed, $"{name}.head");
            register_module(nameof(encoder), encoder);
            register_module(nameof(head), head);
        }

        public Encoder Encoder => encoder;

        public ProjectionHead Head => head;

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return head.forward(encoder.forward(input)).MoveToOuterDisposeScope();
        }
    }
}
