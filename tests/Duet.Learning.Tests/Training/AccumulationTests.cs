using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Learning.Evaluation.Finetuning;
using Duet.Learning.Models;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Pretext.Clustering;
using Duet.Learning.Recipes;
using Duet.Learning.Tests.Evaluation.Finetuning;
using Duet.Learning.Training;
using Shouldly;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Training;

/// <summary>Several small batches make the step of one large batch, batch normalisation aside.</summary>
public sealed class AccumulationTests
{
    private const int Steps = 4;

    private static readonly Recipe Clustered = TinyRun.Recipe with
    {
        Audio = TinyRun.Recipe.Audio with { Name = "resnet18_audio", Stages = 2 },
        Clustering = new() { K = 4, Iterations = 1, EpochsPerIteration = 2, Patience = 0, ClipsPerVideo = 2, CalibrationClips = 0 },
    };

    [Theory]
    [InlineData(AvtsLoss.Contrastive)]
    [InlineData(AvtsLoss.CrossEntropy)]
    public void Avts_learns_the_same(AvtsLoss loss)
    {
        // Without batch normalisation only embeddings of length 1 keep the steps gentle: wild ones would magnify what is rounded.
        var recipe = TinyRun.Recipe with { Avts = TinyRun.Recipe.Avts with { Loss = loss }, Head = TinyRun.Recipe.Head with { Normalise = EmbeddingNormalisation.L2 } };
        ShouldLearnTheSame(recipe.Training, (options, _) => new AvtsTask(recipe with { Training = options }, Partition.Of(FlashingClips.Videos(16), recipe.Data), Precision.Fp32, CPU));
    }

    [Theory]
    [InlineData(RecipeMethod.Xdc)]
    [InlineData(RecipeMethod.Mdc)]
    public void Clustering_learns_the_same(RecipeMethod method)
    {
        var recipe = Clustered with { Method = method };
        ShouldLearnTheSame(recipe.Training, (options, folder) => new ClusteringTask(
            recipe with { Training = options }, Partition.Of(FlashingClips.Videos(16), recipe.Data), Precision.Fp32, CPU, new ClusteringRun(folder, new('a', 64))));
    }

    [Theory]
    [InlineData(FinetuneLayers.All)]
    [InlineData(FinetuneLayers.Fc)]
    public void Finetuning_learns_the_same(FinetuneLayers layers)
    {
        var recipe = TinyFinetune.Recipe with { Finetune = TinyFinetune.Recipe.Finetune with { Layers = layers, Modality = FinetuneModality.Both, TimeMask = 0.3, HeadRate = 2 } };
        var videos = FlashingClips.Videos(16).Select((v, i) => v with { Label = TinyFinetune.Label(i % 3) }).ToArray();
        using var source = FinetuneSource.Open(recipe, null, null);
        ShouldLearnTheSame(recipe.Training, (options, _) => new FinetuneTask(
            new FinetuneSettings
            {
                Name = recipe.Name,
                Seed = recipe.Seed,
                Options = recipe.Finetune with { Weights = FinetuneWeights.Pretrained }, // from scratch frozen encoders are calibrated on batches
                Training = options,
                Clip = TinyRun.Recipe.Clip,
                Spectrogram = source.Spectrogram,
                Statistics = null,
                Encoders = () => source.Create(FinetuneWeights.Scratch, recipe.Seed),
                Method = "scratch",
                Classes = ["bright", "dark", "grey"],
                Device = CPU,
                Precision = Precision.Fp32,
            },
            videos,
            [],
            "a training"));
    }

