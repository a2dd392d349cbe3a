using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Data.Tests.Store;
using Duet.Tests.Shared.Datasets;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Datasets;

/// <summary>What every layout has in common, on miniatures with the real lists' quirks.</summary>
public sealed class LayoutTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(nameof(DatasetLayout.Ucf101), StoreStreams.Video)]
    [InlineData(nameof(DatasetLayout.Hmdb51), StoreStreams.Video)]
    [InlineData(nameof(DatasetLayout.Dcase2014), StoreStreams.Audio)]
    [InlineData(nameof(DatasetLayout.Kinetics), StoreStreams.Both)]
    public void A_data_set_is_recognised_and_read_as_it_is_distributed(string name, StoreStreams streams)
    {
        var layout = Enum.Parse<DatasetLayout>(name);
        var tree = Make(layout, folder["d"]);
        foreach (var asked in new[] { DatasetLayout.Auto, layout })
        {
            var list = Find(asked);
            list.Files.Where(f => !tree.Broken.Contains(f.Path)).Select(f => (f.Path, f.Label, f.Split)).ShouldBe(tree.Expected.Select(e => (e.Key, e.Value.Label, e.Value.Split)));
            list.Files.ShouldAllBe(f => f.FullPath == folder["d", f.Path]);
            list.Files.Count.ShouldBe(tree.Expected.Count + tree.Broken.Count);
            list.Skipped.Select(s => s.Path).ShouldBe(tree.Missing);
            (list.Missing, list.Unnamed).ShouldBe((tree.Missing.Count, 0));
            list.Unlisted.ShouldBe(tree.Unlisted, ignoreOrder: true);
            list.NaturalStreams.ShouldBe(streams);
        }
    }

    [Theory]
    [InlineData(nameof(DatasetLayout.Ucf101), "ucfTrainTestlist")]
    [InlineData(nameof(DatasetLayout.Hmdb51), "testTrainMulti_7030_splits")]
    [InlineData(nameof(DatasetLayout.Dcase2014), "scenes_stereo")]
    [InlineData(nameof(DatasetLayout.Kinetics), "label,youtube_id,time_start,time_end,split")]
    [InlineData(nameof(DatasetLayout.AudioSet), "balanced_train_segments.csv")]
    [InlineData(nameof(DatasetLayout.VggSound), "vggsound.csv")]
    public void A_folder_without_the_layout_that_was_asked_for_says_which_folder_to_name(string name, string wanted)
    {
        Directory.CreateDirectory(folder["d"]);
        var error = Should.Throw<UsageException>(() => Find(Enum.Parse<DatasetLayout>(name)));
        error.Message.ShouldContain($"--layout {name.ToLowerInvariant()}: ");
        error.Message.ShouldContain(wanted);
        Should.Throw<UsageException>(() => DatasetLayouts.Find(folder["gone"], folder["store"], Enum.Parse<DatasetLayout>(name), LabelSource.None, null)).Message.ShouldContain(wanted);
    }

    [Fact]
    public void A_data_set_without_its_videos_says_so()
    {
        MiniatureUcf101.Make(folder["d"], new MiniatureOptions());
        Directory.Delete(folder["d", "UCF-101"], recursive: true);
        Should.Throw<UsageException>(() => Find(DatasetLayout.Auto)).Message.ShouldContain("None of the 20 files of UCF101");
    }

    [Fact]
    public void Linked_folders_are_followed_once_and_a_store_inside_is_not_looked_at()
    {
        MiniatureUcf101.Make(folder["elsewhere"], new MiniatureOptions(Damaged: false));
        Directory.CreateDirectory(folder["d"]);
        Directory.CreateSymbolicLink(folder["d", "ucfTrainTestlist"], folder["elsewhere", "ucfTrainTestlist"]);
        Directory.CreateSymbolicLink(folder["d", "UCF-101"], folder["elsewhere", "UCF-101"]);
        Directory.CreateSymbolicLink(folder["elsewhere", "UCF-101", "loop"], folder["elsewhere", "UCF-101"]);
        Directory.CreateSymbolicLink(folder["d", "back"], folder["d"]);
        Directory.CreateDirectory(folder["d", "store"]);
        File.WriteAllText(folder["d", "store", "v_YoYo_g09_c01.avi"], "");
        File.WriteAllText(folder["d", "._hidden.avi"], "");
        var list = DatasetLayouts.Find(folder["d"], folder["d", "store"], DatasetLayout.Auto, LabelSource.None, null);
        (list.Files.Count, list.Skipped.Count).ShouldBe((18, 0));
        list.Unlisted.ShouldAllBe(path => path.StartsWith("UCF-101/loop/", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_very_many_missing_files_the_first_are_named_and_all_are_counted()
    {
        Directory.CreateDirectory(folder["d"]);
        File.WriteAllText(folder["d", "00000000000_000000.mp4"], "");
        File.WriteAllLines(folder["d", "vggsound.csv"], Enumerable.Range(0, 12_000).Select(i => $"{i:00000000000},0,\"dog, barking\",train"));
        var list = Find(DatasetLayout.Auto);
        (list.Files.Count, list.Missing, list.Skipped.Count, list.Unnamed).ShouldBe((1, 11_999, 10_000, 1_999));
    }

    private static Miniature Make(DatasetLayout layout, string root) => layout switch
    {
        DatasetLayout.Ucf101 => MiniatureUcf101.Make(root, new MiniatureOptions()),
        DatasetLayout.Hmdb51 => MiniatureHmdb51.Make(root, new MiniatureOptions()),
        DatasetLayout.Dcase2014 => MiniatureDcase2014.Make(root, new MiniatureOptions()),
        _ => MiniatureKinetics.Make(root, new MiniatureOptions()),
    };

    private SourceList Find(DatasetLayout layout) => DatasetLayouts.Find(folder["d"], folder["store"], layout, LabelSource.None, null);
}
