using Duet.Data.Tables;
using Duet.Data.Tests.Store;
using Parquet;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Tables;

public sealed class LabelledClipTableTests
{
    private static readonly LabelledClip[] Rows =
    [
        new(2, "audio", new PseudoLabel("ab/0", "ab", 0, 1.25, "training", 7, 0.1f), "a, \"b\"/c\nd.mp4", "drum", "train"),
        new(2, "video", new PseudoLabel("cd/1", "cd", 1, 0.1, "validation", 0, 3), null, null, null),
    ];

    [Fact]
    public void CsvQuotesWhatNeedsItAndWritesNumbersThatReadBack()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "x.csv");

        LabelledClipTable.WriteCsv(path, Rows);

        File.ReadAllText(path).ShouldBe(
            "clip,video,number,start,part,iteration,features,cluster,distance,path,label,split\n"
            + "ab/0,ab,0,1.25,training,2,audio,7,0.1,\"a, \"\"b\"\"/c\nd.mp4\",drum,train\n"
            + "cd/1,cd,1,0.1,validation,2,video,0,3,,,\n");
    }

    [Fact]
    public async Task ParquetHasTheSameColumnsWithNullsForWhatIsMissing()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "x.parquet");

        LabelledClipTable.WriteParquet(path, Rows);

        using var table = ParquetTable.Open(path);
        table.Columns.ShouldBe(["clip", "video", "number", "start", "part", "iteration", "features", "cluster", "distance", "path", "label", "split"]);
        table.Texts(0, table.Find("clip")!).ShouldBe(["ab/0", "cd/1"]);
        table.Numbers<int>(0, table.Find("cluster")!).ShouldBe([7, 0]);
        table.Numbers<float>(0, table.Find("distance")!).ShouldBe([0.1f, 3f]);
        Should.Throw<TableException>(() => table.Texts(0, table.Find("label")!)).Message.ShouldContain("a value is missing");
        await using var stream = File.OpenRead(path);
        await using var reader = await ParquetReader.CreateAsync(stream);
        reader.CustomMetadata["duet.format"].ShouldBe("labelled_clips/1");
    }
}
