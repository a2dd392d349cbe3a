using Duet.Data.Tables;
using Duet.Data.Tests.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Tables;

public sealed class FeaturePartsTests
{
    [Theory]
    [InlineData("part-00000.parquet", true)]
    [InlineData("part-123456.parquet", true)]
    [InlineData("part-0.parquet", false)]
    [InlineData("part--0001.parquet", false)]
    [InlineData("part-00001.csv", false)]
    [InlineData("part-.parquet", false)]
    [InlineData("parts-00001.parquet", false)]
    public void Names_of_parts(string name, bool part) => FeatureParts.IsPart(name).ShouldBe(part);

    [Fact]
    public void A_folder_is_whole_where_every_part_is_there_once()
    {
        Should.NotThrow(() => Check((1, 3), (0, 3), (2, 3)));
        Should.NotThrow(() => FeatureParts.CheckWhole("f", [("a.parquet", new Dictionary<string, string>())]));
        Should.Throw<TableException>(() => Check((0, 3), (2, 3))).Message.ShouldContain("1 of 3 parts are missing, the first is part-00001.parquet");
        foreach (var wrong in new[] { new[] { (0, 2), (1, 3) }, [(0, 2), (0, 2)], [(2, 2), (0, 2)] })
        {
            Should.Throw<TableException>(() => Check(wrong)).Message.ShouldContain("parts of several tables");
        }

        Should.Throw<TableException>(() => FeatureParts.CheckWhole("f", [
            ("part-00000.parquet", new Dictionary<string, string> { [FeatureParts.PartKey] = "0", [FeatureParts.PartsKey] = "1" }),
            ("mine.parquet", new Dictionary<string, string>())])).Message.ShouldContain("'mine.parquet' does not belong");

        static void Check(params (int Part, int Of)[] parts) => FeatureParts.CheckWhole("f", [.. parts.Select(p => (
            FeatureParts.FileName(p.Part),
            (IReadOnlyDictionary<string, string>)new Dictionary<string, string> { [FeatureParts.PartKey] = $"{p.Part}", [FeatureParts.PartsKey] = $"{p.Of}" }))]);
    }

    [Fact]
    public void The_files_of_a_folder_come_in_order_without_hidden_ones()
    {
        using var folder = new TemporaryFolder();
        Should.Throw<TableException>(() => FeatureParts.FilesOf(folder.Path)).Message.ShouldContain("no .parquet file");
        foreach (var name in new[] { "b.parquet", "a.parquet", ".a.parquet.0.tmp", ".x.parquet", "c.csv" })
        {
            File.WriteAllText(folder[name], "");
        }

        FeatureParts.FilesOf(folder.Path).ShouldBe([folder["a.parquet"], folder["b.parquet"]]);
        FeatureParts.FilesOf(folder["b.parquet"]).ShouldBe([folder["b.parquet"]]);
    }

    [Fact]
    public void A_checksum_sees_every_field_and_order_but_no_blocks()
    {
        FeatureRow[] rows = [new("a/0", "a", 0, "video", "conv5"), new("a/1", "a", 0.5, "video", "conv5")];
        float[] values = [1, 2, 3, 4];
        var sum = Of(new FeatureBlock(rows, 2, values));
        Of(new FeatureBlock(rows[..1], 2, values.AsMemory(0, 2)), new FeatureBlock(rows[1..], 2, values.AsMemory(2))).ShouldBe(sum);
        string[] others =
        [
            Of(new FeatureBlock([rows[1], rows[0]], 2, values)),
            Of(new FeatureBlock(rows, 2, new float[] { 1, 2, 4, 3 })),
            Of(new FeatureBlock(rows[..1], 2, values.AsMemory(0, 2))),
            .. new[] { rows[0] with { Clip = "a/2" }, rows[0] with { Video = "b" }, rows[0] with { Start = 1 }, rows[0] with { Modality = "audio" }, rows[0] with { Layer = "conv4" } }
                .Select(r => Of(new FeatureBlock([r, rows[1]], 2, values))),
        ];
        others.Append(sum).Distinct().Count().ShouldBe(9);
    }

    private static string Of(params FeatureBlock[] blocks)
    {
        using var sum = new FeatureChecksum();
        foreach (var block in blocks)
        {
            sum.Add(block);
        }

        return sum.Current();
    }
}
