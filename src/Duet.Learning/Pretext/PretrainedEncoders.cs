using Duet.Data;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using Duet.Learning.Native;
using Duet.Learning.Pretext.Clustering;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext;

/// <summary>The encoders of a run's newest checkpoint, whichever method taught them, with all that is needed to use them.</summary>
public sealed class PretrainedEncoders : IDisposable
{
    private PretrainedEncoders(RunFolder folder, Recipe recipe, IReadOnlyList<Encoder> encoders, CheckpointHeader checkpoint, SpectrogramStatistics? statistics)
    {
        Folder = folder;
        Recipe = recipe;
        Encoders = encoders;
        Step = checkpoint.State.Step;
        Statistics = statistics;
    }

    /// <summary>The run's folder.</summary>
    public RunFolder Folder { get; }

    /// <summary>The run's recipe.</summary>
    public Recipe Recipe { get; }

    /// <summary>At most one of each modality, sound first; on the CPU in evaluation mode.</summary>
    public IReadOnlyList<Encoder> Encoders { get; }

    /// <summary>Steps that they were trained for.</summary>
    public long Step { get; }

    /// <summary>What spectrograms are normalised by; null where they are not.</summary>
    public SpectrogramStatistics? Statistics { get; }

    /// <summary>Opens a run.</summary>
    /// <param name="run">The run's folder.</param>
    /// <param name="damaged">Hears of newer checkpoints that can't be used, and why.</param>
    /// <exception cref="UsageException">There is no checkpoint yet.</exception>
    /// <exception cref="TrainingException">No checkpoint can be used.</exception>
    public static PretrainedEncoders Open(RunFolder run, Action<string>? damaged = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        TorchRuntime.EnsureLoaded();
        var recipe = RecipeFile.Load(run.RecipeFile);
        using var checkpoint = Checkpoints.Newest(run, damaged)
            ?? throw new UsageException($"The run '{run.Path}' has no checkpoint yet. Let 'duet pretrain' take some steps first.");
        var streams = recipe.Method == RecipeMethod.Avts ? ClusteringStreams.Both : recipe.Clustering.Streams;
        List<Encoder> encoders = [];
        try
        {
            foreach (var (modality, options) in new[] { (Modality.Audio, recipe.Audio), (Modality.Video, recipe.Video) })
            {
                if (streams == ClusteringStreams.Both || (streams == ClusteringStreams.Video) == (modality == Modality.Video))
                {
                    var encoder = EncoderRegistry.CreateUninitialised(options);
                    encoders.Add(encoder);
                    checkpoint.CopyTo(NameOf(modality), encoder);
                    encoder.eval();
                }
            }

            return new PretrainedEncoders(run, recipe, encoders, checkpoint.Header, checkpoint.TaskState().SpectrogramStatistics);
        }
        catch
        {
            encoders.ForEach(e => e.Dispose());
            throw;
        }
    }

    /// <summary>Turns batches into these encoders' inputs.</summary>
    /// <param name="device">Where they run.</param>
    public ClipPreprocessor Preprocessor(Device device) => Encoders.Any(e => e.Modality == Modality.Audio)
        ? new(Recipe.Clip, Recipe.Spectrogram, Statistics, device)
        : ClipPreprocessor.ForFrames(Recipe.Clip, device);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var encoder in Encoders)
        {
            encoder.Dispose();
        }
    }

    /// <summary>Copies their weights into another run's encoders of the same names.</summary>
    /// <param name="encoders">Encoders by name.</param>
    /// <exception cref="UsageException">One has no counterpart, or is another network.</exception>
    internal void CopyTo(IEnumerable<KeyValuePair<string, Encoder>> encoders)
    {
        using var noGradient = no_grad();
        foreach (var (name, target) in encoders)
        {
            var source = Encoders.FirstOrDefault(e => NameOf(e.Modality) == name && e.Options == target.Options)
                ?? throw new UsageException($"The run '{Folder.Path}' has no {name} encoder '{target.Options.Name}' of the recipe's width and stages to start from. Give the recipe that run's networks, or set clustering.initial_weights: own.");
            foreach (var (from, to) in Checkpoint.TensorsOf(source).Zip(Checkpoint.TensorsOf(target)))
            {
                to.Value.copy_(from.Value);
            }
        }
    }

    private static string NameOf(Modality modality) => modality == Modality.Video ? "video" : "audio";
}
