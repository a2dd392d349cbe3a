using System.Text.Json.Nodes;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Learning.Audio;
using Duet.Learning.Evaluation;
using Duet.Learning.Evaluation.Finetuning;
using Duet.Learning.Models;
using Duet.Learning.Pretext.Clustering;
using Duet.Learning.Recipes;
using Duet.Learning.Tests.Training;
using Duet.Learning.Training;
using Duet.Learning.Weights;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Evaluation.Finetuning;

public sealed class FinetuneEvaluationTests
{
    private static readonly EvaluationRecipe Swept = TinyFinetune.Recipe with { Finetune = TinyFinetune.Recipe.Finetune with { LearningRates = [0.05, 0.001], ValidationShare = 0.25 } };

    [Theory]
    [InlineData(FinetuneModality.Video, FinetuneLayers.All)]
    [InlineData(FinetuneModality.Audio, FinetuneLayers.All)]
    [InlineData(FinetuneModality.Both, FinetuneLayers.All)]
    [InlineData(FinetuneModality.Both, FinetuneLayers.Fc)]
    public void Classes_that_can_be_seen_and_heard_are_learned(FinetuneModality modality, FinetuneLayers layers)
    {
        using var tiny = new TinyFinetune();
        var result = tiny.Run(TinyFinetune.Recipe with
        {
            Finetune = TinyFinetune.Recipe.Finetune with { Modality = modality, Layers = layers, Epochs = 6 },
            Training = TinyFinetune.Recipe.Training with { LearningRate = new() { Base = layers == FinetuneLayers.Fc ? 0.5 : 0.05 } },
        })!;

        var row = result.Results.ShouldHaveSingleItem();
        row.Accuracy.ShouldBeGreaterThan(0.8); // of three classes
        (row.Modality, row.Weights, result.Method).ShouldBe((modality.ToString().ToLowerInvariant(), "scratch", "scratch"));
        row.Predictions.Select(p => p.VideoId).Order(StringComparer.Ordinal).ShouldBe(tiny.Videos.Select(v => v.Id));
        row.PerFold.Length.ShouldBe(2);
        row.MeanOfFolds.ShouldBe(row.PerFold.Average());
        row.Confusion.Counts.Sum(r => r.Sum()).ShouldBe(24);
        result.Top5.ShouldBeNull(); // three classes
        result.Splits.Select(s => (s.Name, s.Train, s.Test, s.LearningRate, s.ChosenOn)).ShouldBe([("fold1", 12, 12, result.Splits[0].LearningRate, null), ("fold2", 12, 12, result.Splits[0].LearningRate, null)]);
        JsonNode.Parse(File.ReadAllText(tiny.Folder.ResultFile))!["kind"]!.GetValue<string>().ShouldBe("finetune");
    }

    [Fact]
    public void Test_videos_are_never_read_before_their_test()
    {
        using var tiny = new TinyFinetune();
        var test = tiny.Videos.Where(v => v.Split == "fold1").Select(v => v.Id).ToHashSet(StringComparer.Ordinal);
        tiny.Run(Swept, splits: "1").ShouldNotBeNull();

        // Up to the first read of a test video, everything else was read, and from then on nothing but test videos.
        var all = tiny.Read.ToArray();
        var first = Array.FindIndex(all, test.Contains);
        all[..first].ShouldNotBeEmpty();
        all[first..].ShouldAllBe(id => test.Contains(id));
        all[first..].ToHashSet(StringComparer.Ordinal).SetEquals(test).ShouldBeTrue();

        // Both rates and the final training were over by then.
        var steps = tiny.Progress.TakeWhile(p => p is not PassProgress { Stage: "fold1: test" }).OfType<StepProgress>().GroupBy(s => s.Stage).ToDictionary(g => g.Key, g => g.Max(s => s.Step));
        steps.Values.ShouldBe([12, 12, 12]);
    }

