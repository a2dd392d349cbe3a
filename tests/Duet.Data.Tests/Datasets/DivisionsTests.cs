using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Data.Tests.Clips;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Datasets;

public sealed class DivisionsTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("train")]
    [InlineData("fold3")]
    [InlineData("a;b")]
    public void A_text_without_an_equals_sign_names_no_divisions(string? split) => Divisions.Parse(split).ShouldBeNull();

    [Fact]
    public void Every_part_is_read_and_written()
    {
        (string, DivisionPart)[] parts = [("split1", DivisionPart.Train), ("split2", DivisionPart.Test), ("split3", DivisionPart.Unused), ("b-x_4", DivisionPart.Validation)];
        Divisions.Write(parts).ShouldBe("split1=train;split2=test;split3=unused;b-x_4=val");
        Divisions.Parse(Divisions.Write(parts)).ShouldBe(parts);
        Divisions.Parse(" split1 = Training; split2 =TESTING").ShouldBe([("split1", DivisionPart.Train), ("split2", DivisionPart.Test)]);
        Should.Throw<ArgumentException>(() => Divisions.Write([("a b", DivisionPart.Train)]));
        Should.Throw<ArgumentException>(() => Divisions.Write([]));
    }

    [Theory]
    [InlineData("split1=learn", "'learn' is none of the parts")]
    [InlineData("split1=train;", "does not begin with a division's name")]
    [InlineData("split1=train;test", "does not begin with a division's name")]
    [InlineData("=train", "does not begin with a division's name")]
    [InlineData("../x=train", "does not begin with a division's name")]
    [InlineData("a23456789012345678901234567890123=train", "does not begin with a division's name")]
    [InlineData("split1=train;split1=test", "names split1 twice")]
    public void What_can_not_be_read_says_why(string split, string why)
    {
        Should.Throw<UsageException>(() => Divisions.Parse(split)).Message.ShouldContain(why);
        Should.Throw<UsageException>(() => Divisions.Of([MemoryStore.Video("odd", split: split)])).Message.ShouldContain("odd.mp4");
    }

    [Fact]
    public void An_absurdly_long_text_is_not_looked_through()
    {
        var split = string.Join(';', Enumerable.Range(0, 1000).Select(i => $"s{i}=train"));
        var message = Should.Throw<UsageException>(() => Divisions.Parse(split)).Message;
        message.ShouldContain("more than 1024");
        message.Length.ShouldBeLessThan(500);
    }

    [Fact]
    public void Official_divisions_come_in_the_order_of_their_numbers()
    {
        var divisions = Divisions.Of(
        [
            MemoryStore.Video("d", split: "train"),
            MemoryStore.Video("c", split: "split10=val;split2=unused"),
            MemoryStore.Video("b", split: "split10=train;split2=test"),
            MemoryStore.Video("a", split: "split2=train"),
        ]);
        divisions.Select(d => d.Name).ShouldBe(["split2", "split10"]);
        (Ids(divisions[0].Train), Ids(divisions[0].Test), Ids(divisions[0].Unused)).ShouldBe(("a", "b", "c d"));
        (Ids(divisions[1].Train), Ids(divisions[1].Test), Ids(divisions[1].Unused)).ShouldBe(("b c", "", "a d"));
    }

    [Fact]
    public void Each_fold_is_tested_by_the_others()
    {
        var divisions = Divisions.Of([.. new[] { "fold2", "fold10", "fold1", "fold1", "other" }.Select((s, i) => MemoryStore.Video($"v{i}", split: s))]);
        divisions.Select(d => (d.Name, Ids(d.Train), Ids(d.Test), Ids(d.Unused))).ShouldBe(
            [("fold1", "v0 v1", "v2 v3", "v4"), ("fold2", "v1 v2 v3", "v0", "v4"), ("fold10", "v0 v2 v3", "v1", "v4")]);
        Divisions.Of([MemoryStore.Video("a", split: "fold1"), MemoryStore.Video("b", split: "train")]).ShouldBeEmpty();
    }

    private static string Ids(IReadOnlyList<StoredVideo> videos) => string.Join(' ', videos.Select(v => v.Id));
}
