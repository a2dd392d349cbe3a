using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Learning.Audio;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using Duet.Learning.Native;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using Duet.Learning.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>
/// Deep clustering (Alwassel et al., arXiv 1911.12667): label every clip by clustering features, teach the encoders to predict the labels
/// until they have learned them, and begin again with the features that they give then. SDC, MDC, CDC, XDC and the same-modality control
/// are one mechanism: the <see cref="ClusteringPlan"/> says whose clusters teach whom.
/// </summary>
public sealed class ClusteringTask : ITrainingTask
{
    /// <summary>The target that cross-entropy passes over.</summary>
    private const long Ignored = -100;

    private readonly Recipe recipe;
    private readonly ClusteringPlan plan;
    private readonly Device device;
    private readonly ClusteringModel model;
    private readonly ClipParts training;
    private readonly ClipParts validation;
    private readonly IReadOnlyList<ClipRequest> validationClips;
    private readonly PseudoLabelFiles files;
    private readonly ClusteringRun run;
    private readonly Dictionary<string, ClusterAssignment>? given;
    private readonly bool takesSound;
    private ClusteringState state = ClusteringState.Start;
    private Dictionary<string, ClusterAssignment>? labels;
    private SpectrogramStatistics? statistics;
    private ClipPreprocessor? preprocessor;

    /// <summary>Makes the method, and checks that the videos can serve it: before anything is read.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="partition">Which videos are for training and which for validation.</param>
    /// <param name="precision">What the convolutions compute in, resolved.</param>
    /// <param name="device">Where the networks run.</param>
    /// <param name="run">The run's folder, and what comes from elsewhere.</param>
    /// <exception cref="UsageException">The videos are too short or too few for the recipe, or what another run should give is missing.</exception>
    internal ClusteringTask(Recipe recipe, Partition partition, Precision precision, Device device, ClusteringRun run)
    {
        // A run that goes on clusters in the precision that it began in, as it learns.
        this.recipe = recipe.Clustering.Kmeans.Precision == Precision.Auto ? recipe with { Clustering = recipe.Clustering with { Kmeans = recipe.Clustering.Kmeans with { Precision = precision } } } : recipe;
        this.device = device;
        this.run = run;
        plan = ClusteringPlan.Of(recipe);
        takesSound = plan.Takes(Modality.Audio);
        var options = recipe.Clustering;
        training = ClipParts.Of(partition.Train, recipe.Clip, options.ClipsPerVideo, plan.Content);
        validation = ClipParts.Of(partition.Validation, recipe.Clip, options.ClipsPerVideo, plan.Content);
        files = new PseudoLabelFiles(run.Folder, training, validation);
        ClusteringFeasibility.Check(recipe, plan, partition, training, validation);
        given = options.Labels == ClusteringSource.Given ? run.Given?.Labels(plan, files) : null;
        validationClips = [.. EvenSpread.Of(validation.Count, recipe.Training.ValidationClips).Select(validation.Centre)];
        var wanted = recipe.Training.EpochSize > 0 ? recipe.Training.EpochSize : training.Count;
        ClipsPerEpoch = recipe.Training.WholeSteps(wanted);
        Notes = [.. ClusteringFeasibility.Describe(recipe, training, validation, given is null ? 0 : run.Given!.Missing)];
        model = new ClusteringModel(plan);
        if (run.Given is { } other && options.InitialWeights == ClusteringSource.Given)
        {
            other.Encoders.CopyTo(model.Encoders);
        }

        model.Precision = precision;
        foreach (var (_, encoder) in model.Encoders)
        {
            encoder.CheckpointActivations = recipe.Training.CheckpointActivations;
        }

        model.to(device);
    }

    /// <inheritdoc/>
    public nn.Module Network => model;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes { get; }

    /// <inheritdoc/>
    public int ClipsPerEpoch { get; }

    /// <inheritdoc/>
    public TimeSpan TimePreparing => preprocessor?.Elapsed ?? TimeSpan.Zero;

    /// <inheritdoc/>
    public int Epochs => recipe.Epochs();

    /// <inheritdoc/>
    public int EpochsPerRound => recipe.Clustering.EpochsPerIteration;

