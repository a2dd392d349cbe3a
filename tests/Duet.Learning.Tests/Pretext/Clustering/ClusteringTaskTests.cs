using System.Text.Json;
using Duet.Data;
using Duet.Data.Store;
using Duet.Data.Tables;
using Duet.Learning.Evaluation;
using Duet.Learning.Pretext;
using Duet.Learning.Pretext.Clustering;
using Duet.Learning.Recipes;
using Duet.Learning.Tests.Training;
using Duet.Learning.Training;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Pretext.Clustering;

public sealed class ClusteringTaskTests
{
    /// <summary>Three iterations of two epochs of three steps: 24 clips of 12 training videos.</summary>
    private static Recipe Recipe(RecipeMethod method = RecipeMethod.Xdc, ClusteringStreams streams = ClusteringStreams.Both) => TinyRun.Recipe with
    {
        Method = method,
        Audio = TinyRun.Recipe.Audio with { Name = "resnet18_audio", Stages = 2 },
        Clustering = new() { K = 4, Iterations = 3, EpochsPerIteration = 2, Patience = 0, ClipsPerVideo = 2, CalibrationClips = 8, Streams = streams },
        Training = TinyRun.Recipe.Training with { EpochSize = 24, LearningRate = new() { Base = 0.02, Schedule = LearningRateShape.Cosine } },
    };

    [Theory]
    [InlineData(RecipeMethod.Sdc, 2)]
    [InlineData(RecipeMethod.Mdc, 2)]
    [InlineData(RecipeMethod.Cdc, 1)]
    [InlineData(RecipeMethod.Xdc, 2)]
    [InlineData(RecipeMethod.XdcSameModality, 4)]
    public void Every_method_labels_trains_and_labels_again(RecipeMethod method, int clusterings)
    {
        var run = Uninterrupted(method);
        run.Header().State.Step.ShouldBe(18);
        for (var iteration = 1; iteration <= 3; iteration++)
        {
            var report = Report(run, iteration);
            (report.Method, report.Epoch, report.Clusterings.Count).ShouldBe((Recipe(method).MethodName(), 2 * (iteration - 1), clusterings));
            foreach (var clustering in report.Clusterings)
            {
                (clustering.Clips, clustering.ValidationClips, clustering.Sizes.Sum(), clustering.Sizes.Count).ShouldBe((24, 8, 24, 4));
                (clustering.NmiPrevious is null).ShouldBe(iteration == 1);
                var table = PseudoLabelTable.Read(Path.Combine(run.Folder.Path, "pseudo-labels", clustering.File));
                table.Rows.Count.ShouldBe(32);
                table.Rows.Count(r => r.Part == PseudoLabelTable.Validation).ShouldBe(8);
                table.Rows.Where(r => r.Part == PseudoLabelTable.Training).GroupBy(r => r.Cluster).ToDictionary(g => g.Key, g => g.Count())
                    .ShouldBe(clustering.Sizes.Select((s, i) => (s, i)).Where(x => x.s > 0).ToDictionary(x => x.i, x => x.s), ignoreOrder: true);
                table.Metadata["duet.features"].ShouldBe(clustering.Features);
            }
        }

        var first = run.Progress.OfType<StepProgress>().First(p => p.EndsInterval);
        first.Means.Where(m => m.Key.StartsWith("loss_", StringComparison.Ordinal)).ShouldAllBe(m => Math.Abs(m.Value - Math.Log(4)) < 0.2); // as good as chance at first
        using var encoders = PretrainedEncoders.Open(run.Folder);
        encoders.Encoders.Select(e => e.Architecture).ShouldBe(["resnet18_audio", "mc3_18"]);
        File.Exists(run.Folder.VideoEncoderFile).ShouldBeTrue();
    }

    /// <summary>Uninterrupted runs, which several tests compare with.</summary>
    private static readonly Dictionary<RecipeMethod, TinyRun> Straight = [];

