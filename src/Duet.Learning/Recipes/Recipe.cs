using System.Text.Json;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Pretext.Clustering;
using Duet.Learning.Training;

namespace Duet.Learning.Recipes;

/// <summary>Which method teaches the encoders.</summary>
public enum RecipeMethod
{
    /// <summary>Audio-visual temporal synchronisation (arXiv 1807.00230).</summary>
    Avts,

    /// <summary>Single-modality deep clustering (arXiv 1911.12667): each encoder learns the clusters of its own features.</summary>
    Sdc,

    /// <summary>Multi-head deep clustering: each encoder learns its own and the other's clusters, with a head each.</summary>
    Mdc,

    /// <summary>Concatenation deep clustering: both encoders learn the clusters of both features side by side.</summary>
    Cdc,

    /// <summary>Cross-modal deep clustering: each encoder learns the other's clusters.</summary>
    Xdc,

    /// <summary>The paper's control: two encoders of one modality, each of which learns the other's clusters.</summary>
    XdcSameModality,
}

/// <summary>
/// Everything that a run can change, in one record: data, clips, spectrograms, networks, method, training. A recipe file writes what
/// differs from the defaults; <see cref="RecipeFile"/> reads it. Two recipes are equal where every option is.
/// </summary>
public sealed record Recipe : IRecipe, IValidated
{
    private const int MostEpochs = 1_000_000;

    /// <inheritdoc/>
    public string Name { get; init; } = "";

    /// <summary>Which method teaches the encoders.</summary>
    public RecipeMethod Method { get; init; } = RecipeMethod.Avts;

    /// <summary>From which everything random follows: initial weights, order, windows, augmentation.</summary>
    public long Seed { get; init; }

    /// <summary>How videos are divided where the store does not say.</summary>
    public PartitionOptions Data { get; init; } = new();

    /// <summary>What a clip is.</summary>
    public ClipOptions Clip { get; init; } = new();

    /// <summary>How pairs of frames and sound are drawn.</summary>
    public PairOptions Pairs { get; init; } = new();

    /// <summary>What the audio network sees.</summary>
    public LogMelOptions Spectrogram { get; init; } = new();

    /// <summary>The network for frames.</summary>
    public EncoderOptions Video { get; init; } = new() { Name = "mc3_18" };

    /// <summary>The network for sound.</summary>
    public EncoderOptions Audio { get; init; } = new() { Name = "vgg_m" };

    /// <summary>The projection head over each of the two.</summary>
    public HeadOptions Head { get; init; } = new();

    /// <summary>The pretext task, where the method is AVTS.</summary>
    public AvtsOptions Avts { get; init; } = new();

    /// <summary>The pretext task, where the method clusters.</summary>
    public ClusteringOptions Clustering { get; init; } = new();

    /// <summary>The loop.</summary>
    public TrainingOptions Training { get; init; } = new();

    /// <summary>The most epochs that a run can have: those of every stage of the curriculum, or of every iteration.</summary>
    public int Epochs() => Method == RecipeMethod.Avts ? Avts.Curriculum.Sum(s => s.Epochs) : Clustering.Iterations * Clustering.EpochsPerIteration;

    /// <summary>The method's name as recipes write it.</summary>
    public string MethodName() => JsonNamingPolicy.SnakeCaseLower.ConvertName(Method.ToString());

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate() =>
    [
        .. RecipeRules.Name(Name), .. RecipeRules.Network(nameof(Video), Video.Name, Modality.Video), .. RecipeRules.Network(nameof(Audio), Audio.Name, Modality.Audio),
        .. ValidateSizes(), .. ValidateLoss(), .. ValidateClustering(),
    ];

    private IEnumerable<ValidationError> ValidateSizes()
    {
        if (Method == RecipeMethod.Avts && Avts.Curriculum.Sum(s => (long)s.Epochs) > MostEpochs)
        {
            yield return new($"{nameof(Avts)}.{nameof(AvtsOptions.Curriculum)}", $"has more than {MostEpochs} epochs together");
        }

        if (Clip.Validate().Any() || Spectrogram.Validate().Any())
        {
            yield break; // those are said already, and the products below need them to hold
        }

        var bytes = (Int128)Training.Batch * Clip.Frames * Clip.Size * Clip.Size * 3;
        if (bytes > int.MaxValue)
        {
            yield return new(
                $"{nameof(Training)}.{nameof(TrainingOptions.Batch)}",
                $"{Training.Batch} clips of {Clip.Frames}x{Clip.Size}x{Clip.Size} take {(double)bytes / (1 << 30):0.#} GiB; a batch may have at most 2. Take a smaller batch or smaller clips");
        }

        var samples = (int)(Clip.AudioSeconds * Spectrogram.SampleRate).Round();
        if (!RecipeRules.HasFrames(Spectrogram, samples))
        {
            yield return new(
                $"{nameof(Clip)}.{nameof(ClipOptions.AudioSeconds)}",
                $"{Clip.AudioSeconds} s of sound ({samples} samples) are too short for a spectrogram with a window of {Spectrogram.WindowMs} ms");
        }
    }

    private IEnumerable<ValidationError> ValidateLoss()
    {
        if (Method == RecipeMethod.Avts && Avts.Loss == AvtsLoss.Contrastive && Head.Normalise == EmbeddingNormalisation.L2 && Avts.Margin > 2 * Head.Scale)
        {
            yield return new(
                $"{nameof(Avts)}.{nameof(AvtsOptions.Margin)}",
                $"embeddings normalised to a length of {Head.Scale} are never further apart than {2 * Head.Scale}, so no negative could reach a margin of {Avts.Margin}");
        }
    }

    private IEnumerable<ValidationError> ValidateClustering()
    {
        if (Method == RecipeMethod.Avts)
        {
            yield break;
        }

        const string Section = nameof(Clustering);
        if (Clustering is { Streams: not ClusteringStreams.Both, Labels: ClusteringSource.Own } && ClusteringPlan.NeedsBoth(Method))
        {
            yield return new($"{Section}.{nameof(ClusteringOptions.Streams)}", $"{MethodName()} learns from both modalities; with one alone take sdc or xdc_same_modality, or labels: given");
        }

        if (Method == RecipeMethod.XdcSameModality && Clustering.InitialWeights == ClusteringSource.Given)
        {
            yield return new($"{Section}.{nameof(ClusteringOptions.InitialWeights)}", "another run has no second encoder of each modality to give");
        }

        if (Method == RecipeMethod.Cdc && (Clustering.KVideo > 0 || Clustering.KAudio > 0))
        {
            yield return new($"{Section}.{nameof(ClusteringOptions.KVideo)}", "and k_audio mean nothing to cdc, which has one clustering; set clustering.k");
        }

        if ((long)Clustering.Iterations * Clustering.EpochsPerIteration > MostEpochs)
        {
            yield return new($"{Section}.{nameof(ClusteringOptions.Iterations)}", $"times {Clustering.EpochsPerIteration} epochs are more than {MostEpochs} together");
        }

        if (Clustering.Patience > 0 && Training.ValidateEvery != 1)
        {
            yield return new($"{nameof(Training)}.{nameof(TrainingOptions.ValidateEvery)}", "must be 1 where clustering.patience ends an iteration by its validation loss; or set clustering.patience: 0");
        }
    }
}
