using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Models;
using Duet.Learning.Native;
using Duet.Learning.Pretext;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using TorchSharp;

namespace Duet.Learning.Evaluation.Retrieval;

/// <summary>Retrieval on a store: the way from a run's folder to <see cref="RetrievalEvaluation"/>.</summary>
public static class RetrievalRun
{
    /// <summary>Looks for nearest neighbours by the networks of a run.</summary>
    /// <param name="source">The run's networks.</param>
    /// <param name="store">The store; within modalities its videos need labels, across modalities pictures and sound.</param>
    /// <param name="protocol">How to look.</param>
    /// <param name="progress">Hears how far the work is.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="UsageException">The store has no labels or does not fit the run, there is no such layer, or the modalities share no space.</exception>
    public static RetrievalResult Of(FeatureSource source, VideoStore store, EvaluationRecipe protocol, IProgress<EvaluationProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(protocol);
        if (source is not { Folder: { } folder, Recipe: { } recipe })
        {
            throw new ArgumentException("Only a run knows which videos taught it.", nameof(source));
        }

        var options = protocol.Retrieval;
        var labelled = store.Videos.Any(v => !string.IsNullOrEmpty(v.Label));
        if (source.Apart is { } why && options.Search is RetrievalSearch.Across or RetrievalSearch.Both)
        {
            throw new UsageException($"{why} Search across modalities with a run of avts with the contrastive loss; here take --search within.");
        }

        var across = options.Search is RetrievalSearch.Across or RetrievalSearch.Both || (options.Search == RetrievalSearch.Auto && source.Apart is null && store.Videos.Any(v => v.HasFrames && v.HasSound));
        var within = options.Search is RetrievalSearch.Within or RetrievalSearch.Both || (options.Search == RetrievalSearch.Auto && (labelled || !across));
        var clip = protocol.Clip is { } wanted ? wanted with { Mean = source.Clip.Mean, Std = source.Clip.Std } : source.Clip;
        EvaluationParts.CheckFit(store.Settings, source.Network(Modality.Video) is null ? null : clip, source.Spectrogram);
        var recorded = RunStore.Read(folder);
        var division = RunEvaluation.DivisionOn(store, recipe, recorded);
        IReadOnlyList<EvaluationSplit> splits = [];
        var leftOut = new List<LeftOut>();
        if (within)
        {
            (splits, var without) = EvaluationSplits.Of(store.Videos, () => EvaluationParts.Of(store.Videos, division, recorded.Taught(), "test"), division.TestSplit, recorded.Taught(), options.Splits);
            leftOut.AddRange(without);
        }

        IReadOnlyList<StoredVideo> part = [];
        if (across)
        {
            var parts = EvaluationParts.Of(store.Videos, division, recorded.Taught(), options.Part);
            part = [.. parts.Test.OrderBy(v => v.Id, StringComparer.Ordinal)];
            leftOut.AddRange(parts.LeftOut);
        }

        TorchRuntime.SetThreads(recipe.Training.Threads);
        var device = Pretraining.DeviceOf(recipe.Training.Device);
        var (precision, _) = PrecisionPolicy.Resolve(recipe.Training.Precision, device.type);
        foreach (var network in source.Networks)
        {
            network.Encoder.to(device);
            network.Head?.to(device);
            network.Encoder.Precision = precision;
        }

        using var preprocessor = source.Preprocessor(device);
        return RetrievalEvaluation.Run(
            new RetrievalSubject(source.Networks, clip, preprocessor, device, new ClipLoaderOptions { Workers = recipe.Training.Workers }),
            new EvaluatedRun(folder.Path, recipe.Name, recipe.Seed, source.Cards[0].Step, PrecisionPolicy.NameOf(precision), recipe.MethodName()),
            new EvaluationStore(store, store.Directory, store.Fingerprint),
            new RetrievalVideos(splits, part, [.. leftOut.Distinct()]),
            protocol,
            progress,
            cancel);
    }
}
