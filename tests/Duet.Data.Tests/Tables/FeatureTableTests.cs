using Duet.Data.Tables;
using Duet.Data.Tests.Store;
using Parquet;
using Parquet.Schema;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Tables;

public sealed class FeatureTableTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(50, 3)]
    [InlineData(9000, 512)] // two row groups
    public void What_is_written_is_read(int count, int dimension)
    {
        Write(folder["f.parquet"], count, dimension);
        using var reader = FeatureTableReader.Open(folder["f.parquet"]);
        reader.Rows.ShouldBe(count);
        reader.Metadata["duet.format"].ShouldBe("features/1");
        reader.Metadata["duet.run"].ShouldBe("mine");
        var at = 0;
        foreach (var block in reader.Read())
        {
            block.Dimension.ShouldBe(dimension);
            for (var i = 0; i < block.Rows.Count; i++, at++)
            {
                block.Rows[i].ShouldBe(Row(at));
                block.Values.Slice(i * dimension, dimension).ToArray().ShouldBe(Values(at, dimension));
            }
        }

        at.ShouldBe(count);
    }

    [Fact]
    public void Rows_of_another_length_are_told_by_number()
    {
        WriteRaw(folder["f.parquet"], [.. Enumerable.Repeat(0, 6).Select((_, i) => i == 4 ? new float?[] { 1, 2 } : [1, 2, 3])]);
        var error = Should.Throw<TableException>(() => ReadAll(folder["f.parquet"]));
        error.Message.ShouldContain("row group 0, column 'feature': row 4 has 2 values, where the rows before have 3");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Missing_values_are_told(bool whole)
    {
        WriteRaw(folder["f.parquet"], [[1, 2], whole ? [] : [1, null], [3, 4]]);
        Should.Throw<TableException>(() => ReadAll(folder["f.parquet"])).Message.ShouldContain("row 1");
    }

    [Fact]
    public void A_file_without_features_says_what_it_has()
    {
        PseudoLabelTable.Write(folder["l.parquet"], new Dictionary<string, string>(), [new PseudoLabel("a/0", "a", 0, 0, "training", 0, 1)]);
        Should.Throw<TableException>(() => FeatureTableReader.Open(folder["l.parquet"])).Message.ShouldContain("no column 'feature' (a list of floats per row). Its columns: clip, video");
    }

    [Fact]
    public void Blocks_that_dont_fit_are_refused()
    {
        var block = new FeatureBlock([Row(0), Row(1)], 3, new float[5]);
        Should.Throw<ArgumentException>(() => FeatureTableWriter.Write(folder["f.parquet"], new Dictionary<string, string>(), [block]));
        File.Exists(folder["f.parquet"]).ShouldBeFalse();
    }

    [Fact]
    public void Whatever_a_damaged_file_holds_it_is_a_table_or_one_kind_of_error()
    {
        Write(folder["good.parquet"], 30, 4);
        DamagedFiles.Try(File.ReadAllBytes(folder["good.parquet"]), folder["bad.parquet"], ReadAll).ShouldBeGreaterThan(100);
    }

    internal static void Write(string path, int count, int dimension)
    {
        var blocks = Enumerable.Range(0, count).Chunk(10_000).Select(c =>
            new FeatureBlock([.. c.Select(Row)], dimension, c.SelectMany(i => Values(i, dimension)).ToArray()));
        FeatureTableWriter.Write(path, new Dictionary<string, string> { ["duet.run"] = "mine" }, blocks);
    }

    private static FeatureRow Row(int i) => new($"clip/{i}", $"clip{i / 2}", i / 4.0, "audio", "conv5");

    private static float[] Values(int row, int dimension) => [.. Enumerable.Range(0, dimension).Select(c => MathF.Sin((row * 31) + c))];

    private static void ReadAll(string path)
    {
        using var reader = FeatureTableReader.Open(path);
        foreach (var block in reader.Read())
        {
            block.Values.Length.ShouldBe(block.Rows.Count * block.Dimension);
        }
    }

    /// <summary>As another program may write it: everything optional.</summary>
    internal static void WriteRaw(string path, float?[][] rows, CompressionMethod method = CompressionMethod.Snappy)
    {
        var clip = new DataField<string>("clip");
        var list = new ListField("feature", new DataField<float>("element", nullable: true));
        var schema = new ParquetSchema(clip, list);
        var item = schema.FindDataField(list.Item.Path);
        var full = item.MaxDefinitionLevel;
        var values = rows.SelectMany(r => r).Where(v => v is not null).Select(v => v!.Value).ToArray();
        int[] defined = [.. rows.SelectMany(r => r.Length == 0 ? [full - 2] : r.Select(v => v is null ? full - 1 : full))];
        int[] repeated = [.. rows.SelectMany(r => r.Length == 0 ? [0] : r.Select((_, i) => i == 0 ? 0 : 1))];
        WriteAsync().GetAwaiter().GetResult();

        async Task WriteAsync()
        {
            await using var stream = File.Create(path);
            await using var writer = await ParquetWriter.CreateAsync(schema, stream, new ParquetOptions { CompressionMethod = method });
            using var group = writer.CreateRowGroup();
            await group.WriteAsync(clip, [.. rows.Select((_, i) => $"c{i}")]);
            await group.WriteAllPartsAsync<float>(item, values, defined, repeated, CancellationToken.None);
            group.CompleteValidate();
        }
    }
}
