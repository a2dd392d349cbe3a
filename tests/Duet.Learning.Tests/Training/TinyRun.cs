using Duet.Data;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using Duet.Learning.Pretext;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Recipes;
using Duet.Learning.Training;

namespace Duet.Learning.Tests.Training;

/// <summary>A run small enough for a test: tiny networks, clips of 8 frames at 24 pixels, 3 epochs of 5 steps.</summary>
internal sealed class TinyRun : IDisposable
{
    public const int StepsPerEpoch = 5;
    public const int Epochs = 3;

    private readonly string folder = Directory.CreateTempSubdirectory("duet-run-").FullName;

    public TinyRun() => Folder = new RunFolder(Path.Combine(folder, "run"));

    public static Recipe Recipe { get; } = new()
    {
        Name = "tiny",
        Seed = 5,
        Clip = new() { Frames = 8, FrameRate = 25, Size = 24, AudioSeconds = new Rational(8, 25), Scales = [1.0, 0.8] },
        Spectrogram = new() { MelBins = 16, Normalisation = SpectrogramNormalisation.PerBin },
        Video = new() { Name = "mc3_18", Width = 0.125, Stages = 2 },
        Audio = new() { Name = "vgg_m", Width = 0.125, Stages = 3 },
        Head = new() { TimeBins = 4, Hidden = 32, Embedding = 16, BatchNorm = true },
        Avts = new() { Curriculum = [new() { Epochs = 2, Easy = 1 }, new() { Epochs = 1, Easy = 0.5, Hard = 0.5 }] },
        Training = new()
        {
            EpochSize = StepsPerEpoch * 8,
            Batch = 8,
            Optimiser = new() { Momentum = 0.9, WeightDecay = 1e-4 },
            LearningRate = new() { Base = 0.05, WarmupEpochs = 1, Schedule = LearningRateShape.Plateau, Patience = 0 },
            ClipNorm = 5,
            Precision = Precision.Fp32,
            Device = TrainingDevice.Cpu,
            Threads = 2,
            Workers = 2,
            LogEvery = 2,
            CheckpointEvery = 0,
            ValidationClips = 8,
            StatisticsClips = 8,
        },
    };

    public RunFolder Folder { get; }

    public FlashingClips Clips { get; } = new();

    public string Fingerprint { get; set; } = new('a', 64);

    public IReadOnlyList<StoredVideo> Videos { get; set; } = FlashingClips.Videos(16);

    public List<TrainingProgress> Progress { get; } = [];

    /// <summary>Runs or resumes, and asks to stop after a step or when told.</summary>
    public TrainingOutcome Run(
        Recipe? recipe = null, bool resume = false, long? stopAfter = null, Func<TrainingProgress, bool>? stopWhen = null, RunFolder? from = null, CancellationToken stop = default)
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var listener = new Listener(p =>
        {
            Progress.Add(p);
            if ((p is StepProgress step && step.Step == stopAfter) || stopWhen?.Invoke(p) == true)
            {
                source.Cancel();
            }
        });
        return Pretraining.Run(recipe ?? Recipe, new RunSource(Clips, Videos, Fingerprint, "memory", 16000), Folder, resume, listener, source.Token, from);
    }

    /// <summary>Every tensor of the newest checkpoint as bytes.</summary>
    public Dictionary<string, byte[]> Tensors()
    {
        using var checkpoint = Checkpoints.Newest(Folder)!;
        return checkpoint.Tensors.ToDictionary(t => t.Key, t => t.Value.bytes.ToArray(), StringComparer.Ordinal);
    }

    public CheckpointHeader Header()
    {
        using var checkpoint = Checkpoints.Newest(Folder)!;
        return checkpoint.Header;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private sealed class Listener(Action<TrainingProgress> action) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => action(value);
    }
}