    [Fact]
    public void The_rate_that_is_best_on_held_out_training_videos_trains_on_all_of_them_for_every_split()
    {
        using var tiny = new TinyFinetune();
        var result = tiny.Run(Swept)!;

        var points = result.Splits[0].Sweep;
        points.Select(p => p.LearningRate).ShouldBe([0.05, 0.001]);
        points.ShouldAllBe(p => p.Videos == 3); // a quarter of the four of each class
        result.Splits[0].LearningRate.ShouldBe(SweepPoint.Best(points)!.LearningRate);
        result.Splits[0].Train.ShouldBe(12);
        (result.Splits[1].LearningRate, result.Splits[1].ChosenOn).ShouldBe((result.Splits[0].LearningRate, "fold1"));
        result.Splits[1].Sweep.ShouldBeEmpty();
        Directory.Exists(Path.Combine(tiny.Folder.Path, "fold2", "sweep")).ShouldBeFalse();

        // The rates that the loop really took after the warm-up: both, then the best for both splits.
        var best = result.Splits[0].LearningRate;
        tiny.Progress.OfType<StepProgress>().GroupBy(p => p.Stage).SelectMany(g => new[] { g.First().LearningRate, g.Last().LearningRate }).ShouldBe(
            [0.05 / 10, 0.05, 0.001 / 10, 0.001, best / 10, best, best / 10, best], tolerance: 1e-12);

        var sweep = RunStore.Read(tiny.Folder.Sweep("fold1", 0.05));
        var final = RunStore.Read(tiny.Folder.Final("fold1"));
        (sweep.Train.Count, sweep.Validation.Count, sweep.Test.Count).ShouldBe((9, 3, 0));
        final.Train.ShouldBe([.. sweep.Train.Concat(sweep.Validation).Order(StringComparer.Ordinal)]);
        final.Test.Intersect(final.Train).ShouldBeEmpty();
    }

    [Fact]
    public void Every_split_can_have_its_own_sweep()
    {
        using var tiny = new TinyFinetune();
        var result = tiny.Run(Swept with { Finetune = Swept.Finetune with { Sweep = FinetuneSweep.EverySplit, Epochs = 1 } })!;
        result.Splits.Select(s => (s.ChosenOn, s.Sweep.Count)).ShouldBe([("fold1", 2), ("fold2", 2)]);
    }

    [Fact]
    public void A_rate_that_diverges_loses_and_is_not_tried_again()
    {
        using var tiny = new TinyFinetune();
        var recipe = Swept with { Finetune = Swept.Finetune with { LearningRates = [0.05, 1e30], Epochs = 1 } };
        var result = tiny.Run(recipe, splits: "1")!;
        result.Splits[0].Sweep.Select(p => p.Accuracy is null).ShouldBe([false, true]);
        result.Splits[0].LearningRate.ShouldBe(0.05);

        tiny.Progress.Clear();
        tiny.Run(recipe, splits: "1", resume: true).ShouldNotBeNull();
        tiny.Progress.OfType<StepProgress>().ShouldBeEmpty();
    }

    [Fact]
    public void Frozen_encoders_stay_as_they_were_and_the_classifier_learns()
    {
        using var tiny = new TinyFinetune();
        tiny.Run(TinyFinetune.Recipe with { Finetune = TinyFinetune.Recipe.Finetune with { Layers = FinetuneLayers.Fc } }, splits: "1").ShouldNotBeNull();
        var (trained, _) = EncoderFile.Load(tiny.Folder.Final("fold1").VideoEncoderFile);
        using (trained)
        using (var first = EncoderRegistry.Create(TinyFinetune.Recipe.Video!, TinyFinetune.Recipe.Seed))
        {
            foreach (var (a, b) in trained.named_parameters().Zip(first.named_parameters()))
            {
                a.parameter.bytes.ToArray().ShouldBe(b.parameter.bytes.ToArray(), a.name);
            }

            // Random networks that stay random have the running statistics of real clips.
            var variance = trained.named_buffers().First(b => b.name.EndsWith("running_var", StringComparison.Ordinal)).buffer;
            (variance - 1).abs().max().item<float>().ShouldBeGreaterThan(0.05f);
        }

        var (classifier, _) = ClassifierFile.Load(ClassifierFile.In(tiny.Folder.Final("fold1")));
        using (classifier)
        {
            classifier.Tensors["bias"].bytes.ToArray().ShouldContain(b => b != 0);
        }
    }

    [Fact]
    public void What_is_exported_names_classes_as_the_test_did()
    {
        using var tiny = new TinyFinetune();
        var result = tiny.Run(splits: "1")!;
        var run = tiny.Folder.Final("fold1");
        var (encoder, card) = EncoderFile.Load(run.VideoEncoderFile);
        var (classifier, names) = ClassifierFile.Load(ClassifierFile.In(run));
        using (encoder)
        using (classifier)
        using (var loader = new ClipLoader(new LevelStore { Level = (v, f) => (v.Label == "bright" ? 200 : v.Label == "grey" ? 130 : 60) + ((f * 37 % 41) - 20) }, card.Clip.Size, new ClipLoaderOptions()))
        using (var preprocessor = ClipPreprocessor.FromCard(card, TorchSharp.torch.CPU))
        using (TorchSharp.torch.NewDisposeScope())
        {
            names.Classes.ShouldBe(["bright", "dark", "grey"]);
            names.Inputs.ShouldBe([new ClassifierInput("video", "conv2", encoder.Channels, GlobalPooling.Average)]);
            foreach (var prediction in result.Results[0].Predictions)
            {
                var video = tiny.Videos.First(v => v.Id == prediction.VideoId);
                using var batch = loader.Load(UniformClips.FramesOnly(video, card.Clip, 3), 3).Single();
                var pooled = encoder.forward(preprocessor.Video(batch)).mean([2, 3, 4]);
                var scores = TorchSharp.torch.nn.functional.linear(pooled, classifier.Tensors["weight"], classifier.Tensors["bias"]).softmax(1).mean([0]);
                names.Classes[(int)scores.argmax().item<long>()].ShouldBe(prediction.Predicted);
            }
        }
    }

