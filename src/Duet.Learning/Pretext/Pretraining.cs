using System.Text.Json;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Data.Files;
using Duet.Data.Store;
using Duet.Learning.Models;
using Duet.Learning.Native;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Pretext.Clustering;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext;

/// <summary>A whole pretraining run: from a recipe and a store to a run folder. The one place that knows which method a recipe names.</summary>
public static class Pretraining
{
    /// <summary>Trains, from the start or from where the run was left.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="store">The videos.</param>
    /// <param name="run">The run's folder.</param>
    /// <param name="resume">Whether to go on with the run that the folder holds.</param>
    /// <param name="progress">Hears of every step, on this thread.</param>
    /// <param name="stop">Asks to finish the step, save and return.</param>
    /// <param name="from">The run that gives labels or weights, where the recipe says that they are given; not needed again to resume.</param>
    /// <exception cref="UsageException">The folder holds a run and <paramref name="resume"/> is false, or the reverse; recipe or store are others; the videos can't serve the recipe.</exception>
    /// <exception cref="TrainingException">Training can't go on; the last checkpoint stays.</exception>
    public static TrainingOutcome Run(
        Recipe recipe, VideoStore store, RunFolder run, bool resume, IProgress<TrainingProgress>? progress, CancellationToken stop, RunFolder? from = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        return Run(recipe, new RunSource(store, store.Videos, store.Fingerprint, store.Directory, store.Settings.SampleRate), run, resume, progress, stop, from);
    }

    /// <inheritdoc cref="Run(Recipe, VideoStore, RunFolder, bool, IProgress{TrainingProgress}?, CancellationToken, RunFolder?)"/>
    internal static TrainingOutcome Run(
        Recipe recipe, RunSource store, RunFolder run, bool resume, IProgress<TrainingProgress>? progress, CancellationToken stop, RunFolder? from = null)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(run);
        CheckFolder(recipe, store, run, resume);
        CheckStore(recipe, store);
        TorchRuntime.SetThreads(recipe.Training.Threads);
        var device = DeviceOf(recipe.Training.Device);
        var (precision, reason) = ResolvePrecision(recipe, run, resume, device);
        var partition = Partition.Of(store.Videos, recipe.Data);
        CheckGiven(recipe, run, resume, from);
        using var given = from is null ? null : new GivenRun(from);
        using var task = Create(recipe, partition, precision, device, new ClusteringRun(run, store.Fingerprint, given, progress));

        using var held = RunLock.Take(run);
        CheckFolder(recipe, store, run, resume);
        run.RemoveLeftovers();
        var environment = RunEnvironment.Of(device, precision, reason);
        var notes = new List<string>();
        using var checkpoint = resume ? Checkpoints.ToResume(run, notes.Add) : null;
        if (resume)
        {
            CheckCheckpoint(checkpoint, store);
            notes.AddRange(DescribeResume(run, held, checkpoint, environment, recipe));
        }
        else
        {
            if (partition.Note is { } note)
            {
                notes.Add(note);
            }

            notes.AddRange(task.Notes);
            WriteJson(run.EnvironmentFile, environment);
            WriteJson(run.StoreFile, RunStore.Of(store, partition, from));
            AtomicFile.WriteAllText(run.RecipeFile, RecipeFile.ToYaml(recipe)); // last: a folder with a recipe holds a run
        }

        var options = recipe.Training;
        using var loader = new ClipLoader(store.Clips, recipe.Clip.Size, new ClipLoaderOptions { Workers = options.Workers, QueueMegabytes = options.QueueMb });
        using var metrics = new MetricsLog(run.MetricsFile, run.TensorBoardFolder, checkpoint?.Header.State.MetricsBytes ?? 0, checkpoint?.Header.State.Step ?? 0);
        if (metrics.IsShort)
        {
            notes.Add($"'{run.MetricsFile}' has lost lines that the checkpoint knew of; what is left of it is kept");
        }

        foreach (var note in notes)
        {
            metrics.Event(checkpoint?.Header.State.Step ?? 0, note);
            progress?.Report(new TrainingNote(note));
        }