    [Fact]
    public void A_run_stopped_inside_a_step_finishes_it_and_resumed_ends_with_the_same_bits()
    {
        var recipe = TinyRun.Recipe with { Training = TinyRun.Recipe.Training with { Batch = 2, Accumulate = 4, Workers = 1, QueueMb = 1 } };
        using var straight = new TinyRun();
        straight.Run(recipe).Step.ShouldBe(TinyRun.Epochs * TinyRun.StepsPerEpoch);
        straight.Header().State.Batch.ShouldBe(0);

        using var broken = new TinyRun();
        using var source = new CancellationTokenSource();
        using var begun = new ManualResetEventSlim();
        var clips = 0;
        broken.Clips.Reading = _ =>
        {
            // The first epoch's 40 clips, its validation's 8, and the 11th of the second: the second step's second batch.
            if (Interlocked.Increment(ref clips) == 40 + 8 + 11)
            {
                begun.Wait();
                Thread.Sleep(200); // the first batch is learned from, or even this one waited for
                source.Cancel();
            }
        };
        var stopped = broken.Run(recipe, stop: source.Token, stopWhen: p =>
        {
            if (p is StepProgress { Step: TinyRun.StepsPerEpoch + 1 })
            {
                begun.Set();
            }

            return false;
        });
        stopped.Finished.ShouldBeFalse();
        stopped.Step.ShouldBeInRange(TinyRun.StepsPerEpoch + 1, TinyRun.StepsPerEpoch + 2); // the former on a machine so busy that the second had not begun
        broken.Header().State.Batch.ShouldBe((int)(stopped.Step - TinyRun.StepsPerEpoch) * 4);
        broken.Clips.Reading = null;
        broken.Run(recipe, resume: true).Finished.ShouldBeTrue();
        var expected = straight.Tensors();
        foreach (var (name, bytes) in broken.Tensors())
        {
            bytes.AsSpan().SequenceEqual(expected[name]).ShouldBeTrue(name);
        }
    }

    [Fact]
    public void A_step_all_of_whose_clips_are_unreadable_learns_nothing_and_is_no_number_nowhere()
    {
        using var run = new TinyRun();
        run.Clips.Reading = _ => throw new StoreException("a bad sector");
        var recipe = TinyRun.Recipe with
        {
            Spectrogram = TinyRun.Recipe.Spectrogram with { Normalisation = Learning.Audio.SpectrogramNormalisation.None },
            Training = TinyRun.Recipe.Training with { Batch = 2, Accumulate = 2, ValidateEvery = 0, LearningRate = new() { Base = 0.1 } },
        };
        run.Run(recipe, stopAfter: 2).Step.ShouldBe(2);
        run.Progress.OfType<StepProgress>().Last().Means.ShouldAllBe(m => m.Value == 0);
    }

    [Fact]
    public void Epochs_are_whole_steps_and_schedules_count_steps()
    {
        var options = TinyRun.Recipe.Training with { Batch = 2, Accumulate = 4 };
        options.ClipsPerStep.ShouldBe(8);
        new[] { 0, 1, 8, 9 }.Select(options.WholeSteps).ShouldBe([0, 8, 8, 16]);
        using var run = new TinyRun();
        run.Run(TinyRun.Recipe with { Training = options with { EpochSize = 33 } }, stopAfter: 3);
        var rates = run.Progress.OfType<StepProgress>().Select(p => p.LearningRate).ToArray();
        rates.ShouldBe([0.005, 0.05 * (0.1 + (0.9 / 5)), 0.05 * (0.1 + (0.9 * 2 / 5))], 1e-12); // a warm-up of 5 steps: 33 clips are 40
        run.Progress.OfType<StepProgress>().First().Steps.ShouldBe(15);
    }

    [Fact]
    public void What_can_not_be_accumulated_is_refused()
    {
        (TinyRun.Recipe.Training with { Accumulate = 0 }).Validate().ShouldHaveSingleItem().Message.ShouldContain("at least 1");
        (TinyRun.Recipe.Training with { Batch = 100_000, Accumulate = 100_000 }).Validate().ShouldHaveSingleItem().Message.ShouldContain("10000000000 clips a step");
        var mixed = TinyFinetune.Recipe with { Finetune = TinyFinetune.Recipe.Finetune with { Mixup = 0.5 }, Training = TinyFinetune.Recipe.Training with { Accumulate = 2 } };
        mixed.Validate().ShouldHaveSingleItem().Message.ShouldContain("finetune.mixup");
        (mixed with { Training = mixed.Training with { Accumulate = 1 } }).Validate().ShouldBeEmpty();
    }

