using Duet.Data.Clips;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using Duet.Learning.Training;
using Duet.Learning.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>Everything that the trainings of one finetuning share.</summary>
internal sealed record FinetuneSettings
{
    private readonly Dictionary<string, int> numbers = [];

    /// <summary>The evaluation recipe's name.</summary>
    public required string Name { get; init; }

    /// <summary>The seed of order, windows, crops, first weights.</summary>
    public required long Seed { get; init; }

    /// <summary>How to finetune.</summary>
    public required FinetuneOptions Options { get; init; }

    /// <summary>The loop.</summary>
    public required TrainingOptions Training { get; init; }

    /// <summary>What a clip is.</summary>
    public required ClipOptions Clip { get; init; }

    /// <summary>What the audio encoder sees; null where there is none.</summary>
    public required LogMelOptions? Spectrogram { get; init; }

    /// <summary>What spectrograms are normalised by, where the pretrained encoder brings it; null where it is measured on training clips.</summary>
    public required SpectrogramStatistics? Statistics { get; init; }

    /// <summary>Makes the encoders with the weights that every training starts from: video first.</summary>
    public required Func<IReadOnlyList<Encoder>> Encoders { get; init; }

    /// <summary>Where the weights come from: <c>avts</c>, <c>xdc</c>, ..., or <c>scratch</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The classes, in the order of the scores.</summary>
    public required IReadOnlyList<string> Classes
    {
        get;
        init
        {
            field = value;
            numbers = value.Select((name, i) => (name, i)).ToDictionary(c => c.name, c => c.i, StringComparer.Ordinal);
        }
    }

    /// <summary>A class's place among <see cref="Classes"/>.</summary>
    /// <param name="label">Its name.</param>
    public int ClassOf(string label) => numbers.TryGetValue(label, out var number) ? number : throw new ArgumentException($"'{label}' is none of the classes.", nameof(label));

    /// <summary>Where the networks run.</summary>
    public required Device Device { get; init; }

    /// <summary>What convolutions compute in.</summary>
    public required Precision Precision { get; init; }

    /// <summary>Why.</summary>
    public string PrecisionReason { get; init; } = "";

    /// <summary>A hash of the weights that every training starts from, hexadecimal; empty from scratch.</summary>
    public string WeightsHash { get; init; } = "";

    /// <summary>What is read of a clip.</summary>
    public ClipContent Content => Options.Modality switch
    {
        FinetuneModality.Both => ClipContent.FramesAndSound,
        FinetuneModality.Video => ClipContent.Frames,
        _ => ClipContent.Sound,
    };

    /// <summary>The clips by which a video is named.</summary>
    public IReadOnlyList<ClipRequest> TestClipsOf(Data.Store.StoredVideo video) => Options.TestSampling == TestSampling.Uniform
        ? TestClips.Uniform(video, Clip, Content, Options.TestClips)
        : TestClips.Dense(video, Clip, Content, Options.TestStride);

    /// <summary>Makes the networks' inputs.</summary>
    /// <param name="statistics">What spectrograms are normalised by.</param>
    public ClipPreprocessor Preprocessor(SpectrogramStatistics? statistics) => Spectrogram is null
        ? ClipPreprocessor.ForFrames(Clip, Device)
        : new ClipPreprocessor(Clip, Spectrogram, statistics, Device);

    /// <summary>A batch's inputs, in the encoders' order.</summary>
    public IReadOnlyList<Tensor> Inputs(ClipPreprocessor preprocessor, ClipBatch batch) => Options.Modality switch
    {
        FinetuneModality.Both => [preprocessor.Video(batch), preprocessor.Audio(batch, 0)],
        FinetuneModality.Video => [preprocessor.Video(batch)],
        _ => [preprocessor.Audio(batch, 0)],
    };

    /// <summary>The card of a finetuned encoder.</summary>
    public PreprocessingCard Card(Encoder encoder, SpectrogramStatistics? statistics, string run, long step, string store) =>
        PreprocessingCard.Of(encoder, Clip, Spectrogram, statistics, run, "finetune", step) with
        {
            Seed = Options.Weights == FinetuneWeights.Scratch ? Seed : null,
            Store = store,
        };
}
