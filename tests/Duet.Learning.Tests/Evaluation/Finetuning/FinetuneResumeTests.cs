using Duet.Data;
using Duet.Learning.Evaluation.Finetuning;
using Duet.Learning.Models;
using Duet.Learning.Native;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Evaluation.Finetuning;

public sealed class FinetuneResumeTests
{
    /// <summary>Two rates on the first of two folds, every augmentation on; three epochs of four steps each time.</summary>
    private static readonly EvaluationRecipe Recipe = TinyFinetune.Recipe with
    {
        Finetune = TinyFinetune.Recipe.Finetune with { Modality = FinetuneModality.Both, LearningRates = [0.05, 0.001], Mixup = 0.5, TimeMask = 0.3, FrequencyMask = 0.3, HeadRate = 2 },
        Training = TinyFinetune.Recipe.Training with { CheckpointEvery = 100 },
    };

    private static readonly Lazy<Ended> Uninterrupted = new(() =>
    {
        using var tiny = new TinyFinetune();
        return Ended.Of(tiny, tiny.Run(Recipe)!);
    });

    /// <summary>Inside the first rate, at the end of its training, inside the second, inside the final training of each fold; and there at two places in turn.</summary>
    [Theory]
    [InlineData("fold1, learning rate 0.05, 1 of 2", 3)]
    [InlineData("fold1, learning rate 0.05, 1 of 2", 12)]
    [InlineData("fold1, learning rate 0.001, 2 of 2", 5)]
    [InlineData("fold1, learning rate", 7)]
    [InlineData("fold2, learning rate", 11)]
    public void Stopped_in_a_training_and_resumed_it_ends_with_the_same_bits(string stage, long step)
    {
        using var tiny = new TinyFinetune();
        tiny.Run(Recipe, stopWhen: p => p is StepProgress s && s.Step == step && s.Stage.StartsWith(stage, StringComparison.Ordinal) && s.Stage.EndsWith("of 2", StringComparison.Ordinal) == stage.EndsWith("of 2", StringComparison.Ordinal)).ShouldBeNull();
        ShouldEndAlike(tiny);
    }

    [Fact]
    public void Stopped_between_epochs_while_it_looks_at_held_out_videos_it_ends_with_the_same_bits()
    {
        using var tiny = new TinyFinetune();
        using var source = new CancellationTokenSource();
        var taught = new HashSet<string>(StringComparer.Ordinal);
        tiny.Reading = video =>
        {
            // What an epoch's steps did not read, and is read before anything is tested, is held out.
            lock (taught)
            {
                if (tiny.Progress.LastOrDefault() is StepProgress { Step: 4 } && !taught.Contains(video.Id))
                {
                    source.Cancel();
                }

                taught.Add(video.Id);
            }
        };
        tiny.Run(Recipe, stop: source.Token).ShouldBeNull();
        using (var checkpoint = Checkpoints.Newest(tiny.Folder.Sweep("fold1", 0.05)))
        {
            (checkpoint!.Header.State.Step, checkpoint.Header.State.Batch).ShouldBe((4, 4)); // the epoch's steps, and not its validation
        }

        tiny.Reading = null;
        ShouldEndAlike(tiny);
    }

    [Fact]
    public void Another_environment_is_said_before_it_goes_on()
    {
        using var tiny = new TinyFinetune();
        tiny.Run(Recipe, stopWhen: p => p is StepProgress).ShouldBeNull();
        var training = tiny.Folder.Sweep("fold1", 0.05);
        File.WriteAllText(training.EnvironmentFile, File.ReadAllText(training.EnvironmentFile).Replace("\"threads\": 1", "\"threads\": 7", StringComparison.Ordinal));
        tiny.Progress.Clear();
        tiny.Run(Recipe, resume: true, stopWhen: p => p is StepProgress).ShouldBeNull();
        tiny.Notes.ShouldContain(n => n.StartsWith("warning: resumed in another environment") && n.Contains("threads: 7 -> 1"));
        File.ReadAllText(training.MetricsFile).ShouldContain("threads: 7 -> 1");
    }

    /// <summary>Each process tries bf16 anew where the recipe leaves it open, and a busy machine may say otherwise: the test after a training would round otherwise than the training.</summary>
    [Fact]
    public void It_goes_on_in_the_precision_that_it_began_in()
    {
        using var tiny = new TinyFinetune();
        var recipe = Recipe with { Finetune = Recipe.Finetune with { Epochs = 1, LearningRates = [0.05] }, Training = Recipe.Training with { Precision = Precision.Auto } };
        tiny.Run(recipe, splits: "1", stopWhen: p => p is PassProgress { Stage: "fold1: test" }).ShouldBeNull();
        var begun = File.ReadAllText(tiny.Folder.OriginFile);
        var tried = begun.Contains("\"precision\": \"bf16\"", StringComparison.Ordinal) ? "bf16" : "fp32";
        var other = CpuFeatures.Current.HasBf16 && tried == "fp32" ? "bf16" : "fp32";
        File.WriteAllText(tiny.Folder.OriginFile, begun.Replace($"\"precision\": \"{tried}\"", $"\"precision\": \"{other}\"", StringComparison.Ordinal));
        tiny.Run(recipe, splits: "1", resume: true).ShouldNotBeNull().Precision.ShouldBe(other);
    }

    [Theory]
    [InlineData("fold1, learning rate 0.05, 1 of 2: validation")]
    [InlineData("fold1: test")]
    [InlineData("fold2: test")]
    public void Stopped_in_a_test_and_resumed_it_ends_with_the_same_answers(string stage)
    {
        using var tiny = new TinyFinetune();
        tiny.Run(Recipe, stopWhen: p => p is PassProgress pass && pass.Stage == stage).ShouldBeNull();
        File.Exists(tiny.Folder.ResultFile).ShouldBeFalse();
        ShouldEndAlike(tiny);
    }

