using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Data.Tests.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Datasets;

public sealed class Esc50LayoutTests : IDisposable
{
    private const string Header = "filename,fold,target,category,esc10,src_file,take\n";

    private readonly TemporaryFolder folder = new();

    public Esc50LayoutTests()
    {
        Directory.CreateDirectory(folder["d", "meta"]);
        Directory.CreateDirectory(folder["d", "audio"]);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Labels_folds_missing_and_unlisted_files_are_as_the_data_set_has_them()
    {
        TestVideos.Ffmpeg("-f", "lavfi", "-i", "sine=f=300:r=44100:d=5", folder["d", "audio", "1-1-A-0.wav"]);
        TestVideos.Ffmpeg("-f", "lavfi", "-i", "anullsrc=r=44100:cl=mono:d=5", folder["d", "audio", "5-2-A-10.wav"]);
        TestVideos.Ffmpeg("-f", "lavfi", "-i", "sine=f=500:r=44100:d=5", folder["d", "audio", "extra.wav"]);
        List("1-1-A-0.wav,1,0,dog,True,1,A\r\n5-2-A-10.wav,5,10,rain,False,2,A\r\n2-3-B-0.wav,2,0,dog,True,3,B\r\n");

        var summary = await IngestAsync(DatasetLayout.Auto);
        (summary.Ready, summary.Streams, summary.Layout).ShouldBe((2, StoreStreams.Audio, "ESC-50 by meta/esc50.csv: a label is a category, a split a fold"));
        summary.Unlisted.ShouldBe(["audio/extra.wav"]);
        summary.Quarantined.ShouldHaveSingleItem().ShouldBe(
            new QuarantinedSource("audio/2-3-B-0.wav", QuarantineReason.Unreadable, "line 4 of meta/esc50.csv names it, but it is not there"));
        using var store = VideoStore.Open(folder["store"]);
        store.Videos.Select(v => (v.SourcePath, v.Label, v.Split)).ShouldBe( // the silent one too: the protocol counts it
            [("audio/1-1-A-0.wav", "dog", "fold1"), ("audio/5-2-A-10.wav", "rain", "fold5")], ignoreOrder: true);
    }

    [Fact]
    public void Esc10_is_what_the_list_marks()
    {
        File.WriteAllText(folder["d", "audio", "a.wav"], "");
        File.WriteAllText(folder["d", "audio", "b.wav"], "");
        List("a.wav,1,0,dog,True,1,A\nb.wav,2,1,cat,False,2,A\n");
        Find(DatasetLayout.Esc10).Files.ShouldHaveSingleItem().Path.ShouldBe("audio/a.wav");
        Find(DatasetLayout.Esc10).Unlisted.ShouldBe(["audio/b.wav"]);
        Find(DatasetLayout.Esc50).Files.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("../../etc/passwd,1,0,dog,True,1,A\n", "Line 2")]
    [InlineData("a.wav,0,0,dog,True,1,A\n", "fold '0'")]
    [InlineData("a.wav,1,0,,True,1,A\n", "no category")]
    [InlineData("a.wav,1,0,dog,yes,1,A\n", "esc10 is 'yes'")]
    [InlineData("a.wav,1,0,dog,True,1,A\na.wav,2,0,dog,True,1,A\n", "again, after line 2")]
    [InlineData("gone.wav,1,0,dog,True,1,A\n", "None of the 1 files")]
    public void A_bad_list_is_wrong_use_and_says_where(string rows, string message)
    {
        File.WriteAllText(folder["d", "audio", "a.wav"], "");
        List(rows);
        Should.Throw<UsageException>(() => Find(DatasetLayout.Auto)).Message.ShouldContain(message);
    }

    [Fact]
    public void A_layout_that_the_source_does_not_have_is_wrong_use()
    {
        Should.Throw<UsageException>(() => Find(DatasetLayout.Esc50)).Message.ShouldContain("meta/esc50.csv");
        Should.Throw<UsageException>(() => Find(DatasetLayout.List)).Message.ShouldContain("--layout list");
        Should.Throw<UsageException>(() => DatasetLayouts.Find(folder["none"], folder["store"], DatasetLayout.Folder, LabelSource.None, null)).Message.ShouldContain("--layout folder");
        File.WriteAllText(folder["d", "meta", "esc50.csv"], "filename,fold\na.wav,1\n");
        Should.Throw<UsageException>(() => Find(DatasetLayout.Auto)).Message.ShouldContain("no column named category");
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void The_real_recordings_have_ten_classes_in_each_fold()
    {
        var real = Path.Combine(RealData.Folder, "esc10");
        Assert.SkipUnless(Directory.Exists(real), "the real recordings are not here; set DUET_TEST_DATA to their folder");
        var list = DatasetLayouts.Find(real, folder["store"], DatasetLayout.Auto, LabelSource.None, null);
        (list.Files.Count, list.Skipped.Count, list.Unlisted.Count, list.NaturalStreams).ShouldBe((320, 0, 0, StoreStreams.Audio));
        list.Files.GroupBy(f => (f.Split, f.Label)).Select(g => g.Count()).ShouldBe(Enumerable.Repeat(8, 40));
    }

    private void List(string rows) => File.WriteAllText(folder["d", "meta", "esc50.csv"], Header + rows);

    private SourceList Find(DatasetLayout layout) => DatasetLayouts.Find(folder["d"], folder["store"], layout, LabelSource.None, null);

    private Task<IngestSummary> IngestAsync(DatasetLayout layout) => StoreIngest.RunAsync(
        new IngestOptions { Source = folder["d"], Store = folder["store"], Layout = layout }, null, TestContext.Current.CancellationToken);
}
