using System.Text;
using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Tests.Shared.Datasets;
using Duet.Tests.Shared.Fuzzing;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Datasets;

/// <summary>Damaged lists: a user's own, and those of every data set that has a layout. Only wrong use may come out, with exit code 2.</summary>
[Trait("Category", "Slow")]
public sealed class ListFuzzTests : IDisposable
{
    private static readonly byte[][] Words =
        [.. ",;\";\"\";\r\n;\n;\r;\t;\u00ef\u00bb\u00bf;\u0000;\u00ff\u00fe;path;label;split;fold1;split1=train;=;train;../;/etc/passwd;-1;99999999999999999999;1e400;NaN;#;\\;%;[;{".Split(';').Select(Encoding.Latin1.GetBytes), [(byte)';']];

    private readonly LayoutFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>A list of a gigabyte may be nothing but line breaks.</summary>
    [Fact]
    public void Empty_lines_cost_next_to_nothing()
    {
        var text = "path,label\n" + new string('\n', 1_000_000) + "a.mp4,b\n";
        CsvTable.Parse("x.csv", "path,label\n"); // what is compiled first counts for none
        var before = GC.GetAllocatedBytesForCurrentThread();
        var table = CsvTable.Parse("x.csv", text);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(16L * text.Length);
        table.Rows.Count.ShouldBe(1);
    }

    /// <summary>Lists of a data set come with it: their size is that of what they lead to, and what is no file is not opened.</summary>
    [Fact]
    public void A_list_that_is_a_link_has_the_size_of_its_target()
    {
        using (var large = File.Create(Path.Combine(folder.Root, "large")))
        {
            large.SetLength((1L << 30) + 1); // a hole: no disk is used
        }

        File.CreateSymbolicLink(Path.Combine(folder.Root, "a.csv"), "large");
        File.CreateSymbolicLink(Path.Combine(folder.Root, "b.csv"), "/dev/null");
        foreach (var read in new Action<string>[] { name => CsvTable.ReadText(Path.Combine(folder.Root, name)), name => ListFile.Lines(folder.Root, name).Count().ShouldBe(0) })
        {
            Should.Throw<UsageException>(() => read("a.csv")).Message.ShouldContain("it has 1,073,741,825 bytes, and such a file has at most");
            Should.Throw<UsageException>(() => read("b.csv")).Message.ShouldContain("it is a device, not a file");
        }
    }

    [Fact]
    public void Tables()
    {
        var sample = "path,label,split\r\n\"a,b.mp4\",\"so \"\"called\"\"\",split1=train;split2=test\nb.mp4,drum,fold1\n\nc.mp4,,"u8.ToArray();
        Fuzz("csv", 60_000, [sample], bytes =>
        {
            foreach (var (_, _, _, split) in CsvList.Read("x.csv", Encoding.UTF8.GetString(bytes)))
            {
                _ = Divisions.Parse(split);
            }
        });
    }

    [Fact]
    public void Lines()
    {
        var sample = "0 a.avi 1\n# comment\r\n-abc_, 0.5, 10.0, \"/m/09x0r,/t/dd\"\n\u00e9"u8.ToArray();
        Fuzz("list", 4_000, [sample], bytes =>
        {
            File.WriteAllBytes(Path.Combine(folder.Root, "x.csv"), bytes);
            foreach (var (line, text) in ListFile.Lines(folder.Root, "x.csv"))
            {
                ListFile.Fields(folder.Root, "x.csv", line, text).ShouldNotBeEmpty();
            }
        }, refused: 0.02, most: 256 << 10);
    }

