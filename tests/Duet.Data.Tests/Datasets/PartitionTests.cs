using CsCheck;
using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Data.Tests.Clips;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Datasets;

public sealed class PartitionTests
{
    private static string Ids(IEnumerable<StoredVideo> videos) => string.Join(' ', videos.Select(v => v.Id));

    [Fact]
    public void Adding_videos_never_moves_another_one() =>
        Gen.Select(Gen.Int[1, 60], Gen.Int[0, 60], Gen.Long).Sample((before, added, seed) =>
        {
            var options = new PartitionOptions { ValidationShare = 0.2, TestShare = 0.3, Seed = seed };
            var all = MemoryStore.Videos(before + added);
            var few = Partition.Of(all[..before], options);
            var more = Partition.Of([.. all.Reverse()], options);
            if (few.Validation.Count != 1 && few.Test.Count != 1) // a single video may be there only so that the part is not empty
            {
                few.Train.ShouldBeSubsetOf(more.Train);
                few.Validation.ShouldBeSubsetOf(more.Validation);
                few.Test.ShouldBeSubsetOf(more.Test);
            }

            (more.Train.Count + more.Validation.Count + more.Test.Count).ShouldBe(before + added);
        });

    [Fact]
    public void Shares_are_kept_on_average()
    {
        var parts = Partition.Of([.. Enumerable.Range(0, 10_000).Select(i => MemoryStore.Video($"{i:x8}"))], new PartitionOptions { ValidationShare = 0.1, TestShare = 0.2 });
        parts.Validation.Count.ShouldBeInRange(850, 1150);
        parts.Test.Count.ShouldBeInRange(1800, 2200);
        Partition.Of(MemoryStore.Videos(100), new PartitionOptions { ValidationShare = 0, TestShare = 0 }).Train.Count.ShouldBe(100);
    }

    [Fact]
    public void The_catalogs_split_decides_where_there_is_one()
    {
        StoredVideo[] videos =
        [
            MemoryStore.Video("a", split: "Train"), MemoryStore.Video("b", split: "valid"), MemoryStore.Video("c", split: "TEST"),
            MemoryStore.Video("d", split: "validation"), MemoryStore.Video("e", split: "val"), MemoryStore.Video("f", split: "training"),
        ];
        var parts = Partition.Of(videos, new PartitionOptions { ValidationShare = 0.4, TestShare = 0.4 });
        Ids(parts.Train).ShouldBe("a f");
        Ids(parts.Validation).ShouldBe("b d e");
        Ids(parts.Test).ShouldBe("c");
        Ids(parts.Splits["valid"]).ShouldBe("b");
    }

    [Fact]
    public void A_part_that_no_video_is_named_for_is_taken_from_training_and_the_named_test_stays()
    {
        StoredVideo[] videos = [.. Enumerable.Range(0, 200).Select(i => MemoryStore.Video($"v{i:000}", split: i % 4 == 0 ? "test" : "train"))];
        var parts = Partition.Of(videos, new PartitionOptions { ValidationShare = 0.2, TestShare = 0.2 });
        parts.Test.Count.ShouldBe(50);
        parts.Test.ShouldAllBe(v => v.Split == "test");
        parts.Validation.Count.ShouldBeInRange(10, 60);
        parts.Validation.ShouldAllBe(v => v.Split == "train");
        (parts.Train.Count + parts.Validation.Count).ShouldBe(150);
    }

    [Fact]
    public void Folds_stay_accessible_and_are_divided_by_hash()
    {
        StoredVideo[] videos = [.. Enumerable.Range(0, 60).Select(i => MemoryStore.Video($"v{i:00}", split: $"fold{(i % 3) + 1}"))];
        var parts = Partition.Of(videos, new PartitionOptions());
        parts.Splits.Keys.Order(StringComparer.Ordinal).ShouldBe(["fold1", "fold2", "fold3"]);
        parts.Splits["fold2"].Count.ShouldBe(20);
        var unnamed = Partition.Of([.. videos.Select(v => v with { Split = null })], new PartitionOptions());
        Ids(parts.Test).ShouldBe(Ids(unnamed.Test));
        unnamed.Splits.ShouldBeEmpty();
    }

    [Fact]
    public void Changing_one_share_leaves_the_other_part_alone()
    {
        var videos = MemoryStore.Videos(300);
        Ids(Partition.Of(videos, new() { ValidationShare = 0.5 }).Test).ShouldBe(Ids(Partition.Of(videos, new() { ValidationShare = 0.05 }).Test));
        Ids(Partition.Of(videos, new() { TestShare = 0.5 }).Validation).ShouldBe(Ids(Partition.Of(videos, new() { TestShare = 0.05 }).Validation));
    }

