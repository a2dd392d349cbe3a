using System.Text.Json.Nodes;
using Duet.Data;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Training;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Training;

public sealed class TrainerTests
{
    [Fact]
    [Trait("Category", "Slow")]
    public void A_run_ends_with_everything_in_its_folder()
    {
        using var run = new TinyRun();
        var outcome = run.Run();
        outcome.Finished.ShouldBeTrue();
        outcome.Step.ShouldBe(TinyRun.StepsPerEpoch * TinyRun.Epochs);
        File.Exists(run.Folder.RecipeFile).ShouldBeTrue();
        File.Exists(run.Folder.EnvironmentFile).ShouldBeTrue();
        File.Exists(run.Folder.StoreFile).ShouldBeTrue();
        Directory.GetFiles(run.Folder.CheckpointFolder).Select(Path.GetFileName).Order().ShouldBe(
            ["step-00000010.json", "step-00000010.safetensors", "step-00000015.json", "step-00000015.safetensors"]);

        var lines = File.ReadAllLines(run.Folder.MetricsFile).Select(l => JsonNode.Parse(l)!).ToArray();
        var train = lines.Where(l => l["kind"]!.GetValue<string>() == "train").ToArray();
        train.Select(l => l["step"]!.GetValue<long>()).ShouldBe([2, 4, 5, 6, 8, 10, 12, 14, 15]);
        foreach (var name in new[] { "loss", "positive_distance", "negative_distance", "learning_rate", "clips_per_second", "data_wait_share", "seconds", "embedding_std_video", "embedding_std_audio", "gradient_norm" })
        {
            train.ShouldAllBe(l => double.IsFinite(l[name]!.GetValue<double>()));
        }

        train[^1]["stage"]!.GetValue<string>().ShouldBe("50 % easy, 50 % hard");
        var validation = lines.Where(l => l["kind"]!.GetValue<string>() == "validation").ToArray();
        validation.Length.ShouldBe(TinyRun.Epochs);
        validation.ShouldAllBe(l => l["accuracy"]!.GetValue<double>() >= 0 && l["accuracy"]!.GetValue<double>() <= 1 && l["loss"]!.GetValue<double>() > 0);
    }

