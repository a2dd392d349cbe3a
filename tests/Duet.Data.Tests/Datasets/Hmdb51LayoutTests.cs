using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Tests.Shared.Datasets;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Datasets;

public sealed class Hmdb51LayoutTests : IDisposable
{
    private readonly LayoutFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("testTrainMulti_7030_splits", "hmdb51_org")]
    [InlineData("test_train_splits/testTrainMulti_7030_splits", "")]
    [InlineData("hmdb51_splits", "videos")]
    public void Lists_and_videos_lie_where_people_put_them(string lists, string videos)
    {
        folder.Write(Path.Combine(lists, "shake_hands_test_split1.txt"), "a b_[x]_shake_hands_0.avi 1 \n#c&d!_shake_hands_1.avi 2 \ne_shake_hands_2.avi 0 \n");
        folder.Put([.. new[] { "a b_[x]_shake_hands_0.avi", "#c&d!_shake_hands_1.avi", "e_shake_hands_2.mp4" }.Select(name => Path.Combine(videos, "shake_hands", name))]);
        folder.Found().ShouldBe(
            [.. new[] { "#c&d!_shake_hands_1.avi|shake_hands|split1=test", "a b_[x]_shake_hands_0.avi|shake_hands|split1=train", "e_shake_hands_2.mp4|shake_hands|split1=unused" }.Select(line => Path.Combine(videos, "shake_hands", line))]);
    }

    [Fact]
    public void A_class_whose_name_begins_another_s_keeps_its_own_videos()
    {
        MiniatureHmdb51.Make(folder.Root, new MiniatureOptions());
        var list = folder.Find();
        list.Files.ShouldAllBe(f => f.Path.StartsWith(f.Label + "/", StringComparison.Ordinal));
        list.Files.Select(f => f.Label).Distinct().ShouldBe(MiniatureHmdb51.Classes);
    }

    [Fact]
    public void A_class_without_videos_is_named_file_by_file()
    {
        MiniatureHmdb51.Make(folder.Root, new MiniatureOptions(Damaged: false));
        Directory.Delete(Path.Combine(folder.Root, "climb"), recursive: true);
        var list = folder.Find();
        (list.Files.Count, list.Missing).ShouldBe((12, 6));
        list.Skipped.ShouldAllBe(s => s.Path.StartsWith("climb/", StringComparison.Ordinal) && s.Reason == QuarantineReason.Unreadable);
    }

    [Theory]
    [InlineData("../../etc/passwd 1", "is no video and 0, 1 or 2")]
    [InlineData("a.avi 3", "is no video and 0, 1 or 2")]
    [InlineData("a.avi", "is no video and 0, 1 or 2")]
    [InlineData("", "is empty")]
    [InlineData("a.avi 1\na.avi 2", "Line 2")]
    public void A_bad_list_is_wrong_use_and_says_where(string text, string message)
    {
        folder.Put("wave/a.avi");
        folder.Write("testTrainMulti_7030_splits/wave_test_split1.txt", text);
        var error = Should.Throw<UsageException>(() => folder.Find());
        error.Message.ShouldContain(message);
        error.Message.ShouldContain("wave_test_split1.txt");
    }

    [Fact]
    public void A_class_that_lacks_one_of_the_splits_is_wrong_use()
    {
        MiniatureHmdb51.Make(folder.Root, new MiniatureOptions());
        File.Delete(Path.Combine(folder.Root, "testTrainMulti_7030_splits", "climb_test_split2.txt"));
        Should.Throw<UsageException>(() => folder.Find()).Message.ShouldContain("has no climb_test_split2.txt");
    }
}