        var checkpoints = new Checkpoints(run, HashOf(recipe), store.Fingerprint, options.KeepCheckpoints, checkpoint);
        using var trainer = new Trainer(task, loader, options, checkpoints, metrics, checkpoint, progress);
        return trainer.Run(stop);
    }

    /// <summary>A run goes on in the precision that it began in, whatever a trial would say today; only a recipe that asks for one changes it.</summary>
    private static (Precision Precision, string Reason) ResolvePrecision(Recipe recipe, RunFolder run, bool resume, Device device)
    {
        var begun = resume && File.Exists(run.EnvironmentFile) ? ReadJson<RunEnvironment>(run.EnvironmentFile) : null;
        return PrecisionPolicy.Resume(recipe.Training.Precision, device.type, begun is { Device: "cpu" } ? begun.Precision : null);
    }

    private static ITrainingTask Create(Recipe recipe, Partition partition, Precision precision, Device device, ClusteringRun run) => recipe.Method == RecipeMethod.Avts
        ? new AvtsTask(recipe, partition, precision, device)
        : new ClusteringTask(recipe, partition, precision, device, run);

    /// <summary>What a recipe wants from another run must be named at the start; a resumed run has it already.</summary>
    private static void CheckGiven(Recipe recipe, RunFolder run, bool resume, RunFolder? from)
    {
        var wanted = recipe.Method != RecipeMethod.Avts && (recipe.Clustering.Labels == ClusteringSource.Given || recipe.Clustering.InitialWeights == ClusteringSource.Given);
        if (wanted && from is null && !HasStarted())
        {
            throw new UsageException($"The recipe '{recipe.Name}' goes on from another run. Name that run with --from RUN.");
        }

        if (!wanted && from is not null)
        {
            throw new UsageException($"The recipe '{recipe.Name}' takes nothing from another run. Leave --from out, or set clustering.labels: given or clustering.initial_weights: given.");
        }

        bool HasStarted()
        {
            if (!resume || !run.HoldsRun)
            {
                return false;
            }

            // Only a checkpoint holds what was given; files beside it may be of a call that was killed before its first one.
            using var checkpoint = Checkpoints.ToResume(run);
            return checkpoint is { Header.State.Begun: true } && ClusteringTask.HasLabels(checkpoint.TaskState());
        }
    }

    private static void CheckFolder(Recipe recipe, RunSource store, RunFolder run, bool resume)
    {
        if (run.HoldsRun && !resume)
        {
            throw new UsageException($"'{run.Path}' already holds a run. Add --resume to go on with it, or choose another --run folder.");
        }

        if (!resume)
        {
            return;
        }

        if (!run.HoldsRun)
        {
            throw new UsageException($"'{run.Path}' holds no run to go on with. Leave --resume out to start one.");
        }

        var differing = RecipeFile.Differences(RecipeFile.Load(run.RecipeFile), recipe).Where(d => !TrainingOptions.FreeKeys.Contains(d.Key, StringComparer.Ordinal)).ToArray();
        if (differing.Length > 0)
        {
            throw new UsageException(
                $"The run in '{run.Path}' was started with another recipe: {string.Join("; ", differing.Select(d => d.ToString()))}. Resume it with the same recipe and --set options ('{run.RecipeFile}' holds them all), or choose another --run folder.");
        }

        var before = ReadJson<RunStore>(run.StoreFile);
        if (before.Fingerprint != store.Fingerprint)
        {
            var now = before with { Fingerprint = store.Fingerprint, Path = store.Path, Train = [.. store.Videos.Select(v => v.Id)], Validation = [], Test = [] };
            throw new UsageException($"The run in '{run.Path}' learned from a store with other videos or settings: {before.DifferenceInWords(now)}. Resume it with that store, or choose another --run folder.");
        }
    }

    /// <summary>A checkpoint that was copied from another run's folder may fit the networks and still be another run's.</summary>
    private static void CheckCheckpoint(Checkpoint? checkpoint, RunSource store)
    {
        if (checkpoint is not null && checkpoint.Header.Store != store.Fingerprint)
        {
            throw new TrainingException(
                $"The checkpoint '{checkpoint.File}' is of a run on another store (fingerprint {RunStore.Short(checkpoint.Header.Store)}, not {RunStore.Short(store.Fingerprint)}): it was not made in this folder. Put the run's own checkpoint there, or start again in another --run folder.");
        }
    }

    internal static void CheckStore(Recipe recipe, RunSource store)
    {
        var silent = recipe.Method != RecipeMethod.Avts && recipe.Clustering.Streams == ClusteringStreams.Video;
        if (!silent && recipe.Spectrogram.SampleRate != store.SampleRate)
        {
            throw new UsageException(
                $"The recipe's spectrograms are for sound at {recipe.Spectrogram.SampleRate} Hz, and the store '{store.Path}' holds {store.SampleRate} Hz. "
                + $"Ingest again with --sample-rate {recipe.Spectrogram.SampleRate}, or set spectrogram.sample_rate={store.SampleRate}.");
        }
    }

    internal static Device DeviceOf(TrainingDevice device)
    {
        var available = cuda.is_available();
        if (device == TrainingDevice.Cuda && !available)
        {
            throw new UsageException("The recipe asks for CUDA, and libtorch finds no GPU. Set training.device: auto, or build with a CUDA backend ('duet doctor' says more).");
        }

        return available && device != TrainingDevice.Cpu ? CUDA : CPU;
    }

    private static IEnumerable<string> DescribeResume(RunFolder run, RunLock held, Checkpoint? checkpoint, RunEnvironment environment, Recipe recipe)
    {
        if (held.TakenOver is { } left)
        {
            yield return left;
        }

        yield return checkpoint is null
            ? "resumed: there was no checkpoint yet, so the run starts again"
            : FormattableString.Invariant($"resumed from step {checkpoint.Header.State.Step}");
        if (checkpoint is not null && checkpoint.Header.Recipe != HashOf(recipe))
        {
            yield return $"warning: the checkpoint '{checkpoint.File}' was saved under another recipe than '{run.RecipeFile}', or by a version of Duet with other options";
        }

        var changed = RecipeFile.Differences(RecipeFile.Load(run.RecipeFile), recipe);
        if (changed.Count > 0)
        {
            yield return $"resumed with other options that don't change the result: {string.Join("; ", changed)}";
        }

        var differing = ReadJson<RunEnvironment>(run.EnvironmentFile).DifferencesThatMatter(environment);
        if (differing.Count > 0)
        {
            yield return RunEnvironment.Warning(differing);
        }
    }

    private static string HashOf(Recipe recipe) => RecipeFile.Fingerprint(recipe with { Training = recipe.Training.WithoutFreeOptions() });

    private static void WriteJson<T>(string path, T value) => AtomicFile.WriteAllText(path, JsonSerializer.Serialize(value, RunJson.File));

    private static T ReadJson<T>(string path) => RunJson.Read<T>(path, "The run can't be resumed without it; choose another --run folder.");
}
