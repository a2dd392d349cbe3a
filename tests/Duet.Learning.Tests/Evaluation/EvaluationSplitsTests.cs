using Duet.Data;
using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Learning.Evaluation;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Evaluation;

public sealed class EvaluationSplitsTests
{
    private static readonly StoredVideo[] Videos = [.. Enumerable.Range(0, 36).Select(i => LevelStore.Video($"v{i:00}", 40, (i % 3) switch { 0 => "dim", 1 => "grey", _ => "bright" }, $"fold{(i / 3 % 3) + 1}"))];

    /// <summary>Two classes; every fourth video is tested in split1, the next one in split2, and one of eight is not used in split2.</summary>
    private static readonly StoredVideo[] Official =
    [
        .. Enumerable.Range(0, 32).Select(i => LevelStore.Video(
            $"o{i:00}", 40, i / 8 % 2 == 0 ? "run" : "sit", $"split1={(i % 4 == 0 ? "test" : "train")};split2={(i % 4 == 1 ? "test" : i % 8 == 7 ? "unused" : "train")}")),
    ];

    [Fact]
    public void Every_official_division_is_one()
    {
        var (splits, leftOut) = EvaluationSplits.Of([.. Official, LevelStore.Video("own", 40, "run")], () => throw new InvalidOperationException());
        splits.Select(s => (s.Name, s.Train.Count, s.Test.Count)).ShouldBe([("split1", 24, 8), ("split2", 20, 8)]);
        splits[0].Test.Select(v => v.Id).ShouldBe(["o00", "o04", "o08", "o12", "o16", "o20", "o24", "o28"]);
        splits[1].Train.ShouldAllBe(v => v.Split!.EndsWith("split2=train", StringComparison.Ordinal));
        leftOut.ShouldHaveSingleItem().ShouldBe(new LeftOut("own", "own.mp4", "split1, split2 do not use it"));
    }

    [Fact]
    public void A_run_that_learned_from_one_division_is_not_tested_on_what_it_saw()
    {
        // What pretraining does on such a store: split1's test videos are held out, so all of split2's were learned from.
        var trained = Partition.Of(Official, new PartitionOptions { ValidationShare = 0 }).Train.Select(v => v.Id).ToHashSet(StringComparer.Ordinal);
        var (splits, leftOut) = EvaluationSplits.Of(Official, () => throw new InvalidOperationException(), "", trained);
        splits.ShouldHaveSingleItem().Name.ShouldBe("split1");
        splits[0].Test.Count.ShouldBe(8);
        leftOut.Count(l => l.Reason == "the run learned from it").ShouldBe(8);

        EvaluationSplits.Of(Official, () => throw new InvalidOperationException(), "", trained, "1").LeftOut.ShouldBeEmpty("what another division would leave out is not listed");
        Should.Throw<UsageException>(() => EvaluationSplits.Of(Official, () => throw new InvalidOperationException(), "", trained, "split2")).Message.ShouldContain("every test video of split2");
        EvaluationSplits.Of(Official, () => throw new InvalidOperationException(), "", trained, "1,2").Splits.ShouldHaveSingleItem().Name.ShouldBe("split1");
        Should.Throw<UsageException>(() => EvaluationSplits.Of(Official, () => throw new InvalidOperationException(), "", trained, "3")).Message.ShouldContain("There is split1, split2.");

        var one = EvaluationSplits.Of(Official, () => throw new InvalidOperationException(), "split2", new HashSet<string>(StringComparer.Ordinal) { "o01" });
        one.Splits.ShouldHaveSingleItem().Test.Count.ShouldBe(7);
        Should.Throw<UsageException>(() => EvaluationSplits.Of(Official, () => throw new InvalidOperationException(), "split2", trained)).Message.ShouldContain("every test video of split2");
    }

