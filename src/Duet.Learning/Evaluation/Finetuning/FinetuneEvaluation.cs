using System.Globalization;
using System.Text.Json;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Data.Files;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using Duet.Learning.Native;
using Duet.Learning.Pretext;
using Duet.Learning.Recipes;
using Duet.Learning.Training;

namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>What to finetune, on what, into which folder.</summary>
/// <param name="Recipe">The evaluation recipe.</param>
/// <param name="Run">A run's folder or an encoder file; null to train from scratch the networks that the recipe describes.</param>
/// <param name="Folder">Where everything goes.</param>
/// <param name="Resume">Whether to go on with what the folder holds.</param>
/// <param name="Splits">Some of the store's divisions (<see cref="EvaluationSplits.Pick"/>); null for all.</param>
public sealed record FinetuneRequest(EvaluationRecipe Recipe, string? Run, FinetuneFolder Folder, bool Resume = false, string? Splits = null);

/// <summary>
/// Finetuning (XDC, section 4 and tables 8 to 11): for every split the learning rate is chosen on a part of the training videos, the chosen one trains on all of
/// them, and only then are the test videos read.
/// </summary>
public static class FinetuneEvaluation
{
    /// <summary>Finetunes and tests.</summary>
    /// <param name="request">What to finetune.</param>
    /// <param name="store">A store whose videos have labels.</param>
    /// <param name="progress">Hears of every step, on this thread.</param>
    /// <param name="stop">Asks to finish the step, save and return.</param>
    /// <returns>The result; null where it was asked to stop: everything is saved to go on from.</returns>
    /// <exception cref="UsageException">Run, store, recipe and folder don't fit together, or the videos can't serve.</exception>
    /// <exception cref="TrainingException">A training can't go on; its last checkpoint stays.</exception>
    public static FinetuneResult? Run(FinetuneRequest request, VideoStore store, IProgress<TrainingProgress>? progress, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(store);
        return Run(request, new RunSource(store, store.Videos, store.Fingerprint, store.Directory, store.Settings.SampleRate), store.Settings, progress, stop);
    }

    /// <inheritdoc cref="Run(FinetuneRequest, VideoStore, IProgress{TrainingProgress}?, CancellationToken)"/>
    internal static FinetuneResult? Run(FinetuneRequest request, RunSource store, StoreSettings storeSettings, IProgress<TrainingProgress>? progress, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(request);
        var recipe = request.Recipe;
        TorchRuntime.EnsureLoaded();
        TorchRuntime.SetThreads(recipe.Training.Threads);
        using var source = FinetuneSource.Open(recipe, request.Run, text => progress?.Report(new TrainingNote(text)));
        var (splits, leftOut) = Divide(request, source, store);
        var origin = new FinetuneOrigin
        {
            Run = source.Path,
            Method = source.Method,
            Step = source.Step,
            Weights = source.WeightsHash,
            Store = store.Path,
            StoreFingerprint = store.Fingerprint,
            Splits = [.. splits.Select(s => s.Name)],
            Videos = [.. store.Videos.Select(v => v.Id)],
        };
        var settings = Settings(recipe, source, splits);
        EvaluationParts.CheckFit(storeSettings, settings.Content == ClipContent.Sound ? null : settings.Clip, settings.Content == ClipContent.Frames ? null : settings.Spectrogram);
        CheckSound(settings);
        if (origin.Check(request)?.Precision is { } begun)
        {
            settings = Settings(recipe, source, splits, begun);
        }

        origin = origin with { Precision = PrecisionPolicy.NameOf(settings.Precision) };
        using var held = RunLock.Take(request.Folder.Root);
        request.Folder.Root.RemoveLeftovers();
        origin.Check(request);
        if (held.TakenOver is { } left && request.Resume)
        {
            progress?.Report(new TrainingNote(left));
        }

        if (!request.Resume)
        {
            AtomicFile.WriteAllText(request.Folder.OriginFile, JsonSerializer.Serialize(origin, RunJson.File));
            AtomicFile.WriteAllText(request.Folder.Root.RecipeFile, RecipeFile.ToYaml(recipe)); // last: a folder with a recipe holds a finetuning
        }

        var tested = new FinetuneSplits(request.Folder, recipe, settings, store, progress).Run(splits, leftOut, stop);
        if (tested is null)
        {
            return null;
        }

        var result = tested.Result(source, origin);
        ResultFile.Write(request.Folder.ResultFile, result);
        return result;
    }

    private static (IReadOnlyList<EvaluationSplit> Splits, List<LeftOut> LeftOut) Divide(FinetuneRequest request, FinetuneSource source, RunSource store)
    {
        var known = source.Store is { } recorded && string.Equals(recorded.Fingerprint, store.Fingerprint, StringComparison.Ordinal);
        var division = known || source.Path.Length == 0 ? source.Division : source.Division with { TestSplit = "" };
        var taught = source.Store?.Taught() ?? [];
        var (splits, leftOut) = EvaluationSplits.Of(store.Videos, () => EvaluationParts.Of(store.Videos, division, taught, "test"), division.TestSplit, taught);
        var share = request.Recipe.Finetune.LabelShare;
        return ([.. EvaluationSplits.Pick(splits, request.Splits).Select(s => s with { Train = TrainingVideos.Share(s.Train, share, request.Recipe.Seed) })], [.. leftOut]);
    }

    private static void CheckSound(FinetuneSettings settings)
    {
        if (settings.Spectrogram is { } spectrogram && !RecipeRules.HasFrames(spectrogram, ClipGrid.SamplesIn(settings.Clip.AudioSeconds, spectrogram.SampleRate)))
        {
            throw new UsageException($"{settings.Clip.AudioSeconds} s of sound are too short for a spectrogram with a window of {spectrogram.WindowMs} ms. Give clip.audio_seconds more.");
        }
    }

    /// <summary>How a recipe finetunes on this machine.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="source">What the networks are made of.</param>
    /// <param name="splits">The classes are those of their training videos.</param>
    /// <param name="begun">The precision that the finetuning began in: its trainings and tests, in however many processes, are all in one.</param>
    internal static FinetuneSettings Settings(EvaluationRecipe recipe, FinetuneSource source, IReadOnlyList<EvaluationSplit> splits, string? begun = null)
    {
        var device = Pretraining.DeviceOf(recipe.Training.Device);
        var (precision, reason) = PrecisionPolicy.Resume(recipe.Training.Precision, device.type, begun);
        return new FinetuneSettings
        {
            Name = recipe.Name,
            Seed = recipe.Seed,
            Options = recipe.Finetune,
            Training = recipe.Training,
            Clip = ClipOf(recipe, source),
            Spectrogram = source.Spectrogram,
            Statistics = source.Statistics,
            Encoders = () => source.Create(recipe.Finetune.Weights, recipe.Seed),
            Method = source.Method,
            Classes = [.. splits.SelectMany(s => s.Train).Select(v => v.Label!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Device = device,
            Precision = precision,
            PrecisionReason = reason,
            WeightsHash = source.WeightsHash,
        };
    }

    /// <summary>The protocol's clips, in the colours that the encoder is used to; without one the run's.</summary>
    private static ClipOptions ClipOf(EvaluationRecipe recipe, FinetuneSource source) => (recipe.Clip, source.Clip) switch
    {
        (null, var own) => own ?? new(),
        (var named, null) => named,
        (var named, var own) => named with { Mean = own.Mean, Std = own.Std },
    };
}
