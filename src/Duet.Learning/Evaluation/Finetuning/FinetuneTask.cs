using System.Globalization;
using System.Text.Json.Nodes;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Native;
using Duet.Learning.Training;
using Duet.Learning.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>Teaches labels to pretrained encoders, or to new ones: one training of a finetuning (XDC, section 4: a linear layer over the pooled last map, softmax cross-entropy).</summary>
internal sealed class FinetuneTask : ITrainingTask
{
    private readonly FinetuneSettings settings;
    private readonly FinetuneModel model;
    private readonly ClipParts training;
    private readonly IReadOnlyList<ClipRequest> validationClips;
    private readonly Augmentation augmentation;
    private readonly string stage;
    private SpectrogramStatistics? statistics;
    private ClipPreprocessor? preprocessor;
    private int epoch;

    /// <summary>Makes the networks, and checks that the videos can serve: before anything is read.</summary>
    /// <param name="settings">How to finetune.</param>
    /// <param name="train">Labelled videos to learn from.</param>
    /// <param name="validation">Labelled videos to look at between epochs; may be empty.</param>
    /// <param name="stage">What this training is, in words.</param>
    /// <exception cref="UsageException">Fewer than two classes have a video that is long enough.</exception>
    public FinetuneTask(FinetuneSettings settings, IReadOnlyList<StoredVideo> train, IReadOnlyList<StoredVideo> validation, string stage)
    {
        this.settings = settings;
        this.stage = stage;
        training = ClipParts.Of(train, settings.Clip, 1, settings.Content);
        CheckClasses(train);
        var usable = validation.SelectMany(v => TestClips.Uniform(v, settings.Clip, settings.Content, 1)).OrderBy(r => r.Video.Id, StringComparer.Ordinal).ToArray();
        validationClips = [.. EvenSpread.Of(usable.Length, settings.Training.ValidationClips).Select(i => usable[i])];
        var wanted = settings.Training.EpochSize > 0 ? settings.Training.EpochSize : training.Count;
        ClipsPerEpoch = settings.Training.WholeSteps(wanted);
        augmentation = new Augmentation(settings.Options, settings.Seed);
        statistics = settings.Statistics;
        model = new FinetuneModel(settings.Encoders(), settings.Classes.Count, settings.Options, settings.Seed);
        foreach (var encoder in model.Encoders)
        {
            encoder.Precision = settings.Precision;
            encoder.CheckpointActivations = settings.Training.CheckpointActivations;
        }

        model.to(settings.Device);
    }

    /// <inheritdoc/>
    public nn.Module Network => model;

    /// <inheritdoc/>
    public int ClipsPerEpoch { get; }

    /// <inheritdoc/>
    public TimeSpan TimePreparing => preprocessor?.Elapsed ?? TimeSpan.Zero;

    /// <inheritdoc/>
    public int Epochs => settings.Options.Epochs;

    /// <inheritdoc/>
    public int EpochsPerRound => settings.Options.Epochs;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => [$"{stage}: {training.VideoCount} videos teach{(training.LeftOut.Count > 0 ? $"; {training.LeftOut.Count} are shorter than a clip or lack a stream" : "")}."];

    /// <summary>Training videos that are shorter than a clip or lack a stream.</summary>
    public IReadOnlyList<StoredVideo> LeftOut => training.LeftOut;

    /// <inheritdoc/>
    public double LearningRateFactor(string parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return parameter.StartsWith("fc.", StringComparison.Ordinal) ? settings.Options.HeadRate : 1;
    }

    /// <inheritdoc/>
    public void Begin(ClipLoader loader, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(loader);
        if (statistics is null && settings.Spectrogram is { Normalisation: not SpectrogramNormalisation.None } spectrogram)
        {
            // Sound alone: the frames of these clips need not be decoded.
            var sounds = training.Epoch(settings.Seed, 0, settings.Training.StatisticsClips).Select(r => r with { FrameCount = 0 }).ToArray();
            statistics = ClipPreprocessor.Measure(loader.Load(sounds, settings.Training.Batch, 0, stop), spectrogram, settings.Device);
        }

        if (settings.Options is { Weights: FinetuneWeights.Scratch, Layers: FinetuneLayers.Fc })
        {
            Calibrate(loader, stop);
        }
    }

    /// <inheritdoc/>
    public EpochPlan? Prepare(int epoch, ClipLoader loader, CancellationToken stop)
    {
        this.epoch = epoch;
        return new EpochPlan(training.Epoch(settings.Seed, epoch, ClipsPerEpoch), stage);
    }

