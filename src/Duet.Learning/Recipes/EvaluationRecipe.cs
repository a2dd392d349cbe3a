using System.Text.Json;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Learning.Audio;
using Duet.Learning.Evaluation;
using Duet.Learning.Evaluation.Finetuning;
using Duet.Learning.Evaluation.Retrieval;
using Duet.Learning.Models;
using Duet.Learning.Training;

namespace Duet.Learning.Recipes;

/// <summary>What an evaluation does with encoders.</summary>
public enum EvaluationProtocol
{
    /// <summary>Linear classifiers on frozen features.</summary>
    Probe,

    /// <summary>Encoders trained on with labels, or from scratch.</summary>
    Finetune,

    /// <summary>Nearest neighbours of frozen features.</summary>
    Retrieval,
}

/// <summary>
/// A protocol: everything that an evaluation can change, in one record. A file under <c>recipes/eval</c> writes what differs from the
/// defaults; <see cref="RecipeFile.LoadEvaluation"/> reads it. The key <c>protocol</c> tells it from a recipe to pretrain by.
/// </summary>
public sealed record EvaluationRecipe : IRecipe, IValidated
{
    /// <summary>The name of the protocol that holds where none is named.</summary>
    public const string DefaultName = "default";

    /// <inheritdoc/>
    public string Name { get; init; } = "";

    /// <summary>What is done with the encoders.</summary>
    public EvaluationProtocol Protocol { get; init; }

    /// <summary>From which everything random follows: random weights, cross-validation, which few labels teach.</summary>
    public long Seed { get; init; }

    /// <summary>The data set that this is about, by which <c>duet results</c> finds the published numbers: <c>esc50</c>, <c>esc10</c>, <c>dcase2014</c>, <c>ucf101</c>, <c>hmdb51</c>, <c>kinetics</c>; <c>own</c> for one's own.</summary>
    public string Dataset { get; init; } = "own";

    /// <summary>How videos are divided where the store names no split and no run is named.</summary>
    public PartitionOptions Data { get; init; } = new();

    /// <summary>What a clip is; absent: what the run learned from.</summary>
    public ClipOptions? Clip { get; init; }

    /// <summary>Spectrograms, where no run is named; a run's encoders have their own.</summary>
    public LogMelOptions? Spectrogram { get; init; }

    /// <summary>The network for frames, where no run is named.</summary>
    public EncoderOptions? Video { get; init; }

    /// <summary>The network for sound, where no run is named.</summary>
    public EncoderOptions? Audio { get; init; }

    /// <summary>How encoders are probed.</summary>
    public ProbeOptions Probe { get; init; } = new();

    /// <summary>How encoders are finetuned.</summary>
    public FinetuneOptions Finetune { get; init; } = new();

    /// <summary>How neighbours are looked for.</summary>
    public RetrievalOptions Retrieval { get; init; } = new();

    /// <summary>Finetuning: the loop. Else device, threads, precision and workers, where no run is named.</summary>
    public TrainingOptions Training { get; init; } = new();

    /// <summary>The protocol's name as recipes and verbs write it.</summary>
    public string ProtocolName() => JsonNamingPolicy.SnakeCaseLower.ConvertName(Protocol.ToString());

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        foreach (var error in RecipeRules.Name(Name))
        {
            yield return error;
        }

        if (!RecipeRules.IsName(Dataset))
        {
            yield return new(nameof(Dataset), "must be small letters, digits and underscores: esc50, ucf101, ..., or own");
        }

        if (Protocol == EvaluationProtocol.Finetune && Training.LearningRate is { Schedule: LearningRateShape.Plateau, PlateauMetric: PlateauMetric.Validation })
        {
            yield return new(
                $"{nameof(Training)}.{nameof(TrainingOptions.LearningRate)}.{nameof(LearningRateOptions.PlateauMetric)}",
                "can't be validation: the training for the test has no validation part. Set it to training, or take another schedule");
        }

        if (Protocol == EvaluationProtocol.Finetune && Finetune.Mixup > 0 && Training.Accumulate > 1)
        {
            yield return new(
                $"{nameof(Training)}.{nameof(TrainingOptions.Accumulate)}",
                "must be 1 where finetune.mixup is above 0: mixup draws a clip's partner from its batch, so several small batches would not be the large one. Set finetune.mixup: 0, or a larger training.batch");
        }

        foreach (var error in RecipeRules.Network(nameof(Video), Video?.Name ?? "", Modality.Video).Concat(RecipeRules.Network(nameof(Audio), Audio?.Name ?? "", Modality.Audio)))
        {
            yield return error;
        }
    }
}
