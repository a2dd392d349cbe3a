using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using Duet.Learning.Native;
using Duet.Learning.Pretext;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using Duet.Learning.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation;

/// <summary>The networks that features come from, with what says how to feed them: a run's newest checkpoint, or one encoder's file.</summary>
public sealed class FeatureSource : IDisposable
{
    private readonly IDisposable owner;
    private readonly Func<Device, ClipPreprocessor> preprocessor;

    private FeatureSource(IDisposable owner, string name, IReadOnlyList<FeatureNetwork> networks, IReadOnlyList<PreprocessingCard> cards, Func<Device, ClipPreprocessor> preprocessor, TrainingOptions machine)
    {
        this.owner = owner;
        this.preprocessor = preprocessor;
        Name = name;
        Networks = networks;
        Cards = cards;
        Machine = machine;
    }

    /// <summary>The run's folder, or the encoder's file.</summary>
    public string Name { get; }

    /// <summary>The run's folder; null for an encoder's file.</summary>
    public RunFolder? Folder { get; private init; }

    /// <summary>The run's recipe; null for an encoder's file.</summary>
    public Recipe? Recipe { get; private init; }

    /// <summary>Why vectors of both modalities can't be compared; null where the run put them into one space.</summary>
    public string? Apart { get; private init; } = "An encoder's file holds one encoder without its head.";

    /// <summary>How the machine is used: threads, decode workers, device.</summary>
    public TrainingOptions Machine { get; }

    /// <summary>At most one of each modality.</summary>
    internal IReadOnlyList<FeatureNetwork> Networks { get; }

    /// <summary>How each network is fed.</summary>
    internal IReadOnlyList<PreprocessingCard> Cards { get; }

    /// <summary>The run that an encoder's file lies in; null for a run's folder, and where there is none.</summary>
    internal EncoderOrigin? Origin { get; private init; }

    /// <summary>What a clip is.</summary>
    internal ClipOptions Clip => Cards[0].Clip;

    /// <summary>What a spectrogram is; null where no network takes sound.</summary>
    internal LogMelOptions? Spectrogram => Cards.FirstOrDefault(c => c.Modality == Modality.Audio)?.Spectrogram;

    /// <summary>Opens a run's folder or an encoder's file.</summary>
    /// <param name="path">Either.</param>
    /// <param name="damaged">Hears of newer checkpoints that can't be used, and why.</param>
    /// <exception cref="UsageException">It is neither, or the run has no checkpoint yet.</exception>
    /// <exception cref="WeightsException">The file is damaged, or no encoder's.</exception>
    /// <exception cref="TrainingException">No checkpoint can be used.</exception>
    public static FeatureSource Open(string path, Action<string>? damaged = null)
    {
        TorchRuntime.EnsureLoaded();
        if (File.Exists(path))
        {
            var (encoder, card) = EncoderFile.Load(path);
            return new FeatureSource(encoder, Path.GetFullPath(path), [FeatureNetwork.Of(encoder)], [card], device => ClipPreprocessor.FromCard(card, device), new TrainingOptions()) { Origin = EncoderOrigin.Of(path, card) };
        }

        if (!Directory.Exists(path))
        {
            throw new UsageException($"There is neither a run's folder nor an encoder's file '{path}'. 'duet pretrain' makes runs, and leaves encoders in their folder 'encoders'.");
        }

        var folder = RunFolder.Open(path);
        var recipe = RecipeFile.Load(folder.RecipeFile);
        if (recipe.Method == RecipeMethod.Avts)
        {
            var run = AvtsRun.Open(folder, damaged);
            return Of(
                run, folder, recipe, run.Step, run.Statistics, run.Preprocessor,
                new FeatureNetwork("audio", run.Model.AudioEncoder, run.Model.AudioHead), new FeatureNetwork("video", run.Model.VideoEncoder, run.Model.VideoHead));
        }

        var encoders = PretrainedEncoders.Open(folder, damaged);
        return Of(encoders, folder, recipe, encoders.Step, encoders.Statistics, encoders.Preprocessor, [.. encoders.Encoders.Select(FeatureNetwork.Of)]);
    }

    /// <summary>The preprocessing of a run or of an encoder's file.</summary>
    /// <param name="path">Either.</param>
    /// <param name="modality">Which encoder's; null for the first, sound before video.</param>
    /// <param name="damaged">Hears of newer checkpoints that can't be used, and why.</param>
    /// <exception cref="UsageException">It is neither, or has no such encoder.</exception>
    /// <exception cref="WeightsException">The file is damaged, or no encoder's.</exception>
    public static PreprocessingCard CardOf(string path, Modality? modality, Action<string>? damaged = null)
    {
        using var source = Open(path, damaged);
        return source.Cards.FirstOrDefault(c => modality is null || c.Modality == modality)
            ?? throw new UsageException($"'{path}' has no {modality.ToString()!.ToLowerInvariant()} encoder to follow.");
    }

    /// <inheritdoc/>
    public void Dispose() => owner.Dispose();

    /// <summary>Turns batches into these networks' inputs.</summary>
    internal ClipPreprocessor Preprocessor(Device device) => preprocessor(device);

    /// <summary>The network of a modality; null where there is none.</summary>
    internal FeatureNetwork? Network(Modality modality) => Networks.FirstOrDefault(n => n.Encoder.Modality == modality);

    /// <summary>
    /// SHA-256 over a network's weights (its head's too) and over what its card says about its inputs: the same for a run and for the encoder
    /// file that it left behind, as long as there is no head.
    /// </summary>
    internal string Checksum(FeatureNetwork network, bool withHead)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var card = Cards[Networks.ToList().IndexOf(network)];
        hash.AppendData(Encoding.UTF8.GetBytes((card with { Run = "", Method = "", Step = 0, Seed = null, Store = null }).ToJson()));
        foreach (var module in new nn.Module?[] { network.Encoder, withHead ? network.Head : null }.OfType<nn.Module>())
        {
            foreach (var (name, value) in Checkpoint.TensorsOf(module).OrderBy(t => t.Name, StringComparer.Ordinal))
            {
                using var scope = NewDisposeScope();
                using var none = no_grad();
                hash.AppendData(Encoding.UTF8.GetBytes($"{name} [{string.Join(", ", value.shape)}]\0"));
                hash.AppendData(value.cpu().contiguous().bytes);
            }
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    private static FeatureSource Of(
        IDisposable owner, RunFolder folder, Recipe recipe, long step, SpectrogramStatistics? statistics, Func<Device, ClipPreprocessor> preprocessor, params IReadOnlyList<FeatureNetwork> networks) =>
        new(
            owner,
            folder.Path,
            networks,
            [.. networks.Select(n => PreprocessingCard.Of(n.Encoder, recipe.Clip, recipe.Spectrogram, statistics, folder.Name, recipe.MethodName(), step))],
            preprocessor,
            recipe.Training)
        {
            Folder = folder,
            Recipe = recipe,
            Apart = recipe switch
            {
                { Method: not RecipeMethod.Avts } => $"The run '{folder.Path}' was made by {recipe.MethodName()}, whose encoders share no space: each predicts clusters, and no loss brings a video's pictures and its sound together.",
                { Avts.Loss: AvtsLoss.CrossEntropy } => $"The run '{folder.Path}' was taught with avts.loss: cross_entropy, whose fusion head judges pairs; its embeddings alone can't be compared.",
                _ => null,
            },
        };
}
