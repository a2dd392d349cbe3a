using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using Duet.Learning.Native;
using Duet.Learning.Pretext;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation;

/// <summary>Probes a run on a store, or what needs no run: random networks, and statistics of spectrograms.</summary>
public static class ProbeRun
{
    private const int StatisticsClips = 256;

    /// <summary>Probes.</summary>
    /// <param name="run">A run's encoders, or a file's; null for what the protocol describes.</param>
    /// <param name="store">A store whose videos have labels.</param>
    /// <param name="protocol">How to probe.</param>
    /// <param name="splits">Some of the store's divisions (<see cref="EvaluationSplits.Pick"/>); null for all.</param>
    /// <param name="progress">Hears how far the work is.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="UsageException">The store has no labels or does not fit, there is no such layer, or the protocol describes no network where no run is named.</exception>
    public static ProbeResult Of(
        FeatureSource? run, VideoStore store, EvaluationRecipe protocol, string? splits = null, IProgress<EvaluationProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(protocol);
        var clip = ClipOf(run, protocol);
        var spectrogram = run?.Recipe?.Spectrogram ?? run?.Spectrogram ?? protocol.Spectrogram ?? new LogMelOptions { SampleRate = store.Settings.SampleRate, Normalisation = SpectrogramNormalisation.None };
        var encoders = Encoders(run, protocol, spectrogram);
        try
        {
            EvaluationParts.CheckFit(store.Settings, encoders.Any(e => e.Modality == Modality.Video) ? clip : null, encoders.Any(e => e.Modality == Modality.Audio) ? spectrogram : null);
            var (divisions, leftOut) = Divide(run, store, protocol, splits);
            EvaluationSplit[] picked = [.. divisions.Select(s => EvaluationSplits.Few(s, protocol.Probe.VideosPerClass, protocol.Seed))];

            var training = run?.Recipe?.Training ?? protocol.Training;
            TorchRuntime.SetThreads(training.Threads);
            var device = Pretraining.DeviceOf(training.Device);
            var (precision, _) = PrecisionPolicy.Resolve(training.Precision, device.type);
            foreach (var encoder in encoders)
            {
                encoder.to(device);
                encoder.Precision = encoder is LogMelNetwork ? Precision.Fp32 : precision;
            }

            var loader = new ClipLoaderOptions { Workers = training.Workers };
            var statistics = run?.Cards.FirstOrDefault(c => c.Modality == Modality.Audio)?.SpectrogramStatistics ?? Measure(store, encoders, spectrogram, clip, picked, loader, device, protocol, cancel);
            using var preprocessor = encoders.Any(e => e.Modality == Modality.Audio) ? new ClipPreprocessor(clip, spectrogram, statistics, device) : ClipPreprocessor.ForFrames(clip, device);
            var weights = protocol.Probe.Features == ProbeFeatures.LogMel ? ProbeSubject.LogMel : run is null ? ProbeSubject.Random : ProbeSubject.Pretrained;
            var subject = new EvaluatedRun(
                run?.Name ?? "", (run?.Recipe ?? run?.Origin?.Recipe)?.Name ?? "", run?.Recipe?.Seed ?? run?.Cards[0].Seed ?? protocol.Seed, run?.Cards[0].Step ?? 0, PrecisionPolicy.NameOf(precision),
                weights == ProbeSubject.Pretrained ? run!.Cards[0].Method : weights);
            return ProbeEvaluation.Run(
                new ProbeSubject(encoders, clip, preprocessor, device, loader, weights), subject, new EvaluationStore(store, store.Directory, store.Fingerprint), picked, leftOut, protocol, progress, cancel);
        }
        finally
        {
            foreach (var made in encoders.Where(e => run?.Networks.Any(n => n.Encoder == e) != true))
            {
                made.Dispose();
            }
        }
    }

    /// <summary>The protocol's clip with the colours that the run was trained with; without one the run's.</summary>
    private static ClipOptions ClipOf(FeatureSource? run, EvaluationRecipe protocol) => (run?.Clip, protocol.Clip) switch
    {
        ({ } learned, { } wanted) => wanted with { Mean = learned.Mean, Std = learned.Std },
        ({ } learned, null) => learned,
        (null, var wanted) => wanted ?? new ClipOptions(),
    };

    private static IReadOnlyList<Encoder> Encoders(FeatureSource? run, EvaluationRecipe protocol, LogMelOptions spectrogram)
    {
        TorchRuntime.EnsureLoaded();
        if (protocol.Probe.Features == ProbeFeatures.LogMel)
        {
            return [new LogMelNetwork(spectrogram.MelBins)];
        }

        if (run is not null)
        {
            return [.. run.Networks.Select(n => n.Encoder)];
        }

        EncoderOptions[] described = [.. new[] { protocol.Audio, protocol.Video }.OfType<EncoderOptions>()];
        return described.Length > 0
            ? [.. described.Select(EncoderRegistry.CreateUninitialised)]
            : throw new UsageException("Without a RUN the protocol must say which networks to draw at random: --set audio.name=resnet18_audio, --set video.name=r2plus1d_18. Or classify spectrograms alone: --features log_mel.");
    }

    private static (IReadOnlyList<EvaluationSplit> Splits, IReadOnlyList<LeftOut> LeftOut) Divide(FeatureSource? run, VideoStore store, EvaluationRecipe protocol, string? which)
    {
        var (recipe, recorded) = run?.Folder is { } folder ? (run.Recipe, RunStore.Read(folder)) : (run?.Origin?.Recipe, run?.Origin?.Store);
        var division = recipe is null || recorded is null ? protocol.Data : RunEvaluation.DivisionOn(store, recipe, recorded);
        var taught = recorded?.Taught();
        return EvaluationSplits.Of(store.Videos, () => EvaluationParts.Of(store.Videos, division, taught ?? new(StringComparer.Ordinal), "test"), division.TestSplit, taught, which);
    }

    /// <summary>Spectrograms' statistics, where no run gives them: of teaching videos.</summary>
    private static SpectrogramStatistics? Measure(
        VideoStore store, IReadOnlyList<Encoder> encoders, LogMelOptions spectrogram, ClipOptions clip, EvaluationSplit[] splits, ClipLoaderOptions options, Device device,
        EvaluationRecipe protocol, CancellationToken cancel)
    {
        if (spectrogram.Normalisation == SpectrogramNormalisation.None || encoders.All(e => e.Modality != Modality.Audio))
        {
            return null;
        }

        using var loader = new ClipLoader(store, clip.Size, options);
        var clips = ProbeClips.ToCalibrate([Modality.Audio], splits[0].Train, clip, protocol.Probe with { CalibrationClips = StatisticsClips }, protocol.Seed);
        return ClipPreprocessor.Measure(loader.Load(clips, FeatureExtractor.CalibrationBatch(protocol.Probe.Batch), 0, cancel), spectrogram, device);
    }
}