    /// <inheritdoc/>
    public void Begin(ClipLoader loader, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(loader);
        var batch = recipe.Training.Batch;
        if (run.Given is { } other && recipe.Clustering.InitialWeights == ClusteringSource.Given)
        {
            statistics = other.Encoders.Statistics; // what its encoders are used to
        }
        else if (takesSound && recipe.Spectrogram.Normalisation != SpectrogramNormalisation.None)
        {
            // Sound alone: the frames of these clips need not be decoded.
            var sounds = training.Epoch(recipe.Seed, 0, recipe.Training.StatisticsClips).Select(r => r with { FrameCount = 0 }).ToArray();
            statistics = ClipPreprocessor.Measure(loader.Load(sounds, batch, 0, stop), recipe.Spectrogram, device);
        }

        if (recipe.Clustering is { CalibrationClips: > 0 and var clips, InitialWeights: ClusteringSource.Own })
        {
            Extractor(loader, stop).Calibrate("calibration", [.. model.Encoders.Select(e => e.Value)], training.Epoch(recipe.Seed, 0, Math.Max(clips / batch, 1) * batch));
        }
    }

    /// <inheritdoc/>
    public EpochPlan? Prepare(int epoch, ClipLoader loader, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(loader);
        var options = recipe.Clustering;
        List<string> notes = [];
        IReadOnlyList<KeyValuePair<string, double>> numbers = [];
        if (state.IsOver(epoch, options))
        {
            if (state.Iteration == options.Iterations)
            {
                return null;
            }

            var clusterer = new Clusterer(recipe, plan, Taps(), training, validation);
            var report = Relabel(state.Iteration + 1, epoch, () => clusterer.Run(state.Iteration + 1, Extractor(loader, stop), stop));
            notes = [.. ClusteringFeasibility.Unreadable(clusterer.Failures), .. report.Clusterings.SelectMany(c => c.Notes.Prepend($"iteration {report.Iteration}: {ClusteringQuality.InWords(c)}"))];
            numbers = [new("iteration", report.Iteration), .. report.Clusterings.SelectMany(ClusteringQuality.Numbers)];
        }

        labels ??= SavedLabels();
        return new EpochPlan(
            training.Epoch(recipe.Seed, epoch, ClipsPerEpoch),
            string.Create(CultureInfo.InvariantCulture, $"iteration {state.Iteration} of {options.Iterations}"),
            Restart: epoch == state.FirstEpoch)
        {
            Notes = notes,
            Numbers = numbers,
        };
    }

