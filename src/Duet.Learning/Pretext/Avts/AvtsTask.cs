using System.Text.Json.Nodes;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using Duet.Learning.Native;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using Duet.Learning.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext.Avts;

/// <summary>
/// Audio-visual temporal synchronisation (Korbar, Tran and Torresani, arXiv 1807.00230): every clip meets its own sound and one other
/// stretch of sound, and the two streams learn to tell which is which. What the other stretch is follows the curriculum.
/// </summary>
public sealed class AvtsTask : ITrainingTask
{
    /// <summary>What a batch measures beside its loss.</summary>
    private static readonly string[] Measured = ["positive_distance", "negative_distance", "embedding_std_video", "embedding_std_audio"];

    private readonly Recipe recipe;
    private readonly IReadOnlyList<StoredVideo> training;
    private readonly Device device;
    private readonly AvtsModel model;
    private readonly Curriculum curriculum;
    private readonly CollapseDetector collapse;
    private readonly AvtsValidation validation;
    private SpectrogramStatistics? statistics;
    private ClipPreprocessor? preprocessor;

    /// <summary>Makes the method, and checks that the videos can serve every stage of the curriculum: before anything is read.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="partition">Which videos are for training and which for validation.</param>
    /// <param name="precision">What the convolutions compute in, resolved.</param>
    /// <param name="device">Where the networks run.</param>
    /// <exception cref="UsageException">The videos are too short or too few for the recipe.</exception>
    public AvtsTask(Recipe recipe, Partition partition, Precision precision, Device device)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(partition);
        this.recipe = recipe;
        this.device = device;
        training = partition.Train;
        curriculum = new Curriculum(recipe.Avts.Curriculum);
        foreach (var stage in curriculum.Stages)
        {
            PairSampler.Epoch(training, recipe.Clip, recipe.Pairs, MixOf(stage), recipe.Seed, epoch: 0, epochSize: 1);
        }

        var feasibility = PairFeasibility.Of(training, recipe.Clip, recipe.Pairs);
        var wanted = recipe.Training.EpochSize > 0 ? recipe.Training.EpochSize : checked(feasibility.Usable.Count * recipe.Pairs.ClipsPerVideo);
        ClipsPerEpoch = recipe.Training.WholeSteps(wanted);
        validation = new AvtsValidation(recipe, partition.Validation);
        if (recipe.Training.LearningRate is { Schedule: LearningRateShape.Plateau, PlateauMetric: PlateauMetric.Validation } && validation.IsEmpty)
        {
            throw new UsageException("The learning rate follows the validation loss, but no validation video can serve a pair. Give data.validation_share more, or set training.learning_rate.plateau_metric: training.");
        }

