using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Evaluation;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Evaluation;

public sealed class EvaluationPartsTests
{
    private static readonly StoredVideo[] Videos =
    [
        LevelStore.Video("a", split: "train"), LevelStore.Video("b", split: "train"), LevelStore.Video("c", split: "val"), LevelStore.Video("d", split: "val"),
        LevelStore.Video("e", split: "test"), LevelStore.Video("f", split: "test"), LevelStore.Video("g", split: "extra"),
    ];

    [Fact]
    public void The_test_part_is_the_catalogs()
    {
        var parts = Of([], "test");
        parts.Test.Select(v => v.Id).ShouldBe(["e", "f"]);
        parts.Validation.Select(v => v.Id).ShouldBe(["c", "d"]);
        parts.LeftOut.ShouldBeEmpty();
    }

    [Fact]
    public void A_video_that_taught_the_run_is_never_a_test()
    {
        var parts = Of(["e", "c"], "test");
        parts.Test.Select(v => v.Id).ShouldBe(["f"]);
        parts.Validation.Select(v => v.Id).ShouldBe(["d"]);
        parts.LeftOut.ShouldBe([new LeftOut("e", "e.mp4", "the run learned from it")]);
        Should.Throw<UsageException>(() => Of(["e", "f"], "test")).Message.ShouldContain("learned from them");
    }

    [Fact]
    public void All_is_everything_that_neither_taught_nor_validated() => Of(["a", "b"], "all").Test.Select(v => v.Id).ShouldBe(["e", "f", "g"]);

    [Fact]
    public void A_split_of_the_catalog_can_be_named()
    {
        Of([], "extra").Test.Select(v => v.Id).ShouldBe(["g"]);
        var error = Should.Throw<UsageException>(() => Of([], "extre"));
        error.Message.ShouldContain("Did you mean 'extra'?");
        error.ExitCode.ShouldBe(2);
    }

    [Fact]
    public void Validation_videos_can_not_be_tested_by_name() => Should.Throw<UsageException>(() => Of([], "val")).Message.ShouldContain("validated on them");

    [Fact]
    public void A_store_that_does_not_fit_is_wrong_use()
    {
        var clip = new ClipOptions { FrameRate = 25 };
        EvaluationParts.CheckFit(new StoreSettings(), clip, new LogMelOptions());
        Should.Throw<UsageException>(() => EvaluationParts.CheckFit(new StoreSettings { SampleRate = 24_000 }, clip, new LogMelOptions())).Message.ShouldContain("--sample-rate 16000");
        Should.Throw<UsageException>(() => EvaluationParts.CheckFit(new StoreSettings { FrameRate = 30 }, clip, new LogMelOptions())).Message.ShouldContain("--fps 25");
    }

    private static EvaluationParts Of(string[] trained, string split) =>
        EvaluationParts.Of(Videos, new PartitionOptions(), trained.ToHashSet(StringComparer.Ordinal), split);

    [Fact]
    public void Few_labels_are_drawn_per_class_and_do_not_depend_on_what_else_is_there()
    {
        StoredVideo[] Videos(string label, int count) => [.. Enumerable.Range(0, count).Select(i => LevelStore.Video($"{label}{i:00}", label: label))];
        var (cats, dogs, rare) = (Videos("cat", 20), Videos("dog", 20), Videos("rare", 2));
        var test = Videos("cat", 1);
        var few = EvaluationSplits.Few(new EvaluationSplit("test", [.. cats, .. dogs, .. rare], test), 5, seed: 3);
        few.Train.CountBy(v => v.Label!).ToDictionary(p => p.Key, p => p.Value).ShouldBe(new Dictionary<string, int> { ["cat"] = 5, ["dog"] = 5, ["rare"] = 2 }, ignoreOrder: true);
        few.Test.ShouldBe(test);

        var alone = EvaluationSplits.Few(new EvaluationSplit("test", [.. cats.Reverse()], test), 5, seed: 3);
        alone.Train.ShouldBe(few.Train.Where(v => v.Label == "cat"));
        EvaluationSplits.Few(new EvaluationSplit("test", cats, test), 5, seed: 4).Train.ShouldNotBe(alone.Train);
        EvaluationSplits.Few(new EvaluationSplit("test", cats, test), 0, seed: 3).Train.ShouldBe(cats);
    }
}
