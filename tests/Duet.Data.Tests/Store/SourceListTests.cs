using Duet.Data.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Store;

public sealed class SourceListTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("store")]
    [InlineData("store/")]
    public void A_folder_is_walked_without_the_store_and_without_other_files(string store)
    {
        foreach (var name in new[] { "b/-dash.mp4", "a/x.MKV", "a/notes.txt", "store/y.mp4", "list.csv" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
            File.WriteAllText(folder[name], "");
        }

        Directory.CreateSymbolicLink(folder["loop"], folder.Path);
        var list = SourceList.Find(folder.Path, folder[store], LabelSource.Folders, StoreStreams.Both);
        list.Files.Select(f => (f.Path, f.Label)).ShouldBe([("a/x.MKV", "a"), ("b/-dash.mp4", "b")]);
        list.OtherFiles.ShouldBe(new Dictionary<string, int> { [".csv"] = 1, [".txt"] = 1 }, ignoreOrder: true);
    }

    [Fact]
    public void Class_folders_in_folders_of_parts_bring_splits()
    {
        foreach (var name in new[] { "Train/cat/1.mp4", "val/cat/2.mp4", "test/deep/dog/3.mp4", "train/4.mp4", "other/dog/5.mp4" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
            File.WriteAllText(folder[name], "");
        }

        SourceList.Find(folder.Path, folder["s"], LabelSource.Folders, StoreStreams.Both).Files.Select(f => (f.Path, f.Label, f.Split)).ShouldBe(
            [("Train/cat/1.mp4", "cat", "train"), ("other/dog/5.mp4", "dog", null), ("test/deep/dog/3.mp4", "dog", "test"), ("train/4.mp4", "train", null), ("val/cat/2.mp4", "cat", "val")]);
        SourceList.Find(folder.Path, folder["s"], LabelSource.None, StoreStreams.Both).Files.ShouldAllBe(f => f.Label == null && f.Split == null);
    }

    [Fact]
    public void A_csv_list_brings_labels_and_splits_and_names_what_is_missing()
    {
        File.WriteAllText(folder["a,b.mp4"], "");
        File.WriteAllText(folder["list.csv"], "\uFEFFpath,label,split\r\n\"a,b.mp4\",\"say \"\"hi\"\"\",train\r\ngone.mp4,,\r\n\"a,b.mp4\",again,test\r\n");
        var list = SourceList.Find(folder["list.csv"], folder["store"], LabelSource.None, StoreStreams.Both);
        list.Files.ShouldHaveSingleItem().ShouldBe(new SourceFile(folder["a,b.mp4"], "a,b.mp4", "say \"hi\"", "train"));
        list.Skipped.ShouldHaveSingleItem().Detail.ShouldContain("line 3");
    }

    [Fact]
    public void A_text_list_is_relative_to_itself()
    {
        File.WriteAllText(folder["v.mp4"], "");
        File.WriteAllText(folder["list.txt"], "v.mp4\n\n");
        SourceList.Find(folder["list.txt"], folder["store"], LabelSource.None, StoreStreams.Both).Files.ShouldHaveSingleItem().FullPath.ShouldBe(folder["v.mp4"]);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("file,label\na,b\n", "no column named path")]
    [InlineData("path,label\na\n", "Line 2")]
    [InlineData("path\n\"a\n", "opens a double quote")]
    [InlineData("path,split\na,fold1\nb,split1=learn\n", "Line 3")]
    public void A_bad_list_says_what_is_wrong_and_where(string text, string message)
    {
        File.WriteAllText(folder["list.csv"], text);
        Should.Throw<UsageException>(() => SourceList.Find(folder["list.csv"], folder["store"], LabelSource.None, StoreStreams.Both)).Message.ShouldContain(message);
    }

    [Fact]
    public void Nothing_to_do_is_wrong_use()
    {
        Should.Throw<UsageException>(() => SourceList.Find(folder.Path, folder["s"], LabelSource.None, StoreStreams.Both)).Message.ShouldContain("empty");
        Should.Throw<UsageException>(() => SourceList.Find(folder["none"], folder["s"], LabelSource.None, StoreStreams.Both)).ExitCode.ShouldBe(2);
    }
}