        var everyKind = new PairMix(1, curriculum.Stages.Max(s => s.Hard), curriculum.Stages.Max(s => s.SuperHard));
        Notes = validation.IsEmpty && recipe.Training.ValidateEvery > 0
            ? [$"training: {feasibility.Describe(everyKind)}", "validation: no held-out video can serve a pair, so there are no validation numbers. Give data.validation_share more, or add videos."]
            : [$"training: {feasibility.Describe(everyKind)}"];
        collapse = new CollapseDetector(recipe.Avts.CollapseThreshold, recipe.Avts.CollapsePatience);
        model = new AvtsModel(recipe.Video, recipe.Audio, recipe.Head, recipe.Avts, recipe.Seed) { Precision = precision };
        model.VideoEncoder.CheckpointActivations = model.AudioEncoder.CheckpointActivations = recipe.Training.CheckpointActivations;
        model.to(device);
    }

    /// <summary>The two streams.</summary>
    public AvtsModel Model => model;

    /// <inheritdoc/>
    public nn.Module Network => model;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes { get; }

    /// <inheritdoc/>
    public int ClipsPerEpoch { get; }

    /// <inheritdoc/>
    public TimeSpan TimePreparing => preprocessor?.Elapsed ?? TimeSpan.Zero;

    /// <inheritdoc/>
    public int Epochs => curriculum.Epochs;

    /// <inheritdoc/>
    public int EpochsPerRound => curriculum.Epochs;

    /// <inheritdoc/>
    public void Begin(ClipLoader loader, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(loader);
        if (recipe.Spectrogram.Normalisation != SpectrogramNormalisation.None)
        {
            // Sound alone: the frames of these clips need not be decoded.
            var sounds = RandomClips.Epoch(training, recipe.Clip, recipe.Seed, epoch: 0, recipe.Training.StatisticsClips).Select(r => r with { FrameCount = 0 }).ToArray();
            statistics = ClipPreprocessor.Measure(loader.Load(sounds, recipe.Training.Batch, 0, stop), recipe.Spectrogram, device);
        }
    }

    /// <inheritdoc/>
    public EpochPlan Prepare(int epoch, ClipLoader loader, CancellationToken stop)
    {
        preprocessor ??= new ClipPreprocessor(recipe.Clip, recipe.Spectrogram, statistics, device);
        var (_, stage) = curriculum.At(epoch);
        var requests = PairSampler.Epoch(training, recipe.Clip, recipe.Pairs, MixOf(stage), recipe.Seed, epoch, ClipsPerEpoch);
        return new EpochPlan(requests, Curriculum.Describe(stage));
    }

    /// <inheritdoc/>
    public StepResult Step(ClipBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var pairs = PairBatch.Embed(model, preprocessor!, batch, device);
        if (pairs.Clips == 0)
        {
            // Means over nothing are no numbers.
            return new StepResult(ReadableClips.NoLoss(model), 0, [.. Measured.Select(name => KeyValuePair.Create(name, zeros([], device: device)))]);
        }

        var loss = model.Loss(pairs.Video, pairs.Audio, pairs.InSync, recipe.Avts.Margin);
        using var noGradient = no_grad();
        var distance = model.Distance(pairs.Video, pairs.Audio);
        Tensor[] values =
        [
            distance[..pairs.Clips].mean(),
            distance[pairs.Clips..].mean(),
            CollapseDetector.Spread(pairs.Video[..pairs.Clips]),
            CollapseDetector.Spread(pairs.Audio),
        ];
        return new StepResult(loss, pairs.Clips, [.. Measured.Zip(values, KeyValuePair.Create)]);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Observe(int epoch, IReadOnlyDictionary<string, double> means)
    {
        ArgumentNullException.ThrowIfNull(means);
        var message = collapse.Observe(
            curriculum.At(epoch).Index, means["embedding_std_video"], means["embedding_std_audio"], means["negative_distance"] - means["positive_distance"]);
        return message is null ? [] : [message];
    }

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, double>>? Validate(ClipLoader loader, CancellationToken stop) =>
        validation.Run(model, preprocessor!, loader, device, stop);

    /// <inheritdoc/>
    public void EndEpoch(int epoch, IReadOnlyList<KeyValuePair<string, double>>? validation)
    {
        // The curriculum alone says what comes next.
    }

    /// <inheritdoc/>
    public TaskState Capture() => TaskState.Of(statistics, new JsonObject
    {
        ["collapse_low"] = collapse.Low,
        ["collapse_announced_stage"] = collapse.AnnouncedStage,
    });

    /// <inheritdoc/>
    public void Restore(TaskState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        statistics = state.SpectrogramStatistics;
        collapse.Restore(state.Value<int>("collapse_low"), state.Value<int>("collapse_announced_stage"));
    }

    /// <inheritdoc/>
    public void Export(RunFolder run, long step, string store)
    {
        ArgumentNullException.ThrowIfNull(run);
        Save(run.VideoEncoderFile, model.VideoEncoder);
        Save(run.AudioEncoderFile, model.AudioEncoder);

        void Save(string path, Encoder encoder) => EncoderFile.Save(
            path,
            encoder,
            PreprocessingCard.Of(encoder, recipe.Clip, recipe.Spectrogram, statistics, run.Name, recipe.MethodName(), step) with { Seed = recipe.Seed, Store = store });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        model.Dispose();
        preprocessor?.Dispose();
    }

    private static PairMix MixOf(CurriculumStage stage) => new(stage.Easy, stage.Hard, stage.SuperHard);
}
