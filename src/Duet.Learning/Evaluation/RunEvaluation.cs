using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using Duet.Learning.Native;
using Duet.Learning.Pretext;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using TorchSharp;

namespace Duet.Learning.Evaluation;

/// <summary>Evaluates a run on a store: the way from a run's folder to <see cref="SyncEvaluation"/> (for probes: <see cref="ProbeRun"/>).</summary>
public static class RunEvaluation
{
    /// <summary>Where <c>duet eval sync</c> leaves its result in a run's folder.</summary>
    /// <param name="run">The run's folder.</param>
    public static string SyncFile(RunFolder run) => Path.Combine((run ?? throw new ArgumentNullException(nameof(run))).Path, "eval-sync.json");

    /// <summary>Where <c>duet eval</c> leaves a protocol's result in a run's folder: <c>eval-probe.json</c>, or <c>eval-probe-NAME.json</c> of a named one.</summary>
    /// <param name="run">The run's folder.</param>
    /// <param name="protocol">The protocol.</param>
    public static string ResultFileOf(RunFolder run, EvaluationRecipe protocol)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(protocol);
        var name = protocol.Name == EvaluationRecipe.DefaultName ? "" : "-" + protocol.Name;
        // The baseline stands beside the run's own result and not in its place.
        var baseline = protocol is { Protocol: EvaluationProtocol.Probe, Probe.Features: ProbeFeatures.LogMel } ? "-log_mel" : "";
        return Path.Combine(run.Path, $"eval-{protocol.ProtocolName()}{name}{baseline}.json");
    }

    /// <summary>Judges synchronisation.</summary>
    /// <param name="run">The run.</param>
    /// <param name="store">The store; it need not be the one that the run learned from.</param>
    /// <param name="options">How to judge.</param>
    /// <param name="progress">Hears how far the work is.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="UsageException">The store does not fit the run, or a part can't serve a pair.</exception>
    public static SyncResult Sync(AvtsRun run, VideoStore store, SyncOptions options, IProgress<EvaluationProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(options);
        EvaluationParts.CheckFit(store.Settings, run.Recipe.Clip, run.Recipe.Spectrogram);
        var recorded = RunStore.Read(run.Folder);
        var parts = EvaluationParts.Of(store.Videos, DivisionOn(store, run.Recipe, recorded), recorded.Taught(), options.Split);
        var (device, subject) = Prepare(run);
        using var preprocessor = run.Preprocessor(device);
        using var inference = new Inference([run.Model.VideoEncoder, run.Model.AudioEncoder]);
        return SyncEvaluation.Run(
            new AvtsSyncModel(run, preprocessor), subject, new EvaluationStore(store, store.Directory, store.Fingerprint), parts, options, progress, cancel);
    }

    private static (torch.Device Device, EvaluatedRun Subject) Prepare(AvtsRun run)
    {
        TorchRuntime.SetThreads(run.Recipe.Training.Threads);
        var device = Pretraining.DeviceOf(run.Recipe.Training.Device);
        var (precision, _) = PrecisionPolicy.Resolve(run.Recipe.Training.Precision, device.type);
        run.Model.to(device);
        run.Model.Precision = precision;
        run.Model.eval();
        return (device, new EvaluatedRun(run.Folder.Path, run.Recipe.Name, run.Recipe.Seed, run.Step, PrecisionPolicy.NameOf(precision), run.Recipe.MethodName()));
    }

    /// <summary>The recipe's division, as it holds on a store: a test split is a name in the store that the run learned from.</summary>
    internal static PartitionOptions DivisionOn(VideoStore store, Recipe recipe, RunStore recorded) =>
        string.Equals(recorded.Fingerprint, store.Fingerprint, StringComparison.Ordinal) ? recipe.Data : recipe.Data with { TestSplit = "" };

    /// <summary>An AVTS model as the evaluation sees it.</summary>
    private sealed class AvtsSyncModel(AvtsRun run, ClipPreprocessor preprocessor) : ISyncModel
    {
        public ClipOptions Clip => run.Recipe.Clip;

        public PairOptions Pairs => run.Recipe.Pairs;

        public LogMelOptions Spectrogram => run.Recipe.Spectrogram;

        public IReadOnlyList<Encoder> Encoders { get; } = [run.Model.VideoEncoder, run.Model.AudioEncoder];

        public torch.Tensor EmbedVideo(ClipBatch batch) => run.Model.EmbedVideo(preprocessor.Video(batch));

        public torch.Tensor EmbedAudio(ClipBatch batch) => run.Model.EmbedAudio(preprocessor.AudioOfAllWindows(batch));

        public torch.Tensor Distance(torch.Tensor video, torch.Tensor audio) => run.Model.Distance(video, audio);
    }
}