    /// <inheritdoc/>
    public StepResult Step(ClipBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var (inputs, clips) = Readable(batch);
        if (clips.Count == 0)
        {
            return new StepResult(ReadableClips.NoLoss(model), 0, [new("accuracy_clips", zeros([], device: settings.Device))]);
        }

        if (settings.Spectrogram is not null)
        {
            augmentation.Mask(inputs[^1], clips, epoch);
        }

        var targets = Targets(clips);
        var mixed = targets;
        Tensor? weight = null;
        if (augmentation.Pairs(clips, epoch) is var (partner, own))
        {
            var order = tensor(partner).SentTo(settings.Device);
            weight = tensor(own).SentTo(settings.Device);
            mixed = targets.index_select(0, order);
            inputs = [.. inputs.Select(x =>
            {
                var share = weight.reshape([-1, .. Enumerable.Repeat(1L, (int)x.dim() - 1)]);
                return (x * share).Plus(x.index_select(0, order) * share.SubtractedFrom(1));
            })];
        }

        var scores = model.Scores(inputs, augmentation.Dropout(clips, model.Features, epoch)?.SentTo(settings.Device));
        var loss = weight is null ? nn.functional.cross_entropy(scores, targets)
            : (weight * CrossEntropies(scores, targets)).Plus(weight.SubtractedFrom(1) * CrossEntropies(scores, mixed)).mean();
        using var gradientless = no_grad();
        var right = scores.argmax(1).eq(targets).to_type(ScalarType.Float64).mean();
        return new StepResult(loss, clips.Count, [new("accuracy_clips", right)]);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Observe(int epoch, IReadOnlyDictionary<string, double> means) => [];

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, double>>? Validate(ClipLoader loader, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(loader);
        double loss = 0, right = 0;
        var read = 0;
        foreach (var batch in loader.Load(validationClips, settings.Training.Batch, 0, stop))
        {
            using (batch)
            using (NewDisposeScope())
            {
                var (inputs, clips) = Readable(batch);
                if (clips.Count > 0)
                {
                    var (scores, targets) = (model.Scores(inputs), Targets(clips));
                    loss += nn.functional.cross_entropy(scores, targets, reduction: nn.Reduction.Sum).Number();
                    right += scores.argmax(1).eq(targets).sum().Number();
                    read += clips.Count;
                }
            }
        }

        return read == 0 ? null : [new("loss", loss / read), new("accuracy_clips", right / read), new("clips", read)];
    }

    /// <inheritdoc/>
    public void EndEpoch(int epoch, IReadOnlyList<KeyValuePair<string, double>>? validation)
    {
        // Epochs are alike: nothing is decided between them.
    }

    /// <summary>A tester of the networks as they are now.</summary>
    /// <param name="loader">Reads clips.</param>
    /// <param name="progress">Hears how far it is.</param>
    public VideoScorer Scorer(ClipLoader loader, IProgress<TrainingProgress>? progress) => new(settings, model, Preprocessor, loader, progress);

    /// <inheritdoc/>
    public TaskState Capture() => TaskState.Of(statistics, new JsonObject());

    /// <inheritdoc/>
    public void Restore(TaskState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        statistics = state.SpectrogramStatistics;
        preprocessor?.Dispose();
        preprocessor = null;
    }

    /// <inheritdoc/>
    public void Export(RunFolder run, long step, string store)
    {
        ArgumentNullException.ThrowIfNull(run);
        foreach (var encoder in model.Encoders)
        {
            EncoderFile.Save(run.EncoderFile(FinetuneModel.NameOf(encoder.Modality)), encoder, settings.Card(encoder, statistics, run.Name, step, store));
        }

        ClassifierFile.Save(
            ClassifierFile.In(run),
            model.Classifier,
            new ClassifierCard
            {
                Classes = settings.Classes,
                Inputs = [.. model.Encoders.Select(e => new ClassifierInput(FinetuneModel.NameOf(e.Modality), e.Layers[^1].Name, e.Channels, model.PoolingOf(e.Modality)))],
                Average = settings.Options.Average,
                Run = run.Name,
                Method = settings.Method,
                Step = step,
                Store = store,
            });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        model.Dispose();
        preprocessor?.Dispose();
    }

    /// <summary>Gives random encoders that stay as they are the running statistics of real clips, as the probes' random networks have them: at initialisation these are 0 and 1.</summary>
    private void Calibrate(ClipLoader loader, CancellationToken stop)
    {
        var batch = settings.Training.Batch;
        var calibrations = model.Encoders.Select(e => new BatchNormCalibration(e)).ToArray();
        foreach (var clips in loader.Load(training.Epoch(settings.Seed, 0, Math.Max(settings.Training.StatisticsClips / batch, 1) * batch), batch, 0, stop))
        {
            using (clips)
            using (NewDisposeScope())
            {
                var (inputs, kept) = Readable(clips);
                for (var e = 0; e < calibrations.Length && kept.Count > 1; e++)
                {
                    calibrations[e].Add(inputs[e]);
                }
            }
        }

        foreach (var calibration in calibrations)
        {
            calibration.ApplyIfAny();
        }
    }

    private ClipPreprocessor Preprocessor => preprocessor ??= settings.Preprocessor(statistics);

    private static Tensor CrossEntropies(Tensor scores, Tensor targets) => nn.functional.cross_entropy(scores, targets, reduction: nn.Reduction.None);

    /// <summary>The inputs of the clips that could be read, and the clips; nothing where there are none.</summary>
    private (IReadOnlyList<Tensor> Inputs, IReadOnlyList<ClipRequest> Clips) Readable(ClipBatch batch)
    {
        var kept = ReadableClips.Of(batch, model);
        return kept.Length == 0 ? ([], []) : ([.. settings.Inputs(Preprocessor, batch).Select(x => ReadableClips.Rows(x, kept))], [.. kept.Select(i => batch.Requests[(int)i])]);
    }

    private Tensor Targets(IReadOnlyList<ClipRequest> clips) => tensor(clips.Select(c => (long)settings.ClassOf(c.Video.Label!)).ToArray()).SentTo(settings.Device);

    private void CheckClasses(IReadOnlyList<StoredVideo> train)
    {
        var tooShort = training.LeftOut.Select(v => v.Id).ToHashSet(StringComparer.Ordinal);
        if (train.Where(v => !tooShort.Contains(v.Id)).Select(v => v.Label).Distinct(StringComparer.Ordinal).Take(2).Count() < 2)
        {
            throw new UsageException(string.Create(
                CultureInfo.InvariantCulture,
                $"Fewer than two classes have a training video that serves a clip ({stage}): {training.LeftOut.Count} of {train.Count} videos are shorter than one or lack a stream. A clip has {settings.Clip.InWords(settings.Content != ClipContent.Sound, settings.Content != ClipContent.Frames)}. Take shorter clips, or label more videos."));
        }
    }
}