    [Fact]
    public void Where_the_test_part_has_no_labels_the_validation_part_is_the_test()
    {
        StoredVideo[] videos =
        [
            LevelStore.Video("a", label: "x", split: "train"), LevelStore.Video("b", label: "y", split: "train"), LevelStore.Video("c", label: "y", split: "val"),
            LevelStore.Video("d", label: "x", split: "val"), LevelStore.Video("e", split: "test"),
        ];
        var (splits, leftOut) = EvaluationSplits.Of(videos, () => throw new InvalidOperationException(), "", new HashSet<string>(StringComparer.Ordinal) { "d" });
        var split = splits.ShouldHaveSingleItem();
        (split.Name, Ids(split.Train), Ids(split.Test)).ShouldBe(("val", "a b", "c"));
        leftOut.ShouldHaveSingleItem().ShouldBe(new LeftOut("d", "d.mp4", "the run learned from it"));
    }

    [Fact]
    public void Some_divisions_are_picked_by_name_or_number()
    {
        var splits = EvaluationSplits.Of(Videos, () => throw new InvalidOperationException()).Splits;
        Names("").ShouldBe("fold1 fold2 fold3");
        Names("2").ShouldBe("fold2");
        Names("fold3, FOLD1,3").ShouldBe("fold1 fold3");
        foreach (var wrong in new[] { "4", "split1", "1,", "0" })
        {
            Should.Throw<UsageException>(() => EvaluationSplits.Pick(splits, wrong)).Message.ShouldContain("There is fold1, fold2, fold3.");
        }

        string Names(string which) => string.Join(' ', EvaluationSplits.Pick(splits, which).Select(s => s.Name));
    }

    [Fact]
    public void A_store_without_labels_says_how_to_label()
    {
        var error = Should.Throw<UsageException>(() => EvaluationSplits.Of([LevelStore.Video("a")], () => throw new InvalidOperationException()));
        error.Message.ShouldContain("--labels folders");
        error.Message.ShouldContain("path,label,split");
    }

    [Fact]
    public void Without_folds_training_and_validation_teach_and_the_test_part_tests()
    {
        StoredVideo[] videos =
        [
            LevelStore.Video("a", label: "x", split: "train"), LevelStore.Video("b", label: "y", split: "train"), LevelStore.Video("c", label: "y", split: "val"),
            LevelStore.Video("d", label: "x", split: "test"), LevelStore.Video("e", label: "z", split: "test"), LevelStore.Video("f", split: "test"),
        ];
        var (splits, leftOut) = EvaluationSplits.Of(videos, () => EvaluationParts.Of(videos, new PartitionOptions(), new HashSet<string>(), "test"));
        splits.Single().Train.Select(v => v.Id).ShouldBe(["a", "b", "c"]);
        splits.Single().Test.Select(v => v.Id).ShouldBe(["d"]);
        leftOut.ShouldContain(new LeftOut("e", "e.mp4", "no training video has its label 'z'"));
        leftOut.ShouldContain(new LeftOut("f", "f.mp4", "it has no label"));
    }

    [Fact]
    public void One_class_is_wrong_use()
    {
        StoredVideo[] videos = [LevelStore.Video("a", label: "x", split: "train"), LevelStore.Video("b", label: "x", split: "test")];
        Should.Throw<UsageException>(() => EvaluationSplits.Of(videos, () => EvaluationParts.Of(videos, new PartitionOptions(), new HashSet<string>(), "test")))
            .Message.ShouldContain("one class only");
    }

    [Fact]
    public void A_fold_that_was_left_out_is_tested_alone_and_without_videos_that_taught_before()
    {
        var (splits, leftOut) = EvaluationSplits.Of(Videos, () => throw new InvalidOperationException(), "fold2", new HashSet<string>(StringComparer.Ordinal) { "v03", "v00" });
        splits.Single().Name.ShouldBe("fold2");
        splits[0].Train.ShouldAllBe(v => v.Split != "fold2");
        splits[0].Test.Select(v => v.Id).ShouldBe(Videos.Where(v => v.Split == "fold2" && v.Id != "v03").Select(v => v.Id));
        leftOut.Single().VideoId.ShouldBe("v03");

        // A split that is no fold, in a store that has folds too: the division decides.
        var parts = EvaluationParts.Of(Videos, new PartitionOptions(), new HashSet<string>(), "test");
        EvaluationSplits.Of(Videos, () => parts, "test").Splits.Single().Test.Count.ShouldBe(parts.Test.Count);
    }

    private static string Ids(IReadOnlyList<StoredVideo> videos) => string.Join(' ', videos.Select(v => v.Id));
}