    static ClusteringTaskTests() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var run in Straight.Values)
        {
            run.Dispose();
        }
    };

    [Theory]
    [InlineData(RecipeMethod.Xdc, 1, 1)] // inside the first epoch
    [InlineData(RecipeMethod.Xdc, 6, 2)] // where an iteration ends
    [InlineData(RecipeMethod.Mdc, 9, 3)] // at an epoch's end
    [InlineData(RecipeMethod.Sdc, 8, 4)]
    [InlineData(RecipeMethod.Sdc, 12, 1)]
    [InlineData(RecipeMethod.Mdc, 2, 1)]
    [InlineData(RecipeMethod.Cdc, 11, 3)]
    [InlineData(RecipeMethod.Cdc, 15, 1)]
    [InlineData(RecipeMethod.XdcSameModality, 13, 2)]
    public void Stopped_after_a_step_and_resumed_it_ends_with_the_same_bits(RecipeMethod method, long step, int workers)
    {
        var straight = Uninterrupted(method);
        using var broken = new TinyRun();
        broken.Run(Recipe(method), stopAfter: step).Finished.ShouldBeFalse();
        broken.Run(WithWorkers(Recipe(method), workers), resume: true).Finished.ShouldBeTrue();
        ShouldBeTheSame(straight, broken);
    }

    [Theory]
    [InlineData(RecipeMethod.Sdc, 2, 1)]
    [InlineData(RecipeMethod.Mdc, 1, 3)]
    [InlineData(RecipeMethod.Cdc, 5, 2)]
    [InlineData(RecipeMethod.Xdc, 3, 4)]
    public void Stopped_in_a_validation_and_resumed_it_ends_with_the_same_bits(RecipeMethod method, int epoch, int workers)
    {
        var straight = Uninterrupted(method);
        using var broken = new TinyRun();
        using var source = new CancellationTokenSource();
        var validation = broken.Videos.Where(v => v.Split == "validation").Select(v => v.Id).ToHashSet();
        broken.Clips.Reading = video =>
        {
            // Clusterings read these videos too, but never after an epoch's last step.
            if (validation.Contains(video.Id) && broken.Progress.LastOrDefault() is StepProgress { Step: var step } && step == 3 * epoch)
            {
                source.Cancel();
            }
        };
        var stopped = broken.Run(Recipe(method), stop: source.Token);
        (stopped.Finished, stopped.Step, broken.Header().State.Batch).ShouldBe((false, 3 * epoch, 3));
        broken.Clips.Reading = null;
        broken.Run(WithWorkers(Recipe(method), workers), resume: true).Finished.ShouldBeTrue();
        ShouldBeTheSame(straight, broken);
    }

    [Theory]
    [InlineData(RecipeMethod.Xdc, 1, 1)]
    [InlineData(RecipeMethod.Xdc, 2, 4)]
    [InlineData(RecipeMethod.Xdc, 3, 2)]
    [InlineData(RecipeMethod.Sdc, 2, 3)]
    [InlineData(RecipeMethod.Mdc, 3, 1)]
    [InlineData(RecipeMethod.Cdc, 2, 1)]
    public void Stopped_while_clustering_and_resumed_it_ends_with_the_same_bits(RecipeMethod method, int iteration, int workers)
    {
        var straight = Uninterrupted(method);
        using var broken = new TinyRun();
        var passes = 0;
        broken.Run(Recipe(method), stopWhen: p => p is PassProgress { Done: 8, Stage: "features" } && ++passes == iteration).Finished.ShouldBeFalse();
        passes.ShouldBe(iteration);
        File.Exists(PseudoLabelFiles.ReportFile(broken.Folder, iteration)).ShouldBeFalse();
        broken.Run(WithWorkers(Recipe(method), workers), resume: true).Finished.ShouldBeTrue();
        ShouldBeTheSame(straight, broken);
    }

    [Fact]
    public void Where_the_newest_labels_are_damaged_the_checkpoint_before_them_is_taken()
    {
        var straight = Uninterrupted(RecipeMethod.Xdc);
        using var run = new TinyRun();
        run.Run(Recipe(), stopAfter: 8); // the second of an iteration's steps; there is one of the iteration before
        var file = Path.Combine(run.Folder.Path, "pseudo-labels", PseudoLabelFiles.TableName(2, "video"));
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..^1]);
        run.Progress.Clear();
        run.Run(Recipe(), resume: true).Finished.ShouldBeTrue();
        var notes = run.Progress.OfType<TrainingNote>().Select(n => n.Text).ToArray();
        notes.ShouldContain(n => n.Contains("step-00000008") && n.Contains(file));
        notes.ShouldContain("resumed from step 6");
        ShouldBeTheSame(straight, run);
    }

    [Fact]
    public void Tampered_pseudo_labels_stop_a_resume()
    {
        using var run = new TinyRun();
        run.Run(Recipe(), stopAfter: 2);
        var file = Path.Combine(run.Folder.Path, "pseudo-labels", PseudoLabelFiles.TableName(1, "audio"));
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(file, bytes);
        Should.Throw<TrainingException>(() => run.Run(Recipe(), resume: true)).Message.ShouldContain(file);
        File.Delete(file);
        Should.Throw<TrainingException>(() => run.Run(Recipe(), resume: true)).Message.ShouldContain("can't be read");
    }

    [Fact]
    public void A_stalled_validation_loss_ends_an_iteration_early()
    {
        var recipe = Recipe();
        recipe = recipe with
        {
            Clustering = recipe.Clustering with { EpochsPerIteration = 50, Patience = 1 },
            Training = recipe.Training with { LearningRate = new() { Base = 0.5, Schedule = LearningRateShape.Constant }, ValidateEvery = 1 }, // so high that the loss soon rises
        };
        using var run = new TinyRun();
        run.Run(recipe).Finished.ShouldBeTrue();
        var last = Report(run, 3).Epoch;
        last.ShouldBeLessThan(60);
        var losses = File.ReadLines(run.Folder.MetricsFile).Select(l => JsonDocument.Parse(l).RootElement).Where(e => e.GetProperty("kind").GetString() == "validation")
            .Select(e => (Epoch: e.GetProperty("epoch").GetInt32(), Loss: e.GetProperty("loss").GetDouble())).ToArray();
        var second = Report(run, 2).Epoch; // the iteration before it ended on its first rise
        losses.Single(l => l.Epoch == second - 1).Loss.ShouldBeGreaterThan(losses.Single(l => l.Epoch == second - 2).Loss);
        for (var epoch = 1; epoch < second - 1; epoch++)
        {
            losses.Single(l => l.Epoch == epoch).Loss.ShouldBeLessThanOrEqualTo(losses.Single(l => l.Epoch == epoch - 1).Loss);
        }
    }

    [Fact]
    public void Another_runs_last_labels_teach_longer_clips()
    {
        var first = Uninterrupted(RecipeMethod.Xdc);
        var longer = Recipe() with { Clip = TinyRun.Recipe.Clip with { Frames = 16, AudioSeconds = new Rational(16, 25) } };
        longer = longer with
        {
            Clustering = longer.Clustering with { Labels = ClusteringSource.Given, InitialWeights = ClusteringSource.Given, Iterations = 1, Streams = ClusteringStreams.Video },
        };
        using var second = new TinyRun();
        second.Run(longer, from: first.Folder, stopAfter: 2);
        second.Run(longer, resume: true).Finished.ShouldBeTrue(); // what was given is kept: nothing to name again
        var given = PseudoLabelTable.Read(Path.Combine(first.Folder.Path, "pseudo-labels", "iteration-03-audio.parquet")).Rows;
        var kept = PseudoLabelTable.Read(Path.Combine(second.Folder.Path, "pseudo-labels", "iteration-01-audio.parquet")).Rows;
        kept.Select(r => (r.Clip, r.Part, r.Cluster)).ShouldBe(given.Select(r => (r.Clip, r.Part, r.Cluster)));

        using var third = new TinyRun();
        Should.Throw<UsageException>(() => third.Run(longer)).Message.ShouldContain("--from");
        Should.Throw<UsageException>(() => third.Run(Recipe(), from: first.Folder)).Message.ShouldContain("Leave --from out");
        Should.Throw<UsageException>(() => third.Run(longer with { Clustering = longer.Clustering with { K = 3 } }, from: first.Folder)).Message.ShouldContain("clustering.k");
        Should.Throw<UsageException>(() => third.Run(longer with { Method = RecipeMethod.Cdc }, from: first.Folder)).Message.ShouldContain("joint");
        Should.Throw<UsageException>(() => third.Run(longer with { Video = longer.Video with { Width = 0.25 } }, from: first.Folder)).Message.ShouldContain("video encoder");
    }

    [Fact]
    public void Fitted_on_some_clips_all_are_labelled()
    {
        var recipe = Recipe();
        using var run = new TinyRun();
        run.Run(recipe with { Clustering = recipe.Clustering with { FitClips = 10, Iterations = 1 } }).Finished.ShouldBeTrue();
        var report = Report(run, 1);
        report.Clusterings.ShouldAllBe(c => c.Clips == 24 && c.ValidationClips == 8);
    }

    [Fact]
    public void Too_few_clips_and_diverged_features_are_said()
    {
        using var run = new TinyRun();
        var recipe = Recipe();
        Should.Throw<UsageException>(() => run.Run(recipe with { Clustering = recipe.Clustering with { K = 25 } })).Message.ShouldContain("24 training clips");
        Should.Throw<UsageException>(() => run.Run(recipe with { Clip = recipe.Clip with { Frames = 101 } })).Message.ShouldContain("clip.frames");
        run.Folder.HoldsRun.ShouldBeFalse();

        // One step to an iteration: the next thing that looks at the ruined weights is the clustering.
        var wild = recipe with
        {
            Clustering = recipe.Clustering with { EpochsPerIteration = 1 },
            Training = recipe.Training with { EpochSize = 8, ClipNorm = 0, ValidateEvery = 0, LearningRate = new() { Base = 1e30 } },
        };
        Should.Throw<TrainingException>(() => run.Run(wild)).Message.ShouldContain("features of clip");
        using var judged = new TinyRun();
        Should.Throw<TrainingException>(() => judged.Run(wild with { Training = wild.Training with { ValidateEvery = 1 } })).Message.ShouldContain("The validation loss became NaN");
    }

    [Fact]
    public void Killed_before_its_first_checkpoint_a_run_asks_again_for_what_another_gives()
    {
        var first = Uninterrupted(RecipeMethod.Xdc);
        var recipe = Recipe() with { Seed = 9 };
        recipe = recipe with { Clustering = recipe.Clustering with { InitialWeights = ClusteringSource.Given, Iterations = 2 } };
        using var straight = new TinyRun();
        straight.Run(recipe, from: first.Folder).Finished.ShouldBeTrue();
        using var killed = new TinyRun();
        Should.Throw<InvalidOperationException>(() => killed.Run(recipe, from: first.Folder, stopWhen: p => p is StepProgress ? throw new InvalidOperationException("killed") : false));
        File.Exists(PseudoLabelFiles.ReportFile(killed.Folder, 1)).ShouldBeTrue(); // but no checkpoint knows of it
        Should.Throw<UsageException>(() => killed.Run(recipe, resume: true)).Message.ShouldContain("--from");
        killed.Run(recipe, resume: true, from: first.Folder).Finished.ShouldBeTrue();
        ShouldBeTheSame(straight, killed);

        // Stopped where new labels are there and no step was taken: what was given at the start is not measured anew.
        using var stopped = new TinyRun();
        stopped.Run(recipe, from: first.Folder, stopWhen: p => p is TrainingNote { Text: var text } && text.StartsWith("iteration 1: ", StringComparison.Ordinal)).Finished.ShouldBeFalse();
        stopped.Run(recipe, resume: true).Finished.ShouldBeTrue();
        ShouldBeTheSame(straight, stopped);
        stopped.Header().Task["spectrogram_statistics"]!.ToJsonString().ShouldBe(first.Header().Task["spectrogram_statistics"]!.ToJsonString());
        RunStore.Read(stopped.Folder).Taught().ShouldBeSubsetOf(RunStore.Read(first.Folder).Taught());
        RunStore.Read(stopped.Folder).From.ShouldBe(first.Folder.Path);
    }

    [Fact]
    public void Clips_that_can_not_be_read_are_told_and_have_no_label()
    {
        using var run = new TinyRun();
        run.Clips.Reading = video =>
        {
            if (video.Id.EndsWith('5'))
            {
                throw new StoreException("the disk is bad here");
            }
        };
        var recipe = Recipe();
        run.Run(recipe with { Clustering = recipe.Clustering with { Iterations = 1 }, Training = recipe.Training with { MaxBadSamples = 1000 } }).Finished.ShouldBeTrue();
        run.Progress.OfType<TrainingNote>().Select(n => n.Text).ShouldContain(t => t.StartsWith("2 clips could not be read", StringComparison.Ordinal));
        run.Progress.OfType<TrainingNote>().Select(n => n.Text).ShouldContain(t => t.Contains("the disk is bad here", StringComparison.Ordinal) && t.StartsWith("unreadable clip ", StringComparison.Ordinal));
        Report(run, 1).Clusterings.ShouldAllBe(c => c.Clips == 22 && c.Unreadable == 2);
        PseudoLabelTable.Read(Path.Combine(run.Folder.Path, "pseudo-labels", "iteration-01-video.parquet")).Rows.ShouldNotContain(r => r.Video.EndsWith('5'));
    }

    [Fact]
    public void Cdc_puts_features_of_length_one_side_by_side()
    {
        var random = new Random(1);
        FeatureMatrix Matrix(int columns, double scale)
        {
            var matrix = new FeatureMatrix(5, columns);
            for (var i = 0; i < matrix.Values.Length; i++)
            {
                matrix.Values[i] = (float)(scale * (random.NextDouble() - 0.5));
            }

            return matrix;
        }

        var sides = new Dictionary<string, FeatureMatrix> { ["video"] = Matrix(7, 100), ["audio"] = Matrix(3, 0.01) };
        sides["audio"].Row(4).Clear(); // silence may have no length
        var joint = Clusterer.FeaturesOf(new PlannedClustering("joint", ["video", "audio"], 2), sides);
        joint.Columns.ShouldBe(10);
        for (var row = 0; row < 5; row++)
        {
            for (var column = 0; column < 10; column++)
            {
                var (side, at) = column < 7 ? (sides["video"], column) : (sides["audio"], column - 7);
                var norm = Math.Sqrt(side.Row(row).ToArray().Sum(v => (double)v * v));
                ((double)joint.Row(row)[column]).ShouldBe(norm > 0 ? side.Row(row)[at] / norm : 0, 1e-6);
            }
        }
    }

    [Fact]
    public void Sound_alone_needs_no_frames()
    {
        using var run = new TinyRun();
        run.Clips.Reading = _ => throw new InvalidOperationException("frames were read");
        run.Run(Recipe(RecipeMethod.Sdc, ClusteringStreams.Audio)).Finished.ShouldBeTrue();
        using var encoders = PretrainedEncoders.Open(run.Folder);
        encoders.Encoders.Single().Architecture.ShouldBe("resnet18_audio");
        File.Exists(run.Folder.VideoEncoderFile).ShouldBeFalse();
    }

    private static TinyRun Uninterrupted(RecipeMethod method)
    {
        if (!Straight.TryGetValue(method, out var run))
        {
            run = Straight[method] = new TinyRun();
            run.Run(Recipe(method)).Finished.ShouldBeTrue();
        }

        return run;
    }

    private static Recipe WithWorkers(Recipe recipe, int workers) => recipe with { Training = recipe.Training with { Workers = workers } };

    private static ClusteringReport Report(TinyRun run, int iteration) => JsonSerializer.Deserialize<ClusteringReport>(
        File.ReadAllText(PseudoLabelFiles.ReportFile(run.Folder, iteration)), RunJson.File)!;

    private static void ShouldBeTheSame(TinyRun straight, TinyRun broken)
    {
        var (expected, actual) = (straight.Tensors(), broken.Tensors());
        actual.Keys.Order(StringComparer.Ordinal).ShouldBe(expected.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, bytes) in expected)
        {
            actual[name].SequenceEqual(bytes).ShouldBeTrue(name);
        }

        foreach (var file in Directory.EnumerateFiles(Path.Combine(straight.Folder.Path, "pseudo-labels")))
        {
            File.ReadAllBytes(file.Replace(straight.Folder.Path, broken.Folder.Path, StringComparison.Ordinal)).SequenceEqual(File.ReadAllBytes(file)).ShouldBeTrue(file);
        }
    }
}
