using Duet.Data.Datasets;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Datasets;

public sealed class DcaseScenesLayoutTests : IDisposable
{
    private readonly LayoutFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_name_tells_the_scene_and_a_folder_the_part()
    {
        folder.Put("scenes_stereo/scenes_stereo/tubestation10.wav", "scenes_stereo/tube01.wav", "scenes_stereo_testset/test_tube01.wav", "scenes_stereo_testset/quietstreet02.flac", "other/bus01.wav");
        folder.Found().ShouldBe(
        [
            "scenes_stereo/scenes_stereo/tubestation10.wav|tubestation|train", "scenes_stereo/tube01.wav|tube|train",
            "scenes_stereo_testset/quietstreet02.flac|quietstreet|test", "scenes_stereo_testset/test_tube01.wav|tube|test",
        ]);
        folder.Find().Unlisted.ShouldBe(["other/bus01.wav"]);
    }

    [Fact]
    public void Lists_of_folds_decide_where_there_are_any()
    {
        folder.Put("audio/a.wav", "audio/b.wav", "audio/c.wav", "scenes_stereo/bus01.wav");
        folder.Write("evaluation_setup/fold1_train.txt", "audio/a.wav\tcafe/restaurant\r\naudio/b.wav\ttrain\r\n");
        folder.Write("evaluation_setup/fold1_test.txt", "audio/c.wav\r\n");
        folder.Write("evaluation_setup/fold1_evaluate.txt", "audio/c.wav\ttrain\r\n");
        folder.Write("evaluation_setup/fold2_train.txt", "audio/c.wav\ttrain\t\r\naudio/a.wav\tcafe/restaurant\r\n");
        folder.Write("evaluation_setup/fold2_test.txt", "audio/b.wav\naudio/gone.wav\n");
        folder.Write("meta.txt", "audio/gone.wav\ttram\n");
        folder.Found().ShouldBe(["audio/a.wav|cafe/restaurant|fold1=train;fold2=train", "audio/b.wav|train|fold1=train;fold2=test", "audio/c.wav|train|fold1=test;fold2=train"]);
        var list = folder.Find();
        list.Skipped.ShouldHaveSingleItem().Path.ShouldBe("audio/gone.wav");
        list.Unlisted.ShouldBe(["scenes_stereo/bus01.wav"]);
        Divisions.Parse(list.Files[0].Split).ShouldNotBeNull().Count.ShouldBe(2);
    }

    [Fact]
    public void Lists_of_one_division_name_plain_parts()
    {
        folder.Put("audio/a.wav", "audio/b.wav");
        folder.Write("evaluation_setup/train.txt", "audio/a.wav\tbus\n");
        folder.Write("evaluation_setup/evaluate.txt", "audio/b.wav\tbus\n");
        folder.Found().ShouldBe(["audio/a.wav|bus|train", "audio/b.wav|bus|test"]);
    }

    [Theory]
    [InlineData("../../etc/passwd\tbus\n", "Line 1")]
    [InlineData("/etc/passwd\tbus\n", "Line 1")]
    [InlineData("audio/a.wav\n", "gives audio/a.wav a label")]
    [InlineData("audio/a.wav\tbus\naudio/a.wav\ttube\n", "Line 2")]
    [InlineData("audio/a.wav\tbus\naudio/t.wav\tbus\n", "in another part of fold1")]
    [InlineData("", "is empty")]
    public void A_bad_list_is_wrong_use_and_says_where(string train, string message)
    {
        folder.Put("audio/a.wav", "audio/t.wav");
        folder.Write("evaluation_setup/fold1_train.txt", train);
        folder.Write("evaluation_setup/fold1_evaluate.txt", "audio/t.wav\tbus\n");
        var error = Should.Throw<UsageException>(() => folder.Find());
        error.Message.ShouldContain(message);
        error.Message.ShouldContain("fold1_");
    }
}
