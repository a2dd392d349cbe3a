using System.Collections.Concurrent;
using Duet.Data;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Evaluation;
using Duet.Learning.Evaluation.Finetuning;
using Duet.Learning.Models;
using Duet.Learning.Recipes;
using Duet.Learning.Training;

namespace Duet.Learning.Tests.Evaluation.Finetuning;

/// <summary>
/// A finetuning small enough for a test: videos whose class is the level of their picture and of their sound, clips of 4 frames at 16 pixels, one tiny
/// network. What is read is recorded.
/// </summary>
internal sealed class TinyFinetune : IDisposable
{
    public const int Classes = 3;
    private readonly string folder = Directory.CreateTempSubdirectory("duet-finetune-").FullName;
    private readonly LevelStore clips;

    public TinyFinetune()
    {
        Folder = new FinetuneFolder(Path.Combine(folder, "out"));
        clips = new LevelStore
        {
            Level = (video, frame) =>
            {
                Read.Enqueue(video.Id);
                Reading?.Invoke(video);
                return Level(video, frame);
            },
        };
    }

    public static EvaluationRecipe Recipe { get; } = new()
    {
        Name = "tiny",
        Protocol = EvaluationProtocol.Finetune,
        Seed = 3,
        Clip = new() { Frames = 4, FrameRate = 25, Size = 16, AudioSeconds = new Rational(8, 25), Scales = [1.0, 0.8] },
        Spectrogram = new() { MelBins = 16, Normalisation = SpectrogramNormalisation.PerBin },
        Video = new() { Name = "mc3_18", Width = 0.125, Stages = 2 },
        Audio = new() { Name = "vgg_m", Width = 0.125, Stages = 2 },
        Finetune = new() { Weights = FinetuneWeights.Scratch, Epochs = 3, TestClips = 3, Dropout = 0.2, Resamples = 100 },
        Training = new()
        {
            EpochSize = 32,
            Batch = 8,
            Optimiser = new() { Momentum = 0.9, WeightDecay = 1e-4 },
            LearningRate = new() { Base = 0.05, WarmupEpochs = 1 },
            Precision = Precision.Fp32,
            Device = TrainingDevice.Cpu,
            Threads = 1,
            Workers = 2,
            LogEvery = 2,
            StatisticsClips = 8,
        },
    };

    public FinetuneFolder Folder { get; }

    /// <summary>A folder for a run to start from.</summary>
    public string Elsewhere => Path.Combine(folder, "elsewhere");

    public ConcurrentQueue<string> Read { get; } = new();

    public Action<StoredVideo>? Reading { get; set; }

    /// <summary>Two folds: 24 videos of three classes.</summary>
    public IReadOnlyList<StoredVideo> Videos { get; set; } = [.. Enumerable.Range(0, 24).Select(i => LevelStore.Video($"{i:x32}", 40, Label(i % Classes), $"fold{(i / Classes % 2) + 1}"))];

    public string Fingerprint { get; set; } = new('b', 64);

    public List<TrainingProgress> Progress { get; } = [];

    public IEnumerable<string> Notes => Progress.OfType<TrainingNote>().Select(n => n.Text);

    public HashSet<string> Damaged => clips.Damaged;

    public static string Label(int number) => new[] { "bright", "dark", "grey" }[number];

    public FinetuneResult? Run(
        EvaluationRecipe? recipe = null, bool resume = false, string? run = null, string? splits = null, Func<TrainingProgress, bool>? stopWhen = null, CancellationToken stop = default)
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var listener = new Listener(p =>
        {
            Progress.Add(p);
            if (stopWhen?.Invoke(p) == true)
            {
                source.Cancel();
            }
        });
        return FinetuneEvaluation.Run(
            new FinetuneRequest(recipe ?? Recipe, run, Folder, resume, splits), new RunSource(clips, Videos, Fingerprint, "memory", 16000), new StoreSettings(), listener, source.Token);
    }

    /// <summary>Every tensor of a training's newest checkpoint as bytes.</summary>
    public static Dictionary<string, byte[]> Tensors(RunFolder training)
    {
        using var checkpoint = Checkpoints.Newest(training)!;
        return checkpoint.Tensors.ToDictionary(t => t.Key, t => t.Value.bytes.ToArray(), StringComparer.Ordinal);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static int Level(StoredVideo video, int frame) => video.Label switch
    {
        "bright" => 200,
        "grey" => 130,
        _ => 60,
    } + ((frame * 37 % 41) - 20);

    private sealed class Listener(Action<TrainingProgress> action) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => action(value);
    }
}
