using System.Text.Json;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Files;
using Duet.Data.Store;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using Duet.Learning.Weights;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>One training of a finetuning, in its folder: begun, gone on with, or found finished.</summary>
internal sealed class FinetuneTraining : IDisposable
{
    private readonly RunFolder folder;
    private readonly EvaluationRecipe recipe;
    private readonly FinetuneSettings settings;
    private readonly RunSource store;
    private readonly IProgress<TrainingProgress>? progress;
    private readonly FinetuneTask task;
    private readonly RunStore videos;

    /// <summary>Makes it; nothing is read or written yet.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="recipe">The recipe with this training's learning rate.</param>
    /// <param name="settings">How to finetune.</param>
    /// <param name="store">Reads clips.</param>
    /// <param name="split">The videos to learn from, to look at between epochs, and to test: the last are written down, not read.</param>
    /// <param name="stage">What this is, in words.</param>
    /// <param name="progress">Hears of every step.</param>
    /// <exception cref="UsageException">The videos can't serve.</exception>
    public FinetuneTraining(
        RunFolder folder, EvaluationRecipe recipe, FinetuneSettings settings, RunSource store, (IReadOnlyList<StoredVideo> Train, IReadOnlyList<StoredVideo> Validation, IReadOnlyList<StoredVideo> Test) split, string stage, IProgress<TrainingProgress>? progress)
    {
        this.folder = folder;
        this.recipe = recipe;
        this.settings = settings with { Training = recipe.Training };
        this.store = store;
        this.progress = progress;
        task = new FinetuneTask(this.settings, split.Train, split.Validation, stage);
        videos = new RunStore
        {
            Fingerprint = store.Fingerprint,
            Path = store.Path,
            Train = [.. split.Train.Select(v => v.Id)],
            Validation = [.. split.Validation.Select(v => v.Id)],
            Test = [.. split.Test.Select(v => v.Id)],
        };
    }

    /// <summary>Training videos that are shorter than a clip or lack a stream.</summary>
    public IReadOnlyList<StoredVideo> LeftOut => task.LeftOut;

    /// <summary>Trains to the end, or until asked to stop.</summary>
    /// <exception cref="UsageException">The folder holds another training.</exception>
    /// <exception cref="DivergenceException">The loss is no number any more.</exception>
    public TrainingOutcome Train(CancellationToken stop)
    {
        DurableFiles.MakeFolder(folder.Path);
        folder.RemoveLeftovers();
        var damaged = new List<string>();
        using var checkpoint = Checkpoints.ToResume(folder, damaged.Add);
        if (checkpoint is not null && (checkpoint.Header.Recipe != Hash || checkpoint.Header.Store != store.Fingerprint))
        {
            throw new UsageException($"'{folder.Path}' holds a training by another protocol, from other weights or on another store than this one. Choose another --out folder.");
        }

        if (checkpoint is { Header.State.Finished: true })
        {
            damaged.ForEach(Note);
            return Restore(checkpoint);
        }

        var environment = RunEnvironment.Of(settings.Device, settings.Precision, settings.PrecisionReason);
        if (checkpoint is null)
        {
            AtomicFile.WriteAllText(folder.EnvironmentFile, JsonSerializer.Serialize(environment, RunJson.File));
            AtomicFile.WriteAllText(folder.StoreFile, JsonSerializer.Serialize(videos, RunJson.File));
            AtomicFile.WriteAllText(folder.RecipeFile, RecipeFile.ToYaml(recipe));
        }

        var state = checkpoint?.Header.State ?? new TrainerState();
        using var loader = Loader();
        using var metrics = new MetricsLog(folder.MetricsFile, folder.TensorBoardFolder, state.MetricsBytes, state.Step);
        foreach (var note in checkpoint is null ? task.Notes : [.. damaged, FormattableString.Invariant($"resumed from step {state.Step}"), .. Differing(environment)])
        {
            metrics.Event(state.Step, note);
            Note(note);
        }

        using var trainer = new Trainer(task, loader, recipe.Training, new Checkpoints(folder, Hash, store.Fingerprint, recipe.Training.KeepCheckpoints, checkpoint), metrics, checkpoint, progress);
        return trainer.Run(stop);
    }

    /// <summary>Names the trained networks: the hash of their checkpoint.</summary>
    /// <param name="outcome">What <see cref="Train"/> gave.</param>
    public static string NameOf(TrainingOutcome outcome) =>
        CheckpointJson.Read(Path.ChangeExtension(outcome.Checkpoint, ".json")).Sha256;

    /// <summary>Scores videos with the trained networks.</summary>
    /// <param name="use">Does it.</param>
    public T Score<T>(Func<VideoScorer, T> use)
    {
        using var loader = Loader();
        return use(task.Scorer(loader, progress));
    }

    /// <inheritdoc/>
    public void Dispose() => task.Dispose();

    /// <summary>What a checkpoint must agree with to be gone on from: the recipe, but for options that can't change the result, and the first weights.</summary>
    private string Hash => RecipeFile.Fingerprint(recipe with { Training = recipe.Training.WithoutFreeOptions() }) + settings.WeightsHash;

    private ClipLoader Loader() => new(store.Clips, settings.Clip.Size, new ClipLoaderOptions { Workers = recipe.Training.Workers, QueueMegabytes = recipe.Training.QueueMb });

    private TrainingOutcome Restore(Checkpoint checkpoint)
    {
        checkpoint.CopyTo(task.Network);
        task.Restore(checkpoint.TaskState());
        var state = checkpoint.Header.State;
        if (!File.Exists(ClassifierFile.In(folder)))
        {
            task.Export(folder, state.Step, store.Fingerprint); // killed between the last checkpoint and this
        }

        return new TrainingOutcome(true, state.Step, state.Step, state.Seconds, checkpoint.File);
    }

    private IEnumerable<string> Differing(RunEnvironment now)
    {
        var before = RunJson.Read<RunEnvironment>(folder.EnvironmentFile, "Choose another --out folder.");
        var differing = before.DifferencesThatMatter(now);
        return differing.Count == 0 ? [] : [RunEnvironment.Warning(differing)];
    }

    private void Note(string text) => progress?.Report(new TrainingNote(text));
}