    /// <inheritdoc/>
    public StepResult Step(ClipBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var (loss, clips, numbers) = Losses(batch, training, a => a.Training);
        return new StepResult(loss, clips, numbers);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Observe(int epoch, IReadOnlyDictionary<string, double> means) => [];

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, double>>? Validate(ClipLoader loader, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(loader);
        if (validationClips.Count == 0)
        {
            return null;
        }

        var sums = new Dictionary<string, double>(StringComparer.Ordinal);
        var clips = 0;
        foreach (var batch in loader.Load(validationClips, recipe.Training.Batch, 0, stop))
        {
            using (batch)
            using (NewDisposeScope())
            {
                var (loss, labelled, numbers) = Losses(batch, validation, a => a.Validation);
                foreach (var (name, value) in numbers.Prepend(new("loss", loss)))
                {
                    sums[name] = sums.GetValueOrDefault(name) + (value.Number() * labelled);
                }

                clips += labelled;
            }
        }

        return clips == 0 ? null : [.. sums.Select(s => KeyValuePair.Create(s.Key, s.Value / clips)), new("clips", clips)];
    }

    /// <inheritdoc/>
    public void EndEpoch(int epoch, IReadOnlyList<KeyValuePair<string, double>>? validation)
    {
        if (validation is not null)
        {
            state = state with { EarlyStop = state.EarlyStop.After(validation.First(v => v.Key == "loss").Value) };
        }
    }

    /// <inheritdoc/>
    public TaskState Capture() => TaskState.Of(statistics, new JsonObject { ["clustering"] = JsonSerializer.SerializeToNode(state, RunJson.File) }) with
    {
        Parts = [.. state.Tables.Select(t => new CheckpointPart($"{PseudoLabelFiles.FolderName}/{PseudoLabelFiles.TableName(state.Iteration, t.Key)}", t.Value))],
    };

    /// <inheritdoc/>
    public void Restore(TaskState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        statistics = state.SpectrogramStatistics;
        this.state = state.Value<ClusteringState>("clustering");
        labels = null;
    }

    /// <inheritdoc/>
    public void Export(RunFolder run, long step, string store)
    {
        ArgumentNullException.ThrowIfNull(run);
        foreach (var (name, encoder) in model.Encoders)
        {
            EncoderFile.Save(
                run.EncoderFile(name),
                encoder,
                PreprocessingCard.Of(encoder, recipe.Clip, recipe.Spectrogram, statistics, run.Name, recipe.MethodName(), step) with { Seed = SeedOf(name), Store = store });
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        model.Dispose();
        preprocessor?.Dispose();
    }

    /// <summary>Whether a saved state has labels of its own.</summary>
    internal static bool HasLabels(TaskState state) => state.Optional<ClusteringState>("clustering") is { Iteration: > 0 };

    /// <summary>The seed of an encoder's first weights; null where they are another run's.</summary>
    private long? SeedOf(string stream) => recipe.Clustering.InitialWeights == ClusteringSource.Given ? null : plan.Streams.First(s => s.Name == stream).Seed;

    private FeatureExtractor Extractor(ClipLoader loader, CancellationToken stop) =>
        new(Preprocessor, loader, recipe.Training.Batch, run.Progress is null ? null : new PassListener(run.Progress), stop);

    /// <summary>The features that are clustered: each encoder's last map, pooled as its classifiers see it.</summary>
    private FeatureTap[] Taps() => [.. plan.Streams.Select(s => new FeatureTap(
        new FeatureNetwork(s.Name, model.Encoder(s.Name)), model.Encoder(s.Name).Layers[^1].Name, s.Pooling == GlobalPooling.Max ? FeaturePooling.Max : FeaturePooling.Average))];

    private ClipPreprocessor Preprocessor => preprocessor ??= takesSound
        ? new ClipPreprocessor(recipe.Clip, recipe.Spectrogram, statistics, device)
        : ClipPreprocessor.ForFrames(recipe.Clip, device);

    /// <summary>
    /// The weighted cross-entropies of all heads, means over the clips that have a label, how many those are, and what they measure (XDC, section 3: each
    /// encoder predicts the labels that its plan names). A clip that one clustering has no label for teaches no head.
    /// </summary>
    private (Tensor Loss, int Clips, List<KeyValuePair<string, Tensor>> Numbers) Losses(ClipBatch batch, ClipParts parts, Func<ClusterAssignment, int[]> side)
    {
        var kept = ReadableClips.Of(batch, model);
        (int Place, int Part)[] taught =
        [
            .. kept.Select((i, row) => (row, parts.IndexOf(batch.Requests[(int)i]))).Where(c => plan.Clusterings.All(l => side(labels![l.Name])[c.Item2] != ClusterAssignment.None)),
        ];
        var known = Math.Max(1, taught.Length); // none of them gives 0, not 0 / 0
        var numbers = new List<KeyValuePair<string, Tensor>>();
        var inputs = plan.Streams.Select(s => s.Modality).Distinct().ToDictionary(m => m, m => ReadableClips.Rows(m == Modality.Video ? Preprocessor.Video(batch) : Preprocessor.Audio(batch, 0), kept));
        var total = kept.Length == 0 ? ReadableClips.NoLoss(model) : zeros(1, device: device).sum();
        foreach (var stream in plan.Streams)
        {
            var features = kept.Length == 0 ? null : model.Features(stream.Name, inputs[stream.Modality]);
            foreach (var lesson in stream.Lessons)
            {
                var name = stream.Lessons.Count == 1 ? stream.Name : $"{stream.Name}_from_{lesson.Clustering}";
                if (features is null)
                {
                    numbers.Add(new($"loss_{name}", zeros([], device: device)));
                    numbers.Add(new($"accuracy_{name}", zeros([], device: device)));
                    continue;
                }

                var clusters = side(labels![lesson.Clustering]);
                var targets = new long[kept.Length];
                Array.Fill(targets, Ignored);
                foreach (var (place, part) in taught)
                {
                    targets[place] = clusters[part];
                }

                var target = tensor(targets).SentTo(device);
                var logits = model.Logits(stream.Name, lesson.Clustering, features);
                var loss = nn.functional.cross_entropy(logits, target, ignore_index: Ignored, reduction: nn.Reduction.Sum).Over(known);
                total = total.Plus(loss.Times(lesson.Weight));
                using var noGradient = no_grad();
                numbers.Add(new($"loss_{name}", loss.detach()));
                numbers.Add(new($"accuracy_{name}", logits.argmax(1).eq(target).sum().to(ScalarType.Float64).Over(known)));
            }
        }

        return (total, taught.Length, numbers);
    }

    private ClusteringReport Relabel(int iteration, int epoch, Func<IReadOnlyDictionary<string, FoundClusters>> cluster)
    {
        var before = iteration == 1 ? null : labels ?? SavedLabels();
        var found = recipe.Clustering.Labels == ClusteringSource.Given
            ? null
            : cluster();
        var next = found?.ToDictionary(f => f.Key, f => f.Value.Assignment, StringComparer.Ordinal)
            ?? given ?? throw new UsageException($"The recipe '{recipe.Name}' learns labels of another run. Name that run with --from RUN.");
        var report = new ClusteringReport { Method = recipe.MethodName(), Iteration = iteration, Epoch = epoch, Clusterings = [.. plan.Clusterings.Select(Summarise)] };
        files.Write(report);
        labels = next;
        state = new ClusteringState(iteration, epoch, EarlyStop.Start, report.Clusterings.ToDictionary(c => c.Features, c => c.Sha256, StringComparer.Ordinal));
        model.ResetHeads(iteration);
        return report;

        ClusteringSummary Summarise(PlannedClustering clustering)
        {
            var assignment = next[clustering.Name];
            var fit = found?[clustering.Name];
            var summary = ClusteringQuality.Describe(
                new ClusteringSummary
                {
                    Features = clustering.Name,
                    Teaches = [.. plan.TaughtBy(clustering.Name)],
                    File = PseudoLabelFiles.TableName(iteration, clustering.Name),
                    Sha256 = "",
                    K = clustering.K,
                    Dimension = fit?.Dimension ?? 0,
                    Objective = fit?.Fit.Objective,
                    Unreadable = fit is null ? 0 : assignment.Training.Concat(assignment.Validation).Count(c => c == ClusterAssignment.None),
                    Objectives = fit?.Fit.Objectives ?? [],
                    Splits = fit?.Fit.Splits ?? 0,
                    Restart = fit?.Fit.Restart ?? 0,
                    Converged = fit?.Fit.Converged ?? false,
                    Precision = fit is null ? null : PrecisionPolicy.NameOf(fit.Fit.Precision),
                    Bf16Disagreement = fit?.Fit.Bf16Disagreement,
                },
                assignment,
                before?[clustering.Name],
                training);
            return summary with { Sha256 = files.Write(iteration, clustering.Name, assignment, Metadata(iteration, clustering)) };
        }
    }

    private Dictionary<string, ClusterAssignment> SavedLabels() =>
        plan.Clusterings.ToDictionary(c => c.Name, c => files.Read(state.Iteration, c.Name, c.K, state.Tables[c.Name]), StringComparer.Ordinal);

    private Dictionary<string, string> Metadata(int iteration, PlannedClustering clustering) => new(StringComparer.Ordinal)
    {
        ["duet.run"] = run.Folder.Name,
        ["duet.method"] = recipe.MethodName(),
        ["duet.iteration"] = iteration.ToString(CultureInfo.InvariantCulture),
        ["duet.features"] = clustering.Name,
        ["duet.k"] = clustering.K.ToString(CultureInfo.InvariantCulture),
        ["duet.seed"] = recipe.Seed.ToString(CultureInfo.InvariantCulture),
        ["duet.store"] = run.StoreFingerprint,
    };

    /// <summary>Tells training's listener how far a pass over clips is.</summary>
    private sealed class PassListener(IProgress<TrainingProgress> progress) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => progress.Report(new PassProgress(value.Stage, value.Done, value.Total, value.DataWaitShare));
    }
}
