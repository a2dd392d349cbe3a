using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Learning.Evaluation;
using Duet.Learning.Evaluation.Finetuning;
using Duet.Learning.Models;
using Duet.Learning.Pretext;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Pretext.Clustering;
using Duet.Learning.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Training.Profiling;

/// <summary>
/// What is measured: the method of a recipe, with the networks, clips, batches, precision and optimiser that the recipe says. What happens once or between steps is
/// cut short: the statistics of spectrograms come from few clips, there is no validation, the rate is so low that nothing is learned, and pseudo-labels are
/// dealt out in turn where a run would cluster.
/// </summary>
internal sealed record BenchSubject(
    ITrainingTask Task, TrainingOptions Training, ClipOptions Clip, ClipContent Content, string Method, IReadOnlyList<string> Networks, double FlopsPerClip, Device Device, Precision Precision, string PrecisionReason)
    : IDisposable
{
    private const double NoRate = 1e-6;

    /// <summary>Makes it.</summary>
    /// <param name="recipe">A recipe to pretrain or to finetune by.</param>
    /// <param name="store">Reads clips.</param>
    /// <param name="steps">Steps that the longest measurement has.</param>
    /// <param name="folder">A folder for files of its own.</param>
    /// <exception cref="UsageException">The recipe is of another kind, or the videos can't serve it.</exception>
    public static BenchSubject Of(IRecipe recipe, RunSource store, int steps, RunFolder folder) => recipe switch
    {
        Recipe pretraining => Of(pretraining, store, steps, folder),
        EvaluationRecipe { Protocol: EvaluationProtocol.Finetune } finetuning => Of(finetuning, store, steps),
        _ => throw new UsageException($"The recipe '{recipe.Name}' trains nothing, and training is what is measured here. Name one to pretrain or to finetune by; 'duet recipes list' shows them."),
    };

    /// <inheritdoc/>
    public void Dispose() => Task.Dispose();

    private static BenchSubject Of(Recipe recipe, RunSource store, int steps, RunFolder folder)
    {
        Pretraining.CheckStore(recipe, store);
        var device = Pretraining.DeviceOf(recipe.Training.Device);
        var (precision, reason) = PrecisionPolicy.Resolve(recipe.Training.Precision, device.type);
        var partition = Partition.Of(store.Videos, recipe.Data);
        var spectrogram = SpectrogramSize(recipe.Spectrogram, recipe.Clip);
        var video = (recipe.Video.Name, Flops: (double)NetworkCost.TrainingFlops(recipe.Video, VideoSize(recipe.Clip)));
        if (recipe.Method == RecipeMethod.Avts)
        {
            var training = Shortened(recipe.Training, recipe.Clip, ClipContent.FramesAndSound, 2, recipe.Spectrogram.SampleRate, steps);
            var one = recipe with { Training = training, Avts = recipe.Avts with { Curriculum = [recipe.Avts.Curriculum[^1] with { Epochs = 1 }] } };
            var flops = video.Flops + (2 * NetworkCost.TrainingFlops(recipe.Audio, spectrogram));
            return new(
                new AvtsTask(one, partition, precision, device), training, recipe.Clip, ClipContent.FramesAndSound, recipe.MethodName(), [recipe.Video.Name, recipe.Audio.Name], flops, device, precision, reason);
        }

        var plan = ClusteringPlan.Of(recipe);
        var clustered = Labelled(recipe, plan, partition, Shortened(recipe.Training, recipe.Clip, plan.Content, 1, recipe.Spectrogram.SampleRate, steps), folder, out var given);
        return new(
            new ClusteringTask(clustered, partition, precision, device, new ClusteringRun(folder, store.Fingerprint, given)),
            clustered.Training,
            recipe.Clip,
            plan.Content,
            recipe.MethodName(),
            [.. plan.Streams.Select(s => s.Encoder.Name)],
            plan.Streams.Sum(s => s.Modality == Modality.Video ? video.Flops : NetworkCost.TrainingFlops(recipe.Audio, spectrogram)),
            device,
            precision,
            reason);
    }

    private static BenchSubject Of(EvaluationRecipe recipe, RunSource store, int steps)
    {
        foreach (var (section, options, wanted, example) in new[]
        {
            ("video", recipe.Video, recipe.Finetune.Modality != FinetuneModality.Audio, "r2plus1d_18"), ("audio", recipe.Audio, recipe.Finetune.Modality != FinetuneModality.Video, "resnet18_audio"),
        })
        {
            if (wanted && options is null)
            {
                throw new UsageException($"The recipe '{recipe.Name}' finetunes whichever networks a run has, and the measurement needs to know which. Name them: --set {section}.name={example}.");
            }
        }

        // Pretrained or not, with whichever labels: a step costs the same.
        recipe = recipe with { Finetune = recipe.Finetune with { Weights = FinetuneWeights.Scratch } };
        StoredVideo[] videos = [.. store.Videos.Select((v, i) => v with { Label = i % 2 == 0 ? "even" : "odd" })];
        using var source = FinetuneSource.Open(recipe, null, null);
        var settings = FinetuneEvaluation.Settings(recipe, source, [new EvaluationSplit("", videos, [])]);
        var training = Shortened(recipe.Training, settings.Clip, settings.Content, 1, settings.Spectrogram?.SampleRate ?? 0, steps);
        settings = settings with { Training = training };
        Func<EncoderOptions, IReadOnlyList<long>, long> cost = recipe.Finetune.Layers == FinetuneLayers.Fc ? NetworkCost.ForwardFlops : NetworkCost.TrainingFlops;
        var flops = (settings.Content == ClipContent.Sound ? 0 : cost(recipe.Video!, VideoSize(settings.Clip)))
            + (settings.Spectrogram is { } spectrogram ? cost(recipe.Audio!, SpectrogramSize(spectrogram, settings.Clip)) : 0);
        return new(
            new FinetuneTask(settings, videos, [], "bench"), training, settings.Clip, settings.Content, recipe.ProtocolName(), [.. source.Networks], flops, settings.Device, settings.Precision, settings.PrecisionReason);
    }

    /// <summary>A recipe whose labels are another run's: of as many clusters as it asks for, from as many parts of videos as that takes.</summary>
    private static Recipe Labelled(Recipe recipe, ClusteringPlan plan, Partition partition, TrainingOptions training, RunFolder folder, out GivenRun given)
    {
        var most = plan.Clusterings.Max(c => c.K);
        var usable = ClipParts.Of(partition.Train, recipe.Clip, 1, plan.Content).VideoCount;
        recipe = recipe with
        {
            Training = training,
            Clustering = recipe.Clustering with
            {
                Labels = ClusteringSource.Given,
                InitialWeights = ClusteringSource.Own,
                Iterations = 1,
                EpochsPerIteration = 1,
                Patience = 0,
                CalibrationClips = 0,
                ClipsPerVideo = Math.Max(recipe.Clustering.ClipsPerVideo, (most + Math.Max(1, usable) - 1) / Math.Max(1, usable)),
            },
        };
        var (taught, validated) = (ClipParts.Of(partition.Train, recipe.Clip, recipe.Clustering.ClipsPerVideo, plan.Content), ClipParts.Of(partition.Validation, recipe.Clip, recipe.Clustering.ClipsPerVideo, plan.Content));
        var labels = new RunFolder(Path.Combine(folder.Path, "labels"));
        var files = new PseudoLabelFiles(labels, taught, validated);
        foreach (var clustering in plan.Clusterings)
        {
            var assignment = ClusterAssignment.Empty(taught.Count, validated.Count);
            for (var i = 0; i < taught.Count; i++)
            {
                assignment.Training[i] = i % clustering.K;
            }

            files.Write(1, clustering.Name, assignment, new Dictionary<string, string>(StringComparer.Ordinal));
        }

        files.Write(new ClusteringReport { Method = recipe.MethodName(), Iteration = 1, Epoch = 0, Clusterings = [] });
        given = new GivenRun(labels);
        return recipe;
    }

    /// <summary>The recipe's loop without what happens between steps, and with an epoch so long that the loader never comes to its end.</summary>
    private static TrainingOptions Shortened(TrainingOptions training, ClipOptions clip, ClipContent content, int windows, int sampleRate, int steps)
    {
        const int Ahead = 4;
        var bytes = training.Batch * ((content == ClipContent.Sound ? 0 : (long)clip.Frames * clip.Size * clip.Size * 3)
            + (content == ClipContent.Frames ? 0 : sizeof(short) * windows * (long)ClipGrid.SamplesIn(clip.AudioSeconds, sampleRate)));
        return training with
        {
            EpochSize = checked(training.ClipsPerStep * (steps + 1 + (Ahead / training.Accumulate) + 1)),
            QueueMb = (int)Math.Min(training.QueueMb, (Ahead * bytes >> 20) + 1),
            LearningRate = new() { Base = NoRate },
            ValidateEvery = 0,
            CheckpointEvery = 0,
            StatisticsClips = Math.Min(training.StatisticsClips, 8),
        };
    }

    private static long[] VideoSize(ClipOptions clip) => [clip.Frames, clip.Size, clip.Size];

    private static long[] SpectrogramSize(Audio.LogMelOptions spectrogram, ClipOptions clip) =>
        [spectrogram.FrameCount(ClipGrid.SamplesIn(clip.AudioSeconds, spectrogram.SampleRate)), spectrogram.MelBins];
}