    [Fact]
    public void A_named_test_split_is_the_test_and_nothing_of_it_is_learned()
    {
        StoredVideo[] videos = [.. Enumerable.Range(0, 60).Select(i => MemoryStore.Video($"v{i:00}", split: $"fold{(i % 3) + 1}"))];
        var parts = Partition.Of(videos, new() { TestSplit = "fold2" });
        Ids(parts.Test).ShouldBe(Ids(videos.Where(v => v.Split == "fold2").ToArray()));
        (parts.Train.Count + parts.Validation.Count).ShouldBe(40);
        parts.Validation.ShouldNotBeEmpty();
        var error = Should.Throw<UsageException>(() => Partition.Of(videos, new() { TestSplit = "fold9" }));
        error.Message.ShouldContain("fold9");
        error.Message.ShouldContain("fold1, fold2, fold3");
        Should.Throw<UsageException>(() => Partition.Of([MemoryStore.Video("a", split: "test"), MemoryStore.Video("b", split: "train")], new() { TestSplit = "fold1" }))
            .Message.ShouldContain("It has test, train");
        Should.Throw<UsageException>(() => Partition.Of(MemoryStore.Videos(5), new() { TestSplit = "fold1" })).Message.ShouldContain("names no splits");
    }

    [Fact]
    public void Of_several_divisions_the_first_or_the_named_one_holds_out_its_test_videos()
    {
        string[] texts = ["split1=train;split2=test", "split1=train;split2=unused", "split1=test;split2=train", "split1=unused;split2=train", "split1=val;split2=train"];
        StoredVideo[] videos = [.. Enumerable.Range(0, 100).Select(i => MemoryStore.Video($"v{i:00}", split: texts[i % 5]))];
        var first = Partition.Of(videos, new() { TestShare = 0.5 });
        Ids(first.Test).ShouldBe(Ids(videos.Where(v => v.Split!.StartsWith("split1=test", StringComparison.Ordinal)).ToArray()));
        Ids(first.Validation).ShouldBe(Ids(videos.Where(v => v.Split!.StartsWith("split1=val", StringComparison.Ordinal)).ToArray()));
        first.Train.Count.ShouldBe(40, "what the division does not use is not learned from");
        first.Note.ShouldNotBeNull().ShouldContain("split1 decides what is learned from (the first of split1, split2; data.test_split names another): its 20 test videos are held out, and 20 ");

        var second = Partition.Of(videos, new() { TestSplit = "split2", ValidationShare = 0.3 });
        Ids(second.Test).ShouldBe(Ids(videos.Where(v => v.Split!.EndsWith("split2=test", StringComparison.Ordinal)).ToArray()));
        second.Validation.Count.ShouldBeInRange(1, 59);
        (second.Train.Count + second.Validation.Count).ShouldBe(60);
        second.Train.Concat(second.Validation).ShouldAllBe(v => v.Split!.EndsWith("split2=train", StringComparison.Ordinal));
        second.Note.ShouldNotBeNull().ShouldContain("data.test_split names it");

        Ids(first.Splits["split2=unused"]).ShouldBe(Ids(videos.Where(v => v.Split!.EndsWith("split2=unused", StringComparison.Ordinal)).ToArray()));
        Should.Throw<UsageException>(() => Partition.Of(videos, new() { TestSplit = "split3" })).Message.ShouldContain("It has split1, split2.");
        Partition.Of(MemoryStore.Videos(4), new()).Note.ShouldBeNull();
    }

    [Fact]
    public void A_small_store_has_a_video_in_every_part_that_was_asked_for()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var videos = MemoryStore.Videos(6);
            var parts = Partition.Of(videos, new() { ValidationShare = 0.05, TestShare = 0.05, Seed = seed });
            parts.Validation.ShouldNotBeEmpty();
            parts.Test.ShouldNotBeEmpty();
            (parts.Train.Count + parts.Validation.Count + parts.Test.Count).ShouldBe(6);
            Partition.Of(videos, new() { ValidationShare = 0, TestShare = 0.05, Seed = seed }).Validation.ShouldBeEmpty();
        }

        Partition.Of(MemoryStore.Videos(2), new() { ValidationShare = 0.01, TestShare = 0.01 }).Train.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(0.5, 0.5)]
    [InlineData(-0.1, 0.5)]
    [InlineData(double.NaN, 0.1)]
    public void Shares_that_leave_nothing_to_learn_from_are_refused(double validation, double test) =>
        Should.Throw<UsageException>(() => Partition.Of(MemoryStore.Videos(3), new() { ValidationShare = validation, TestShare = test }));
}