    public static TheoryData<DatasetLayout, string> Lists => new()
    {
        { DatasetLayout.Esc50, "meta/esc50.csv" },
        { DatasetLayout.Esc10, "meta/esc50.csv" },
        { DatasetLayout.Ucf101, "ucfTrainTestlist/classInd.txt" },
        { DatasetLayout.Ucf101, "ucfTrainTestlist/trainlist02.txt" },
        { DatasetLayout.Ucf101, "ucfTrainTestlist/testlist01.txt" },
        { DatasetLayout.Hmdb51, "testTrainMulti_7030_splits/climb_test_split2.txt" },
        { DatasetLayout.Kinetics, "annotations/train.csv" },
        { DatasetLayout.Dcase2014, "evaluation_setup/fold1_train.txt" },
        { DatasetLayout.AudioSet, "balanced_train_segments.csv" },
        { DatasetLayout.AudioSet, "class_labels_indices.csv" },
        { DatasetLayout.AudioSet, "ontology.json" },
        { DatasetLayout.VggSound, "vggsound.csv" },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public void Layouts(DatasetLayout layout, string list)
    {
        Make(layout, list);
        var path = Path.Combine(folder.Root, list);
        File.Exists(path).ShouldBeTrue(string.Join('\n', Directory.GetFiles(folder.Root, "*.*", SearchOption.AllDirectories)));
        Fuzz($"layout-{layout}-{Path.GetFileNameWithoutExtension(list)}".ToLowerInvariant(), 300, [File.ReadAllBytes(path)], bytes =>
        {
            File.WriteAllBytes(path, bytes);
            folder.Find(layout).Files.ShouldAllBe(f => f.FullPath.StartsWith(folder.Root + Path.DirectorySeparatorChar, StringComparison.Ordinal));
        }, refused: 0.02, most: 2 << 20);
    }

    private static void Fuzz(string name, int inputs, byte[][] samples, Action<byte[]> read, double refused = 0.1, long most = 1 << 16) =>
        new MutationFuzzer(name, samples) { Words = Words, IsTyped = e => e is UsageException, AllocationLimit = length => most + (256L * length) }
            .Run(inputs, read).Checked(name, accepted: 0.004, refused: refused);

    private void Make(DatasetLayout layout, string list)
    {
        var options = new MiniatureOptions(Damaged: false);
        switch (layout)
        {
            case DatasetLayout.Ucf101:
                MiniatureUcf101.Make(folder.Root, options);
                break;
            case DatasetLayout.Hmdb51:
                MiniatureHmdb51.Make(folder.Root, options);
                break;
            case DatasetLayout.Kinetics:
                folder.Put("train/air drumming/-0_Lo-d20Ab_000059_000069.mp4", "val/abcdefghijk_000001_000011.mp4");
                folder.Write(list, "label,youtube_id,time_start,time_end,split,is_cc\n\"air drumming\",-0_Lo-d20Ab,59,69,train,0\ntestifying,abcdefghijk,1,11,validate,0\n");
                break;
            case DatasetLayout.Dcase2014:
                folder.Put("audio/bus01.wav", "audio/bus02.wav", "audio/tube01.wav");
                folder.Write(list, "audio/bus01.wav\tbus\naudio/tube01.wav\ttube\n");
                folder.Write("evaluation_setup/fold1_evaluate.txt", "audio/bus02.wav\tbus\n");
                break;
            case DatasetLayout.AudioSet:
                folder.Put("abcdefghijk_30000_40000.mp4", "-bcdefghijk.mp4");
                folder.Write("balanced_train_segments.csv", "# Segments csv\n# YTID, start_seconds, end_seconds, positive_labels\nabcdefghijk, 30.000, 40.000, \"/m/09x0r,/t/dd00088\"\n-bcdefghijk, 0.000, 10.000, \"/m/09x0r\"\n");
                if (list == "ontology.json")
                {
                    folder.Write(list, """[{"id": "/m/09x0r", "name": "Speech", "child_ids": []}, {"id": "/t/dd00088", "name": "Gargling \u00e9"}]""");
                }
                else
                {
                    folder.Write("class_labels_indices.csv", "index,mid,display_name\n0,/m/09x0r,\"Speech, loud\"\n1,/t/dd00088,Gargling\n");
                }

                break;
            case DatasetLayout.VggSound:
                folder.Put("video/abcdefghijk_000030.mp4", "video/-bcdefghijk_000001.mp4");
                folder.Write(list, "abcdefghijk,30,playing drum kit,train\n-bcdefghijk,1,\"people whistling, loudly\",test\n");
                break;
            default:
                folder.Put("audio/1-100032-A-0.wav", "audio/2-100038-A-14.wav");
                folder.Write(list, "filename,fold,target,category,esc10,src_file,take\n1-100032-A-0.wav,1,0,dog,True,100032,A\n2-100038-A-14.wav,2,14,chirping_birds,False,100038,A\n");
                break;
        }
    }
}
