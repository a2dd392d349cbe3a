using Duet.Data;
using Duet.Learning.Audio;
using Duet.Learning.Native;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext.Avts;

/// <summary>What a run has learned so far, with all that is needed to use it: the recipe, the model of its newest checkpoint, the spectrograms' statistics.</summary>
public sealed class AvtsRun : IDisposable
{
    private AvtsRun(RunFolder folder, Recipe recipe, AvtsModel model, CheckpointHeader checkpoint, SpectrogramStatistics? statistics)
    {
        Folder = folder;
        Recipe = recipe;
        Model = model;
        Step = checkpoint.State.Step;
        Finished = checkpoint.State.Finished;
        Store = checkpoint.Store;
        Statistics = statistics;
    }

    /// <summary>The run's folder.</summary>
    public RunFolder Folder { get; }

    /// <summary>The run's recipe.</summary>
    public Recipe Recipe { get; }

    /// <summary>The model, on the CPU in evaluation mode.</summary>
    public AvtsModel Model { get; }

    /// <summary>Steps that it was trained for.</summary>
    public long Step { get; }

    /// <summary>Whether the run has come to its end.</summary>
    public bool Finished { get; }

    /// <summary>The fingerprint of the store that it learned from.</summary>
    public string Store { get; }

    /// <summary>What its spectrograms are normalised by; null where they are not.</summary>
    public SpectrogramStatistics? Statistics { get; }

    /// <summary>Opens a run.</summary>
    /// <param name="run">The run's folder.</param>
    /// <param name="damaged">Hears of newer checkpoints that can't be used, and why.</param>
    /// <exception cref="UsageException">There is no checkpoint yet, or another method made the run.</exception>
    /// <exception cref="TrainingException">No checkpoint can be used.</exception>
    public static AvtsRun Open(RunFolder run, Action<string>? damaged = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        TorchRuntime.EnsureLoaded();
        var recipe = RecipeFile.Load(run.RecipeFile);
        if (recipe.Method != RecipeMethod.Avts)
        {
            throw new UsageException($"The run '{run.Path}' was made by {recipe.MethodName()}, which learns no distance between frames and sound; only runs of avts can be asked what is in sync. 'duet eval probe' judges its encoders.");
        }

        using var checkpoint = Checkpoints.Newest(run, damaged)
            ?? throw new UsageException($"The run '{run.Path}' has no checkpoint yet. Let 'duet pretrain' take some steps first.");
        var model = new AvtsModel(recipe.Video, recipe.Audio, recipe.Head, recipe.Avts, recipe.Seed);
        try
        {
            checkpoint.CopyTo(model);
            model.eval();
            return new AvtsRun(run, recipe, model, checkpoint.Header, checkpoint.TaskState().SpectrogramStatistics);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Turns batches into this model's inputs.</summary>
    /// <param name="device">Where the model runs.</param>
    public ClipPreprocessor Preprocessor(Device device) => new(Recipe.Clip, Recipe.Spectrogram, Statistics, device);

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();
}
