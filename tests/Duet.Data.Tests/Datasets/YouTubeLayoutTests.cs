using Duet.Data.Datasets;
using Duet.Data.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Datasets;

/// <summary>Kinetics, AudioSet and VGGSound: lists of stretches of YouTube videos.</summary>
public sealed class YouTubeLayoutTests : IDisposable
{
    private const string Kinetics = "label,youtube_id,time_start,time_end,split\n";
    private const string Comments = "# Segments csv created Sun Mar  5 10:54:31 2017\n# num_ytids=2, num_segs=2, num_unique_labels=3, num_positive_labels=5\n# YTID, start_seconds, end_seconds, positive_labels\n";

    private readonly LayoutFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("clip/-_0123456-a_000030_000040.mp4")]
    [InlineData("-_0123456-a_30_40.webm")]
    [InlineData("-_0123456-a_30000_40000.flac")]
    [InlineData("-_0123456-a_30.000_40.000.wav")]
    [InlineData("-_0123456-a_000030.mp4")]
    [InlineData("-_0123456-a_30.mp4")]
    [InlineData("Y-_0123456-a.wav")]
    [InlineData("Y-_0123456-a_30_40.wav")]
    [InlineData("-_0123456-a.mp4")]
    public void A_clip_is_found_under_each_customary_name(string path)
    {
        folder.Put(path);
        folder.Write("vggsound.csv", "-_0123456-a,30,\"a, b\",train\n-_0123456-b,30,c,test\n");
        folder.Found().ShouldBe([$"{path}|a, b|train"]);
        folder.Write("vggsound.csv", "nonono-none,0,c,test\n");
        folder.Write("train.csv", Kinetics + "\"a, b\",-_0123456-a,30,40,train\n");
        folder.Found(DatasetLayout.Kinetics).ShouldBe([$"{path}|a, b|train"]);
        folder.Write("eval_segments.csv", Comments + "-_0123456-a, 30.000, 40.000, \"/m/x,/m/y\"\n");
        folder.Found(DatasetLayout.AudioSet).ShouldBe([$"{path}|/m/x; /m/y|test"]);
    }

    [Theory]
    [InlineData("-_0123456-a_000031_000041.mp4")]
    [InlineData("-_0123456-a_000030_000041.mp4")]
    [InlineData("-_0123456-a_30_40_50.mp4")]
    [InlineData("-_0123456-ab.mp4")]
    [InlineData("-_0123456-a_x.mp4")]
    [InlineData("-_0123456-A.mp4")]
    [InlineData("XY-_0123456-a.mp4")]
    public void Another_stretch_or_another_video_is_not_it(string path)
    {
        folder.Put(path, "bbbbbbbbbbb.mp4");
        folder.Write("train.csv", Kinetics + "x,-_0123456-a,30,40,train\ny,bbbbbbbbbbb,0,10,train\n");
        var list = folder.Find();
        list.Files.ShouldHaveSingleItem().Label.ShouldBe("y");
        list.Skipped.ShouldHaveSingleItem().Path.ShouldBe("-_0123456-a_000030_000040");
        list.Unlisted.ShouldBe([path]);
    }

    [Fact]
    public void Of_several_files_the_most_precise_one_in_the_best_folder_is_taken()
    {
        folder.Put("aaaaaaaaaaa.mp4", "other/aaaaaaaaaaa_30_40.mp4", "train/aaaaaaaaaaa_30_40.mp4", "train/tap_dancing/aaaaaaaaaaa_30_40.mp4", "test/tap dancing/aaaaaaaaaaa_30_40.mp4");
        folder.Write("annotations/list.csv", Kinetics + "tap dancing,aaaaaaaaaaa,30,40,train\n");
        folder.Find().Files.ShouldHaveSingleItem().Path.ShouldBe("train/tap_dancing/aaaaaaaaaaa_30_40.mp4");
        folder.Put("replacement/replacement_for_corrupted_k400/aaaaaaaaaaa_30_40.mp4");
        folder.Find().Files.ShouldHaveSingleItem().Path.ShouldBe("replacement/replacement_for_corrupted_k400/aaaaaaaaaaa_30_40.mp4");
        folder.Find().Unlisted.Count.ShouldBe(5);
    }

    [Fact]
    public void Two_stretches_of_one_whole_video_are_not_told_apart_and_the_second_is_named()
    {
        folder.Put("aaaaaaaaaaa.mp4");
        folder.Write("vggsound.csv", "aaaaaaaaaaa,30,x,train\naaaaaaaaaaa,60,y,test\naaaaaaaaaaa,30,x,train\n");
        var list = folder.Find();
        list.Files.ShouldHaveSingleItem().Label.ShouldBe("x");
        list.Skipped.ShouldHaveSingleItem().Detail.ShouldBe("line 2 of vggsound.csv names a part of aaaaaaaaaaa.mp4, which is taken for line 1 of vggsound.csv already");
        folder.Write("vggsound.csv", "aaaaaaaaaaa,30,x,train\naaaaaaaaaaa,30,x,test\n");
        Should.Throw<UsageException>(() => folder.Find()).Message.ShouldContain("Line 2");
    }

    [Fact]
    public void Labels_of_AudioSet_are_named_by_what_lies_beside_the_lists()
    {
        folder.Put("balanced_train_segments/Y--aaaaaaaaa_30.000_40.000.wav", "unbalanced/bbbbbbbbbbb.wav");
        folder.Write("csv/balanced_train_segments.csv", Comments + "--aaaaaaaaa, 30.000, 40.000, \"/m/09x0r,/t/dd00088\"\n");
        folder.Write("csv/unbalanced_train_segments.csv", Comments + "bbbbbbbbbbb, 0.000, 7.000, \"/m/012xff\"\n");
        folder.Find().Files.Select(f => f.Label).ShouldBe(["/m/09x0r; /t/dd00088", "/m/012xff"]);
        folder.Write("csv/ontology.json", """[{"id": "/m/09x0r", "name": "Speech"}, {"id": "/t/dd00088", "name": "Gush"}]""");
        folder.Find().Files.Select(f => f.Label).ShouldBe(["Speech; Gush", "/m/012xff"]);
        folder.Write("class_labels_indices.csv", "index,mid,display_name\n0,/m/09x0r,\"Male speech, man speaking\"\n1,/t/dd00088,\"Gush\"\n2,/m/012xff,\"Toothbrush\"\n");
        var list = folder.Find();
        list.Files.Select(f => $"{f.Label}|{f.Split}").ShouldBe(["Male speech, man speaking; Gush|train", "Toothbrush|train"]);
        list.NaturalStreams.ShouldBe(StoreStreams.Audio, "sound alone lies there");
        folder.Put("unbalanced/ccccccccccc.mp4");
        folder.Write("csv/eval_segments.csv", Comments + "ccccccccccc, 0.000, 7.000, \"/m/012xff\"\n");
        folder.Find().NaturalStreams.ShouldBe(StoreStreams.Both);
    }

    [Theory]
    [InlineData("train.csv", "x,-_0123456-a,30,40\n", "Line 2")]
    [InlineData("train.csv", "x,../../etc/p,30,40,train\n", "is not 11 letters")]
    [InlineData("train.csv", "x,-_0123456-a,-30,40,train\n", "are not seconds")]
    [InlineData("train.csv", "x,-_0123456-a,30,1e300,train\n", "are not seconds")]
    [InlineData("train.csv", "x,-_0123456-a,30,40,learn\n", "split 'learn'")]
    [InlineData("list.csv", "x,-_0123456-a,30,40,\n", "split ''")]
    [InlineData("train.csv", "\"x,-_0123456-a,30,40,train\n", "nothing closes")]
    public void A_bad_list_of_Kinetics_says_where(string name, string rows, string message)
    {
        folder.Put("-_0123456-a.mp4");
        folder.Write(name, Kinetics + rows);
        var error = Should.Throw<UsageException>(() => folder.Find());
        error.Message.ShouldContain(message);
        error.Message.ShouldContain(name);
    }

    [Theory]
    [InlineData("vggsound.csv", "", "is empty")]
    [InlineData("vggsound.csv", "-_0123456-a,30,x\n", "Line 1")]
    [InlineData("vggsound.csv", "-_0123456-a,30,x,val\n", "Line 1")]
    [InlineData("vggsound.csv", "-_0123456-a,30,x,test\n/etc/passwd,30,x,train\n", "Line 2")]
    [InlineData("eval_segments.csv", Comments, "is empty")]
    [InlineData("eval_segments.csv", Comments + "-_0123456-a, 30.000, 40.000, /m/x, /m/y\n", "Line 4")]
    [InlineData("eval_segments.csv", Comments + "../../etc/p, 30.000, 40.000, \"/m/x\"\n", "Line 4")]
    public void Other_bad_lists_say_where(string name, string text, string message)
    {
        folder.Put("-_0123456-a.mp4");
        folder.Write(name, text);
        var error = Should.Throw<UsageException>(() => folder.Find());
        error.Message.ShouldContain(message);
        error.Message.ShouldContain(name);
    }

    [Theory]
    [InlineData("ontology.json", "{\"id\": 1")]
    [InlineData("ontology.json", "[{\"name\": \"Speech\"}]")]
    [InlineData("class_labels_indices.csv", "index,mid,display_name\n0,/m/x\n")]
    public void Bad_names_of_labels_say_where(string name, string text)
    {
        folder.Put("-_0123456-a.mp4");
        folder.Write("eval_segments.csv", Comments + "-_0123456-a, 30.000, 40.000, \"/m/x\"\n");
        folder.Write(name, text);
        Should.Throw<UsageException>(() => folder.Find()).Message.ShouldContain(name);
    }

    [Fact]
    public void A_list_of_paths_beside_videos_is_none_of_them()
    {
        folder.Put("a.mp4");
        folder.Write("train.csv", "path,label,split\na.mp4,x,train\n");
        folder.Find().Layout.ShouldBe("a folder");
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void A_list_with_two_million_lines_is_read_line_by_line()
    {
        const int lines = 2_000_000;
        using (var writer = new StreamWriter(Path.Combine(folder.Root, "unbalanced_train_segments.csv")))
        {
            writer.Write(Comments);
            for (var i = 0; i < lines; i++)
            {
                writer.Write($"{i:00000000000}, 30.000, 40.000, \"/m/{i % 500},/m/{i % 7}\"\n");
            }
        }

        folder.Put([.. Enumerable.Range(0, 1000).Select(i => $"clips/{i * 1999:00000000000}_30.000_40.000.wav")]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var list = folder.Find();
        (list.Files.Count, list.Missing, list.Skipped.Count, list.Unnamed).ShouldBe((1000, lines - 1000, 10_000, lines - 11_000));
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(lines * 1200L, "what a line needs is let go of again");
    }
}