    [Fact]
    public void A_pretrained_run_gives_weights_statistics_and_colours_and_the_protocol_the_clip()
    {
        using var pretrained = new TinyRun();
        pretrained.Run().Finished.ShouldBeTrue();
        using var tiny = new TinyFinetune();
        var recipe = TinyFinetune.Recipe with { Finetune = TinyFinetune.Recipe.Finetune with { Weights = FinetuneWeights.Pretrained, Layers = FinetuneLayers.Fc, Modality = FinetuneModality.Both, Epochs = 1 } };
        var result = tiny.Run(recipe with { Clip = recipe.Clip! with { Mean = [0, 0, 0] } }, run: pretrained.Folder.Path, splits: "1")!;
        (result.Method, result.Step, result.Recipe).ShouldBe(("avts", TinyRun.StepsPerEpoch * TinyRun.Epochs, "tiny"));
        result.Results[0].Weights.ShouldBe("pretrained");

        var (before, old) = EncoderFile.Load(pretrained.Folder.AudioEncoderFile);
        var (after, card) = EncoderFile.Load(tiny.Folder.Final("fold1").AudioEncoderFile);
        using (before)
        using (after)
        {
            card.SpectrogramStatistics!.Mean.ShouldBe(old.SpectrogramStatistics!.Mean);
            card.Clip.Mean.ShouldBe(old.Clip.Mean);
            (card.Clip.Frames, card.Clip.Size).ShouldBe((4, 16));
            foreach (var (a, b) in Checkpoint.TensorsOf(before).Zip(Checkpoint.TensorsOf(after)))
            {
                a.Value.bytes.ToArray().ShouldBe(b.Value.bytes.ToArray(), a.Name);
            }
        }

        // An encoder file will do for one modality, not for two.
        var alone = recipe with { Finetune = recipe.Finetune with { Modality = FinetuneModality.Audio } };
        using var other = new TinyFinetune();
        other.Run(alone, run: pretrained.Folder.AudioEncoderFile, splits: "1")!.Networks.ShouldBe(["vgg_m"]);
        using var third = new TinyFinetune();
        Should.Throw<UsageException>(() => third.Run(recipe, run: pretrained.Folder.AudioEncoderFile)).Message.ShouldContain("has no video encoder");
    }

    [Fact]
    public void Videos_that_cannot_take_part_are_named()
    {
        using var tiny = new TinyFinetune();
        tiny.Videos = [.. tiny.Videos, LevelStore.Video("short_test", 3, "grey", "fold1"), LevelStore.Video("short_train", 3, "grey", "fold2"), LevelStore.Video("no_label", 40, null, "fold1")];
        tiny.Damaged.Add(tiny.Videos[0].Id);
        var result = tiny.Run(TinyFinetune.Recipe with { Finetune = TinyFinetune.Recipe.Finetune with { Epochs = 1 } }, splits: "1")!;
        result.LeftOut.Select(l => l.VideoId).Distinct().Order(StringComparer.Ordinal).ShouldBe([tiny.Videos[0].Id, "no_label", "short_test", "short_train"]);
        result.Results[0].Predictions.Count.ShouldBe(11);
    }

    [Fact]
    public void Videos_of_one_class_and_tests_without_a_usable_video_are_refused()
    {
        using var tiny = new TinyFinetune();
        var videos = tiny.Videos;
        tiny.Videos = [.. videos.Select(v => v with { Label = "grey" })];
        Should.Throw<UsageException>(() => tiny.Run()).Message.ShouldContain("one class only");

        tiny.Videos = [.. videos.Select(v => v with { FrameCount = v.Split == "fold2" && v.Label != "grey" ? 3 : v.FrameCount })];
        Should.Throw<UsageException>(() => tiny.Run(splits: "1")).Message.ShouldContain("Fewer than two classes");

        using var other = new TinyFinetune { Videos = [.. videos.Select(v => v.Split == "fold1" ? v with { FrameCount = 3 } : v)] };
        Should.Throw<UsageException>(() => other.Run(TinyFinetune.Recipe with { Finetune = TinyFinetune.Recipe.Finetune with { Epochs = 1 } }, splits: "1")).Message.ShouldContain("No test video of 'fold1'");
    }
}
