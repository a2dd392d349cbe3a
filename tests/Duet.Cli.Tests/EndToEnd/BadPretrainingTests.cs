using Duet.Cli.Tests.Support;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary>What <c>duet pretrain</c> refuses, with a real store in front of it. Each time one error, and no run folder that pretends.</summary>
[Collection(TinyStore.Collection)]
[Trait("Category", "Slow")]
public sealed class BadPretrainingTests(TinyStore tiny)
{
    [Fact]
    public void A_clip_longer_than_every_video_names_the_longest_and_both_lengths()
    {
        tiny.Duet("pretrain", "tiny.yaml", "--store", "store", "--run", "long", "--set", "clip.frames=250").ShouldBeOneError(
            2, "250 frames, 20 s", "longer than every video", ".mp4, lasts 3 s", "shorter clips");
        Directory.Exists(tiny.In("long")).ShouldBeFalse();
    }

    [Fact]
    public void A_folder_that_holds_a_run_is_left_alone() =>
        tiny.Duet("pretrain", "tiny.yaml", "--store", "store", "--run", tiny.Run).ShouldBeOneError(2, "already holds a run", "--resume");

    [Fact]
    public void Resuming_needs_the_same_recipe_and_shows_what_differs() =>
        tiny.Duet("pretrain", "tiny.yaml", "--store", "store", "--run", tiny.Run, "--resume", "--set", "training.batch=4").ShouldBeOneError(
            2, "another recipe", "training.batch", "8", "4");

    [Fact]
    public void Resuming_needs_the_same_store() =>
        tiny.Duet("pretrain", "tiny.yaml", "--store", "other", "--run", tiny.Run, "--resume").ShouldBeOneError(2, "a store with other videos", tiny.In("store"));

    [Fact]
    public void There_must_be_something_to_resume() =>
        tiny.Duet("pretrain", "tiny.yaml", "--store", "store", "--run", "nothing", "--resume").ShouldBeOneError(2, "holds no run", "--resume");

    [Fact]
    public void A_file_where_the_run_should_go_is_an_error() =>
        tiny.Duet("pretrain", "tiny.yaml", "--store", "store", "--run", "list.csv").ShouldBeOneError(1, tiny.In("list.csv"));

    [Theory]
    [InlineData("size=100k", "the disk is full")]
    [InlineData("ro", "read-only")]
    public void A_place_that_takes_nothing_is_one_error(string mount, string message)
    {
        Assert.SkipWhen(PrivateMount.Missing is not null, PrivateMount.Missing ?? "");
        var place = Directory.CreateDirectory(tiny.In("place")).FullName;
        DuetProcess.RunWith(new PrivateMount(place, mount), tiny.Folder, "pretrain", "tiny.yaml", "--store", "store", "--run", "place/run").ShouldBeOneError(1, message, place);
    }

    [Fact]
    public void Ingest_says_that_the_disk_is_full_and_blames_no_video()
    {
        Assert.SkipWhen(PrivateMount.Missing is not null, PrivateMount.Missing ?? "");
        var place = Directory.CreateDirectory(tiny.In("small")).FullName;
        DuetProcess.RunWith(new PrivateMount(place, "size=600k"), tiny.Folder, "ingest", "list.csv", "--store", "small/store").ShouldBeOneError(1, "the disk is full", place);
    }
}