    /// <summary>Takes some steps by 8 clips, by 4 times 2 and by 2 times 4; one video of 12 can't be read, so that the batches of a step weigh differently.</summary>
    private static void ShouldLearnTheSame(TrainingOptions options, Func<TrainingOptions, RunFolder, ITrainingTask> create)
    {
        var large = Learned(options with { Batch = 8, Accumulate = 1 }, create);
        foreach (var (batch, accumulate) in new[] { (2, 4), (4, 2) })
        {
            var small = Learned(options with { Batch = batch, Accumulate = accumulate }, create);
            ShouldBeClose(small.Gradients, large.Gradients);
            ShouldBeClose(small.Weights, large.Weights);
            small.Losses.ShouldBe(large.Losses, 1e-5);
        }
    }

    private static (Dictionary<string, float[]> Gradients, Dictionary<string, float[]> Weights, double[] Losses) Learned(TrainingOptions options, Func<TrainingOptions, RunFolder, ITrainingTask> create)
    {
        options = options with { EpochSize = Steps * 8, ValidateEvery = 0, ClipNorm = 0, LogEvery = 1, LearningRate = new() { Base = 0.001 } };
        using var run = new TinyRun();
        var bad = FlashingClips.Videos(1)[0].Id;
        run.Clips.Reading = video =>
        {
            if (video.Id == bad)
            {
                throw new StoreException("a bad sector");
            }
        };
        Directory.CreateDirectory(run.Folder.Path);
        File.WriteAllText(run.Folder.RecipeFile, RecipeFile.ToYaml(TinyRun.Recipe));
        using var task = new FixedStatistics(create(options, run.Folder));
        using var loader = new ClipLoader(run.Clips, TinyRun.Recipe.Clip.Size, new ClipLoaderOptions { Workers = 1 });
        using var metrics = new MetricsLog(run.Folder.MetricsFile, run.Folder.TensorBoardFolder, 0, 0);
        using var stop = new CancellationTokenSource();
        var losses = new List<double>();
        var listener = new Listener(p =>
        {
            losses.Add(p.Means["loss"]);
            if (p.Step == Steps)
            {
                stop.Cancel();
            }
        });
        using var trainer = new Trainer(task, loader, options, new Checkpoints(run.Folder, "", new('a', 64), 1), metrics, progress: listener);
        trainer.Run(stop.Token).Step.ShouldBe(Steps);
        trainer.State.BadSamples.ShouldBeGreaterThan(0);
        using var scope = NewDisposeScope();
        var parameters = task.Network.named_parameters().Where(p => p.parameter.requires_grad).ToArray();
        return (parameters.ToDictionary(p => p.name, p => Floats(p.parameter.grad!)), parameters.ToDictionary(p => p.name, p => Floats(p.parameter)), [.. losses]);
    }

    private static float[] Floats(Tensor tensor) => tensor.detach().contiguous().data<float>().ToArray();

    /// <summary>Equal but for what another order of additions rounds.</summary>
    private static void ShouldBeClose(Dictionary<string, float[]> actual, Dictionary<string, float[]> expected)
    {
        actual.Keys.ShouldBe(expected.Keys);
        foreach (var (name, values) in expected)
        {
            var length = Math.Sqrt(values.Sum(v => (double)v * v));
            var apart = Math.Sqrt(values.Zip(actual[name]).Sum(p => Math.Pow(p.First - p.Second, 2)));
            apart.ShouldBeLessThanOrEqualTo(1e-4 * length, name);
        }

        expected.Values.Sum(v => v.Sum(x => Math.Abs(x))).ShouldBeGreaterThan(0);
    }

    private sealed class Listener(Action<StepProgress> action) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value is StepProgress step)
            {
                action(step);
            }
        }
    }
}