    [Fact]
    public void A_finished_one_is_found_finished()
    {
        using var tiny = new TinyFinetune();
        var recipe = Recipe with { Finetune = Recipe.Finetune with { Epochs = 1 } };
        var first = tiny.Run(recipe)!;
        tiny.Progress.Clear();
        tiny.Read.Clear();
        File.Delete(tiny.Folder.Final("fold1").VideoEncoderFile);
        var again = tiny.Run(recipe, resume: true)!;
        tiny.Progress.OfType<StepProgress>().ShouldBeEmpty();
        tiny.Progress.OfType<PassProgress>().ShouldBeEmpty();
        tiny.Read.ShouldBeEmpty();
        again.Results[0].Predictions.ShouldBe(first.Results[0].Predictions);
    }

    [Fact]
    public void A_cut_off_line_of_predictions_is_made_again()
    {
        using var tiny = new TinyFinetune();
        var recipe = TinyFinetune.Recipe with { Finetune = TinyFinetune.Recipe.Finetune with { Epochs = 1 } };
        var first = tiny.Run(recipe, splits: "1")!;
        var file = FinetuneFolder.PredictionsFile(tiny.Folder.Final("fold1"));
        var lines = File.ReadAllText(file);
        File.WriteAllText(file, lines[..^40]);
        tiny.Read.Clear();
        tiny.Run(recipe, splits: "1", resume: true)!.Results[0].Predictions.ShouldBe(first.Results[0].Predictions);
        tiny.Read.ShouldNotBeEmpty();
        File.ReadAllText(file).ShouldBe(lines);

        // Predictions of other networks are not these networks'.
        File.WriteAllText(file, lines.Replace("\"network\":\"", "\"network\":\"0", StringComparison.Ordinal));
        tiny.Run(recipe, splits: "1", resume: true).ShouldNotBeNull();
        File.ReadAllText(file).ShouldBe(lines);
    }

    [Fact]
    public void Only_the_same_finetuning_is_gone_on_with()
    {
        using var tiny = new TinyFinetune();
        Should.Throw<UsageException>(() => tiny.Run(Recipe, resume: true)).Message.ShouldContain("holds no finetuning");
        tiny.Run(Recipe, stopWhen: p => p is StepProgress).ShouldBeNull();
        Should.Throw<UsageException>(() => tiny.Run(Recipe)).Message.ShouldContain("--resume");

        var other = Should.Throw<UsageException>(() => tiny.Run(Recipe with { Finetune = Recipe.Finetune with { Epochs = 4 } }, resume: true)).Message;
        other.ShouldContain("finetune.epochs: 3 -> 4");
        Should.Throw<UsageException>(() => tiny.Run(Recipe, resume: true, splits: "2")).Message.ShouldContain("--splits");
        tiny.Fingerprint = new('c', 64);
        Should.Throw<UsageException>(() => tiny.Run(Recipe, resume: true)).Message.ShouldContain("cccccccccccc");

        // A folder whose recipe was taken away still holds trainings; they are not taken for others.
        tiny.Fingerprint = new('b', 64);
        var recipe = File.ReadAllText(tiny.Folder.Root.RecipeFile);
        File.Delete(tiny.Folder.Root.RecipeFile);
        Should.Throw<UsageException>(() => tiny.Run(Recipe with { Seed = 4 })).Message.ShouldContain("another protocol");
        File.WriteAllText(tiny.Folder.Root.RecipeFile, recipe);

        // Options that can't change the result may differ.
        tiny.Fingerprint = new('b', 64);
        tiny.Run(Recipe with { Training = Recipe.Training with { Workers = 1, CheckpointEvery = 0 } }, resume: true, stopWhen: p => p is StepProgress { Step: 3 }).ShouldBeNull();
        tiny.Notes.ShouldContain("resumed from step 1");
    }

    private static void ShouldEndAlike(TinyFinetune tiny)
    {
        // With as many decode workers as chance has it.
        var workers = 1 + (tiny.Read.Count % 4);
        var result = tiny.Run(Recipe with { Training = Recipe.Training with { Workers = workers } }, resume: true).ShouldNotBeNull();
        var (tensors, lines, straight) = (Ended.Of(tiny, result).Tensors, Ended.Of(tiny, result).Lines, Uninterrupted.Value);
        tensors.Keys.Order(StringComparer.Ordinal).ShouldBe(straight.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, bytes) in straight.Tensors)
        {
            tensors[name].ShouldBe(bytes, name);
        }

        lines.ShouldBe(straight.Lines);
        result.Splits.Select(s => (s.LearningRate, s.Accuracy)).ShouldBe(straight.Result.Splits.Select(s => (s.LearningRate, s.Accuracy)));
        result.Splits[0].Sweep.ShouldBe(straight.Result.Splits[0].Sweep);
    }

    private sealed record Ended(Dictionary<string, byte[]> Tensors, string[] Lines, FinetuneResult Result)
    {
        public static Ended Of(TinyFinetune tiny, FinetuneResult result)
        {
            RunFolder[] runs = [tiny.Folder.Sweep("fold1", 0.05), tiny.Folder.Sweep("fold1", 0.001), tiny.Folder.Final("fold1"), tiny.Folder.Final("fold2")];
            return new(
                runs.SelectMany((run, r) => TinyFinetune.Tensors(run).Select(t => ($"{r}/{t.Key}", t.Value))).ToDictionary(t => t.Item1, t => t.Value, StringComparer.Ordinal),
                [.. runs[2..].SelectMany(r => File.ReadAllLines(FinetuneFolder.PredictionsFile(r)))],
                result);
        }
    }
}