    /// <summary>
    /// Steps and the number of decode workers afterwards: inside the first epoch, at its end, inside the second (after its validation and a checkpoint),
    /// where the curriculum's stage changes, one step before the end.
    /// </summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(5, 1)]
    [InlineData(8, 1)]
    [InlineData(10, 4)]
    [InlineData(14, 2)]
    public void A_run_that_was_stopped_and_resumed_ends_with_the_same_bits(long stopAfter, int workers)
    {
        using var run = new TinyRun();
        var stopped = run.Run(stopAfter: stopAfter);
        stopped.Finished.ShouldBeFalse();
        stopped.Step.ShouldBe(stopAfter);
        var outcome = run.Run(WithWorkers(workers), resume: true);
        outcome.Finished.ShouldBeTrue();
        ShouldEqualUninterrupted(run);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void A_run_stopped_again_and_again_ends_with_the_same_bits()
    {
        using var run = new TinyRun();
        run.Run(stopAfter: 2);
        run.Run(resume: true, stopAfter: 6);
        run.Run(resume: true, stopAfter: 7);
        run.Run(resume: true).Finished.ShouldBeTrue();
        ShouldEqualUninterrupted(run);
    }

    [Fact]
    public void A_run_stopped_in_its_validation_repeats_it_and_ends_with_the_same_bits()
    {
        using var run = new TinyRun();
        using var source = new CancellationTokenSource();
        var validation = run.Videos.Where(v => v.Split == "validation").Select(v => v.Id).ToHashSet();
        run.Clips.Reading = video =>
        {
            if (validation.Contains(video.Id))
            {
                source.Cancel();
            }
        };
        var stopped = run.Run(stop: source.Token);
        stopped.Finished.ShouldBeFalse();
        stopped.Step.ShouldBe(TinyRun.StepsPerEpoch);
        run.Header().State.Batch.ShouldBe(TinyRun.StepsPerEpoch);
        run.Clips.Reading = null;
        run.Run(resume: true).Finished.ShouldBeTrue();
        ShouldEqualUninterrupted(run);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void A_run_killed_between_checkpoints_goes_on_from_the_last_one_with_the_same_bits()
    {
        using var run = new TinyRun();
        run.Clips.Reading = _ =>
        {
            if (run.Progress.OfType<StepProgress>().Any(p => p.Step >= 8))
            {
                throw new InvalidOperationException("the power fails");
            }
        };
        Should.Throw<InvalidOperationException>(() => run.Run());
        run.Header().State.Step.ShouldBe(TinyRun.StepsPerEpoch);
        run.Clips.Reading = null;
        run.Run(resume: true).Finished.ShouldBeTrue();
        ShouldEqualUninterrupted(run);
    }

    [Fact]
    public void Of_a_store_with_several_divisions_the_first_one_s_test_videos_are_held_out_and_a_note_says_so()
    {
        using var run = new TinyRun();
        run.Videos = [.. run.Videos.Select((v, i) => v with { Split = $"split1={(i % 4 == 0 ? "test" : i == 1 ? "unused" : "train")};split2={(i % 4 == 1 ? "test" : "train")}" })];
        run.Run(stopAfter: 1);
        run.Progress.OfType<TrainingNote>().ShouldContain(n => n.Text.StartsWith("The division split1 decides") && n.Text.Contains("4 test videos are held out, and 1 "));
        var recorded = RunStore.Read(run.Folder);
        recorded.Test.ShouldBe(run.Videos.Where((_, i) => i % 4 == 0).Select(v => v.Id), ignoreOrder: true);
        recorded.Train.Concat(recorded.Validation).ShouldBe(run.Videos.Where((_, i) => i % 4 != 0 && i != 1).Select(v => v.Id), ignoreOrder: true);
    }

    [Fact]
    public void A_damaged_newest_checkpoint_is_named_and_the_one_before_is_taken()
    {
        using var run = new TinyRun();
        run.Run(TinyRun.Recipe with { Training = TinyRun.Recipe.Training with { CheckpointEvery = 4 } }, stopAfter: 9);
        var newest = Path.Combine(run.Folder.CheckpointFolder, "step-00000009.safetensors");
        var bytes = File.ReadAllBytes(newest);
        bytes[^100] ^= 1;
        File.WriteAllBytes(newest, bytes);
        run.Run(resume: true).Finished.ShouldBeTrue();
        var notes = run.Progress.OfType<TrainingNote>().Select(n => n.Text).ToArray();
        notes.ShouldContain(n => n.Contains("step-00000009.safetensors") && n.Contains("SHA-256"));
        notes.ShouldContain("resumed from step 8");
        ShouldEqualUninterrupted(run);
    }

    [Fact]
    public void A_checkpoint_whose_hash_holds_but_whose_tensors_break_the_format_is_passed_over_too()
    {
        using var run = new TinyRun();
        run.Run(TinyRun.Recipe with { Training = TinyRun.Recipe.Training with { CheckpointEvery = 1 } }, stopAfter: 2);
        var newest = Path.Combine(run.Folder.CheckpointFolder, "step-00000002");
        byte[] noHeader = [255, 255, 255, 255, 255, 255, 255, 127, (byte)'{'];
        File.WriteAllBytes(newest + ".safetensors", noHeader);
        var header = JsonNode.Parse(File.ReadAllText(newest + ".json"))!;
        header["format"] = "duet.checkpoint/1"; // whose JSON does not vouch for itself
        header["bytes"] = noHeader.Length;
        header["sha256"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(noHeader));
        File.WriteAllText(newest + ".json", header.ToJsonString());
        run.Run(resume: true, stopAfter: 3).Step.ShouldBe(3);
        var notes = run.Progress.OfType<TrainingNote>().Select(n => n.Text).ToArray();
        notes.ShouldContain(n => n.Contains("step-00000002.safetensors") && n.Contains("not a whole safetensors file"));
        notes.ShouldContain("resumed from step 1");
    }

    [Fact]
    public void When_no_checkpoint_is_whole_the_run_says_so()
    {
        using var run = new TinyRun();
        run.Run(stopAfter: 2);
        File.WriteAllText(Directory.GetFiles(run.Folder.CheckpointFolder, "*.json").Single(), "{");
        Should.Throw<TrainingException>(() => run.Run(resume: true)).Message.ShouldContain("No checkpoint in");
    }

    [Fact]
    public void Another_recipe_or_store_is_refused_with_what_differs()
    {
        using var run = new TinyRun();
        run.Run(stopAfter: 1);
        var other = TinyRun.Recipe with { Training = TinyRun.Recipe.Training with { LearningRate = TinyRun.Recipe.Training.LearningRate with { Base = 0.07 }, Workers = 1 } };
        var message = Should.Throw<UsageException>(() => run.Run(other, resume: true)).Message;
        message.ShouldContain("training.learning_rate.base: 0.05 -> 0.07");
        message.ShouldNotContain("workers");
        run.Fingerprint = new('b', 64);
        Should.Throw<UsageException>(() => run.Run(resume: true)).Message.ShouldContain("its 16 videos are those of 'memory', which has them in other settings");
        run.Videos = [.. run.Videos.Skip(3), .. FlashingClips.Videos(18).Skip(16)];
        message = Should.Throw<UsageException>(() => run.Run(resume: true)).Message;
        message.ShouldContain("of its 16 videos 3 are not among the 15 of 'memory', which has 2 others");
        message.ShouldContain("fingerprint aaaaaaaaaaaa");
        message.ShouldContain("has bbbbbbbbbbbb");
    }

    [Fact]
    public void A_folder_that_holds_a_run_is_not_started_anew_and_one_that_does_not_is_not_resumed()
    {
        using var run = new TinyRun();
        Should.Throw<UsageException>(() => run.Run(resume: true)).Message.ShouldContain("holds no run");
        run.Run(stopAfter: 1);
        var before = File.ReadAllBytes(run.Folder.MetricsFile);
        Should.Throw<UsageException>(() => run.Run()).Message.ShouldContain("--resume");
        File.ReadAllBytes(run.Folder.MetricsFile).ShouldBe(before);
    }

    [Fact]
    public void A_loss_that_is_no_number_stops_the_run_and_keeps_the_last_checkpoint()
    {
        using var run = new TinyRun();
        var wild = TinyRun.Recipe with
        {
            Head = TinyRun.Recipe.Head with { BatchNorm = false },
            Training = TinyRun.Recipe.Training with { ClipNorm = 0, CheckpointEvery = 1, LearningRate = new() { Base = 1e30 } },
        };
        var message = Should.Throw<TrainingException>(() => run.Run(wild)).Message;
        message.ShouldContain("The loss became");
        message.ShouldContain("training.learning_rate.base");
        message.ShouldContain("step-0000000");
        run.Header().State.Step.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Unreadable_samples_are_recorded_and_too_many_stop_the_run()
    {
        using var run = new TinyRun();
        var bad = run.Videos.First(v => v.Split == "train").Id;
        run.Clips.Reading = video =>
        {
            if (video.Id == bad)
            {
                throw new StoreException("a bad sector");
            }
        };
        run.Run(stopAfter: 5);
        var events = File.ReadAllLines(run.Folder.MetricsFile).Where(l => l.Contains("unreadable sample")).ToArray();
        events.ShouldNotBeEmpty();
        events.ShouldAllBe(e => e.Contains(bad) && e.Contains("a bad sector"));
        run.Header().State.BadSamples.ShouldBe(events.Length);
        var strict = TinyRun.Recipe with { Training = TinyRun.Recipe.Training with { MaxBadSamples = events.Length } };
        Should.Throw<TrainingException>(() => run.Run(strict, resume: true)).Message.ShouldContain("duet store verify");
    }

    [Fact]
    public void Videos_that_cannot_serve_the_recipe_are_refused_before_anything_is_written()
    {
        using var run = new TinyRun();
        run.Videos = FlashingClips.Videos(1);
        Should.Throw<UsageException>(() => run.Run()).Message.ShouldContain("only one");
        run.Videos = FlashingClips.Videos(8, frames: 7);
        Should.Throw<UsageException>(() => run.Run()).Message.ShouldContain("longer than");
        run.Videos = [];
        Should.Throw<UsageException>(() => run.Run());
        Directory.Exists(run.Folder.Path).ShouldBeFalse();
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void A_finished_run_can_be_resumed_and_is_left_as_it_is()
    {
        using var run = new TinyRun();
        run.Run();
        var before = run.Tensors();
        run.Progress.Clear();
        run.Run(resume: true).Finished.ShouldBeTrue();
        run.Progress.OfType<StepProgress>().ShouldBeEmpty();
        ShouldBeSame(run.Tensors(), before);
    }

    private static readonly Lazy<(Dictionary<string, byte[]> Tensors, CheckpointHeader Header, string[] Metrics)> Uninterrupted = new(() =>
    {
        using var run = new TinyRun();
        run.Run();
        return (run.Tensors(), run.Header(), Lines(run));
    });

    private static Duet.Learning.Recipes.Recipe WithWorkers(int workers) => TinyRun.Recipe with { Training = TinyRun.Recipe.Training with { Workers = workers } };

    private static void ShouldEqualUninterrupted(TinyRun run)
    {
        var (tensors, header, metrics) = Uninterrupted.Value;
        ShouldBeSame(run.Tensors(), tensors);
        var state = run.Header().State;
        state.ShouldBeEquivalentTo(header.State with { Seconds = state.Seconds, MetricsBytes = state.MetricsBytes });
        run.Header().Task.ToJsonString().ShouldBe(header.Task.ToJsonString());
        Lines(run).ShouldBe(metrics);
    }

    private static void ShouldBeSame(Dictionary<string, byte[]> actual, Dictionary<string, byte[]> expected)
    {
        actual.Keys.Order(StringComparer.Ordinal).ShouldBe(expected.Keys.Order(StringComparer.Ordinal));
        expected.Keys.Count(k => k.StartsWith("optimiser.", StringComparison.Ordinal)).ShouldBeGreaterThan(10);
        foreach (var (name, bytes) in expected)
        {
            actual[name].AsSpan().SequenceEqual(bytes).ShouldBeTrue(name);
        }
    }

    /// <summary>The metrics without what a clock says and without events.</summary>
    private static string[] Lines(TinyRun run) => [.. File.ReadAllLines(run.Folder.MetricsFile).Select(l => JsonNode.Parse(l)!.AsObject()).Where(l => l["kind"]!.GetValue<string>() != "event").Select(l =>
    {
        l.Remove("clips_per_second");
        l.Remove("data_wait_share");
        l.Remove("seconds");
        return l.ToJsonString();
    })];
}
