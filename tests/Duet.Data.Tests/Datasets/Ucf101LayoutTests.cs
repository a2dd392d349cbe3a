using Duet.Data.Datasets;
using Duet.Tests.Shared.Datasets;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Datasets;

public sealed class Ucf101LayoutTests : IDisposable
{
    private readonly LayoutFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("ucfTrainTestlist", "UCF-101")]
    [InlineData("UCF-101/ucfTrainTestlist", "UCF-101")]
    [InlineData("annotations", "videos")]
    [InlineData("", "")]
    public void Lists_and_videos_lie_where_people_put_them(string lists, string videos)
    {
        Lists(lists, train: "Archery/v_Archery_g08_c01.avi 1", test: "Archery/v_Archery_g01_c01.avi");
        folder.Put(Path.Combine(videos, "Archery/v_Archery_g08_c01.avi"), Path.Combine(videos, "Archery/v_Archery_g01_c01.avi"));
        folder.Found().ShouldBe([Path.Combine(videos, "Archery/v_Archery_g01_c01.avi|Archery|split1=test"), Path.Combine(videos, "Archery/v_Archery_g08_c01.avi|Archery|split1=train")]);
    }

    [Fact]
    public void The_two_spellings_of_one_class_are_one_class()
    {
        // As distributed: the folder has a small s, its videos a capital one; other copies of the lists spell the folder with a capital.
        folder.Write("ucfTrainTestlist/classInd.txt", "37 HandstandPushups\r\n");
        folder.Write("ucfTrainTestlist/trainlist01.txt", "HandStandPushups/v_HandStandPushups_g08_c01.avi 37\r\nHandstandPushups/v_HandstandPushups_g09_c01.avi 37\r\n");
        folder.Write("ucfTrainTestlist/testlist01.txt", "HandstandPushups/v_HandStandPushups_g01_c01.avi\r\n");
        folder.Put("UCF-101/HandstandPushups/v_HandStandPushups_g08_c01.avi", "UCF-101/HandstandPushups/v_HandStandPushups_g09_c01.avi", "UCF-101/HandstandPushups/v_HandStandPushups_g01_c01.avi");
        var list = folder.Find();
        (list.Files.Count, list.Missing, list.Unlisted.Count).ShouldBe((3, 0, 0));
        list.Files.ShouldAllBe(f => f.Label == "HandstandPushups");

        folder.Write("ucfTrainTestlist/trainlist02.txt", "HandstandPushups/v_HandStandPushups_g01_c01.avi 37\r\n");
        folder.Write("ucfTrainTestlist/testlist02.txt", "HandStandPushups/v_HandstandPushups_g08_c01.avi\r\n");
        folder.Find().Files.Select(f => f.Split).ShouldBe(["split1=test;split2=train", "split1=train;split2=test", "split1=train;split2=unused"]);
    }

    [Fact]
    public void Converted_videos_are_found_by_their_names_and_the_listed_kind_is_preferred()
    {
        Lists("ucfTrainTestlist", train: "Archery/v_Archery_g08_c01.avi 1\nArchery/v_Archery_g09_c01.avi 1", test: "Archery/v_Archery_g01_c01.avi");
        folder.Put("mp4/Archery/v_Archery_g08_c01.mp4", "mp4/Archery/v_Archery_g09_c01.mp4", "mp4/Archery/v_Archery_g09_c01.avi", "mp4/v_Archery_g01_c01.mp4"); // the last in no class's folder
        var list = folder.Find();
        list.Files.Select(f => f.Path).ShouldBe(["mp4/Archery/v_Archery_g08_c01.mp4", "mp4/Archery/v_Archery_g09_c01.avi", "mp4/v_Archery_g01_c01.mp4"]);
        list.Unlisted.ShouldBe(["mp4/Archery/v_Archery_g09_c01.mp4"]);
    }

    [Fact]
    public void A_video_in_another_class_s_folder_is_not_it()
    {
        Lists("ucfTrainTestlist", train: "Archery/v_Archery_g08_c01.avi 1\nYoYo/v_Archery_g09_c01.avi 2", test: "Archery/v_Archery_g01_c01.avi", classes: "1 Archery\n2 YoYo\n");
        folder.Put("UCF-101/Archery/v_Archery_g08_c01.avi", "UCF-101/Archery/v_Archery_g09_c01.avi");
        var list = folder.Find();
        list.Skipped.Select(s => s.Path).ShouldBe(["YoYo/v_Archery_g09_c01.avi", "Archery/v_Archery_g01_c01.avi"]);
        list.Skipped[0].Detail.ShouldBe("line 2 of ucfTrainTestlist/trainlist01.txt names it, but it is not there");
    }

    [Theory]
    [InlineData("../../etc/passwd 1", "trainlist01.txt", "Line 1")]
    [InlineData("Archery/.. 1", "trainlist01.txt", "no class and video")]
    [InlineData("/etc/passwd 1", "trainlist01.txt", "no class and video")]
    [InlineData("Archery/a/b.avi 1", "trainlist01.txt", "no class and video")]
    [InlineData("Archery/a.avi 1\nJuggling/b.avi 2", "trainlist01.txt", "Line 2")]
    [InlineData("Juggling/b.avi 2", "trainlist01.txt", "classInd.txt has no class 'Juggling'")]
    [InlineData("Archery/a.avi 2", "trainlist01.txt", "the number 2, classInd.txt 1")]
    [InlineData("Archery/a.avi 1\nArchery/t.avi 1", "testlist01.txt", "names Archery/t.avi again, in another part of split1 than line 2 of ucfTrainTestlist/trainlist01.txt")]
    [InlineData("", "trainlist01.txt", "is empty")]
    [InlineData("\r\n \r\n", "trainlist01.txt", "is empty")]
    [InlineData("Archery/\0.avi 1", "trainlist01.txt", "zero byte")]
    public void A_bad_list_is_wrong_use_and_says_where(string train, string list, string message)
    {
        folder.Put("UCF-101/Archery/a.avi", "UCF-101/Archery/t.avi");
        Lists("ucfTrainTestlist", train, test: "Archery/t.avi");
        var error = Should.Throw<UsageException>(() => folder.Find());
        error.Message.ShouldContain(message);
        error.Message.ShouldContain(Path.Combine(folder.Root, "ucfTrainTestlist", list));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("Archery", "is no number and class")]
    [InlineData("1 Archery\n2 archery", "again")]
    public void A_bad_list_of_classes_says_where(string classes, string message)
    {
        Lists("ucfTrainTestlist", "Archery/a.avi 1", "Archery/t.avi", classes);
        Should.Throw<UsageException>(() => folder.Find()).Message.ShouldContain(message);
    }

    [Fact]
    public void A_split_without_its_test_list_is_wrong_use()
    {
        MiniatureUcf101.Make(folder.Root, new MiniatureOptions());
        File.Delete(Path.Combine(folder.Root, "ucfTrainTestlist", "testlist02.txt"));
        Should.Throw<UsageException>(() => folder.Find()).Message.ShouldContain("testlist02.txt' can't be read");
    }

    [Fact]
    public void An_absurdly_long_line_is_refused()
    {
        Lists("ucfTrainTestlist", "Archery/a.avi 1\n" + new string('x', 200_000), "Archery/t.avi");
        Should.Throw<UsageException>(() => folder.Find()).Message.ShouldContain("trainlist01.txt': it is longer than 65536 characters");
    }

    private void Lists(string where, string train, string test, string classes = "1 Archery\n")
    {
        folder.Write(Path.Combine(where, "classInd.txt"), classes);
        folder.Write(Path.Combine(where, "trainlist01.txt"), train);
        folder.Write(Path.Combine(where, "testlist01.txt"), test);
    }
}
